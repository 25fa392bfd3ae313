//! Nodes that only average, and what they should get.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <frugal/algorithm/decentralized.hpp>
#include <frugal/engine/tbb_engine.hpp>

#include "statistics.hpp"

namespace test {

using vectors = std::vector<std::vector<float>>;

//! n vectors of d normal elements.
inline vectors inputs_of(std::size_t n, std::size_t d, std::uint64_t seed = 1) {
    vectors all;
    for (std::size_t i = 0; i < n; ++i) {
        all.push_back(normal_vector(d, 1000 * seed + i));
    }
    return all;
}

//! What all nodes have after averaging so often by copies of `exchange`.
template <class E>
vectors averaged(const E& exchange, const vectors& inputs, std::uint64_t rounds = 1, std::size_t threads = 2) {
    using node = frugal::averaging_node<E>;
    frugal::population<node> nodes(inputs.size(), 7, [&](std::uint32_t i) { return node(exchange, inputs[i]); });
    frugal::run(frugal::tbb_engine{.threads = threads}, nodes, frugal::rounds{rounds});
    vectors result;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        const auto x = nodes[i].parameters();
        result.emplace_back(x.begin(), x.end());
    }
    return result;
}

//! The weighted mean of inputs[first], ... in double; weights of all inputs, or none.
inline std::vector<double> mean_of_inputs(const vectors& inputs, std::size_t first = 0,
                                          const std::vector<float>& weights = {}) {
    std::vector<double> mean(inputs[0].size());
    double total = 0;
    for (std::size_t i = first; i < inputs.size(); ++i) {
        const double w = weights.empty() ? 1.0 : double(weights[i]);
        total += w;
        for (std::size_t k = 0; k < mean.size(); ++k) {
            mean[k] += w * double(inputs[i][k]);
        }
    }
    for (double& m : mean) {
        m /= total;
    }
    return mean;
}

//! max |a_k - b_k|.
template <class A, class B>
double distance(const A& a, const B& b) {
    double largest = a.size() == b.size() ? 0 : HUGE_VAL;
    for (std::size_t k = 0; k < a.size() && k < b.size(); ++k) {
        largest = std::max(largest, std::fabs(double(a[k]) - double(b[k])));
    }
    return largest;
}

//! Do all nodes have the same bits?
inline bool all_equal(const vectors& x) {
    for (const auto& v : x) {
        if (v != x[0]) {
            return false;
        }
    }
    return true;
}

}  // namespace test
