//! Tests of a gradient against finite differences.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frugal/concepts.hpp>
#include <frugal/core/random.hpp>

namespace test {

//! Elements [0, n) of a normal stream, times `scale`.
inline std::vector<float> normals(std::size_t n, std::uint64_t seed, float scale = 1) {
    const frugal::random_stream stream({seed, 0, 0, frugal::purposes::user});
    std::vector<float> x(n);
    for (std::size_t i = 0; i < n; ++i) {
        x[i] = scale * stream.normal(i);
    }
    return x;
}

//! Largest difference between the gradient of f and central differences of `reference`, the same function in double,
//! over the coordinates 0, stride, 2 stride, ..., relative to the largest element of the gradient.
template <class F, class Reference>
double gradient_error(F& f, const Reference& reference, std::span<const float> w, frugal::sample_indices batch,
                      std::size_t stride = 1) {
    std::vector<float> g(w.size(), NAN);
    f.value_and_gradient(w, batch, g);
    std::vector<double> x(w.begin(), w.end());
    double largest = 0;
    double error = 0;
    for (std::size_t j = 0; j < w.size(); j += stride) {
        const double h = 1e-5;
        const double at = x[j];
        x[j] = at + h;
        const double up = reference(x);
        x[j] = at - h;
        const double down = reference(x);
        x[j] = at;
        const double slope = (up - down) / (2 * h);
        error = std::max(error, std::fabs(slope - static_cast<double>(g[j])));
        largest = std::max(largest, std::fabs(slope));
    }
    return error / largest;
}

}  // namespace test
