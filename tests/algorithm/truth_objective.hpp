//! An objective of truth values and real numbers whose gradients are small integers, so that sums are exact.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <frugal/concepts.hpp>

namespace test {

//! Its linear loss has the gradient (client * 7 + 3 j) mod 5 - 2 in coordinate j.
struct truth_objective {
    std::size_t client = 0;
    frugal::tensor_layout tensors{};

    explicit truth_objective(std::size_t number, std::size_t booleans = 20, std::size_t reals = 3) : client(number) {
        tensors.add("a", {booleans / 2}, frugal::value_kind::boolean).add("head", {reals});
        tensors.add("b", {booleans - booleans / 2}, frugal::value_kind::boolean);
    }
    std::size_t dimension() const { return tensors.size(); }
    const frugal::tensor_layout& layout() const { return tensors; }
    double value_and_gradient(std::span<const float> w, frugal::sample_indices, std::span<float> g) const {
        double loss = 0;
        for (std::size_t j = 0; j < w.size(); ++j) {
            g[j] = static_cast<float>((client * 7 + 3 * j) % 5) - 2;
            loss += double(g[j]) * double(w[j]);
        }
        return loss;
    }
};

//! All parameters +1.
inline std::vector<float> all_true(const truth_objective& f) {
    return std::vector<float>(f.dimension(), 1.0f);
}

}  // namespace test
