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

//! A mixing matrix from n x n weights; throws `invalid_input` unless they are one (see validate.hpp).
inline mixing_matrix from_tensor(const xt::xtensor<double, 2>& weights, std::string name = "from_tensor") {
    expect(weights.shape(0) == weights.shape(1), "a mixing matrix must be square");
    const std::vector<double> rows(weights.cbegin<xt::layout_type::row_major>(),
                                   weights.cend<xt::layout_type::row_major>());
    return mixing_matrix::from_weights(std::move(name), weights.shape(0), rows);
}

}  // namespace frugal
