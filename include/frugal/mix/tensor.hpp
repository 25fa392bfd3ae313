//! Mixing matrices as xtensor matrices. Opt-in (not in the umbrella header): xtensor takes seconds to compile.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <xtensor/xtensor.hpp>

#include <frugal/mix/mixing_matrix.hpp>

namespace frugal {

//! The n x n matrix of any MixingMatrix.
template <MixingMatrix W>
xt::xtensor<double, 2> to_tensor(const W& w) {
    xt::xtensor<double, 2> dense = xt::zeros<double>({w.size(), w.size()});
    for (std::size_t i = 0; i < w.size(); ++i) {
        for (const neighbor& e : w.neighbors(i)) {
            dense(i, e.node) = e.weight;
        }
    }
    return dense;
}

//! A mixing matrix from n x n weights, any expression of xtensor; throws `invalid_input` unless they are one (see
//! validate.hpp).
template <class Expression>
mixing_matrix from_tensor(const xt::xexpression<Expression>& weights, std::string name = "from_tensor") {
    const Expression& w = weights.derived_cast();
    expect(w.dimension() == 2 && w.shape(0) == w.shape(1), "a mixing matrix must be square");
    const std::vector<double> rows(w.template begin<xt::layout_type::row_major>(),
                                   w.template end<xt::layout_type::row_major>());
    return mixing_matrix::from_weights(std::move(name), w.shape(0), rows);
}

}  // namespace frugal
