//! What a layer computes of given numbers.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <frugal/core/random.hpp>
#include <frugal/model/layer.hpp>

namespace test {

inline std::vector<float> random_signs(std::size_t n, std::uint64_t seed) {
    const frugal::random_stream stream({.seed = seed, .purpose = frugal::purposes::user});
    std::vector<float> x(n);
    for (std::size_t i = 0; i < n; ++i) {
        x[i] = (stream.word(i) & 1u) != 0 ? 1.0f : -1.0f;
    }
    return x;
}

struct derivatives {
    std::vector<float> by_input, by_parameters;
};

template <frugal::Layer L>
std::vector<float> output_of(L layer, frugal::sample_shape shape, const std::vector<float>& parameters,
                             const std::vector<float>& input) {
    const std::size_t batch = input.size() / shape.size();
    std::vector<float> y(batch * layer.bind(shape).size(), NAN);
    std::vector<float> space(frugal::layer_traits<L>::workspace(layer, batch));
    layer.forward(frugal::forward_pass<float>{parameters, input, batch, y, space});
    return y;
}

//! by_parameters holds `before` beforehand: with beta = 1 the gradient is added to it.
template <frugal::Layer L>
derivatives derivatives_of(L layer, frugal::sample_shape shape, const std::vector<float>& parameters,
                           const std::vector<float>& input, const std::vector<float>& output_gradient, float beta = 0,
                           float before = NAN) {
    const std::size_t batch = input.size() / shape.size();
    layer.bind(shape);
    derivatives d{std::vector<float>(input.size(), NAN), std::vector<float>(parameters.size(), before)};
    std::vector<float> space(frugal::layer_traits<L>::workspace(layer, batch));
    const std::vector<float> y(output_gradient.size());
    layer.backward(frugal::backward_pass<float>{parameters, input, batch, y, output_gradient, d.by_input, beta,
                                                d.by_parameters, space});
    return d;
}

}  // namespace test
