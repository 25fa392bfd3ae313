//! Networks with random parameters, and what the textbook says they answer.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include <frugal/boolean/network.hpp>
#include <frugal/core/random.hpp>

namespace test {

inline frugal::random_stream parameters_of(std::uint64_t seed) {
    return frugal::random_stream({.seed = seed, .purpose = frugal::purposes::user});
}

inline std::vector<float> normal_values(std::size_t n, std::uint64_t seed) {
    const auto stream = parameters_of(seed);
    std::vector<float> x(n);
    for (std::size_t i = 0; i < n; ++i) {
        x[i] = stream.normal(i);
    }
    return x;
}

inline frugal::threshold_stage random_threshold(std::size_t width, std::uint64_t seed) {
    return {normal_values(width, seed)};
}
inline frugal::real_stage random_real(std::size_t inputs, std::size_t outputs, std::uint64_t seed) {
    return {inputs, normal_values(inputs * outputs, seed), normal_values(outputs, seed + 1)};
}
inline frugal::boolean_stage random_sums(std::size_t inputs, std::size_t outputs, std::uint64_t seed) {
    const auto stream = parameters_of(seed);
    frugal::boolean_stage s{frugal::bit_matrix(outputs, inputs), {}, {}};
    for (std::size_t j = 0; j < outputs; ++j) {
        for (std::size_t i = 0; i < inputs; ++i) {
            s.weight.set(j, i, stream.word(j * inputs + i) % 2 == 1);
        }
    }
    return s;
}
inline frugal::boolean_stage random_boolean(std::size_t inputs, std::size_t outputs, std::uint64_t seed) {
    const auto stream = parameters_of(seed + 1);
    frugal::boolean_stage s = random_sums(inputs, outputs, seed);
    s.flip = frugal::bit_vector(outputs);
    for (std::size_t j = 0; j < outputs; ++j) {
        s.threshold.push_back(static_cast<std::int32_t>(stream.below(9, 2 * j)) - 4);
        s.flip.set(j, stream.word(2 * j + 1) % 4 == 0);
    }
    return s;
}

inline frugal::convolution_stage random_convolution(const frugal::unfolding& images, std::size_t filters, bool bits,
                                                    std::uint64_t seed) {
    frugal::boolean_stage weights = random_boolean(images.patch(), filters, seed);
    if (!bits) {
        return {images, std::move(weights.weight), {}, {}};
    }
    return {images, std::move(weights.weight), std::move(weights.threshold), std::move(weights.flip)};
}

inline frugal::normalization_stage random_normalization(std::size_t width, std::uint64_t seed) {
    return {.epsilon = 1e-5f, .scale = normal_values(width, seed), .shift = normal_values(width, seed + 1)};
}

//! Bits in, real last layer.
inline frugal::boolean_network bit_network(std::size_t inputs, std::size_t hidden, std::size_t classes,
                                           std::uint64_t seed) {
    return {{random_threshold(inputs, seed), random_boolean(inputs, hidden, seed + 10),
             random_boolean(hidden, hidden, seed + 20), random_real(hidden, classes, seed + 30)}};
}
//! Real first layer, Boolean ones, their last sums as scores.
inline frugal::boolean_network real_network(std::size_t inputs, std::size_t hidden, std::size_t classes,
                                            std::uint64_t seed) {
    return {{random_real(inputs, hidden, seed), random_threshold(hidden, seed + 10),
             random_boolean(hidden, hidden, seed + 20), random_sums(hidden, classes, seed + 30)}};
}

//! Sums normalised before they become bits.
inline frugal::boolean_network normalized_network(std::size_t inputs, std::size_t hidden, std::size_t classes,
                                                  std::uint64_t seed) {
    return {{random_threshold(inputs, seed), random_sums(inputs, hidden, seed + 10),
             random_normalization(hidden, seed + 20), random_threshold(hidden, seed + 30),
             random_real(hidden, classes, seed + 40)}};
}

//! Images of 2 x 7 x 5 through a padded convolution to bits and a strided one to sums.
inline frugal::boolean_network convolution_network(std::size_t filters, std::size_t classes, std::uint64_t seed) {
    const frugal::unfolding first{.channels = 2, .rows = 7, .columns = 5, .kernel = 3, .stride = 1, .padding = 1};
    const frugal::unfolding second{
        .channels = filters, .rows = 7, .columns = 5, .kernel = 2, .stride = 2, .padding = 0};
    const auto sums = random_convolution(second, 4, false, seed + 20);
    return {{random_threshold(70, seed), random_convolution(first, filters, true, seed + 10), sums,
             random_real(sums.outputs(), classes, seed + 30)}};
}

//! The same with overlapping windows of its bits before the last layer.
inline frugal::boolean_network pooled_network(std::size_t filters, std::size_t classes, std::uint64_t seed) {
    const frugal::unfolding images{.channels = 2, .rows = 7, .columns = 5, .kernel = 3, .stride = 1, .padding = 1};
    const frugal::pooling_stage pooling{
        {.channels = filters, .rows = 7, .columns = 5, .kernel = 3, .stride = 2, .padding = 0}};
    return {{random_threshold(70, seed), random_convolution(images, filters, true, seed + 10), pooling,
             random_real(pooling.outputs(), classes, seed + 30)}};
}

//! s_f(r, c) of values -1 and +1, -1 outside the image.
inline std::vector<double> textbook_sums(const frugal::convolution_stage& s, const std::vector<double>& x) {
    const frugal::unfolding& u = s.images;
    std::vector<double> y;
    for (std::size_t f = 0; f < s.weight.rows(); ++f) {
        for (std::size_t p = 0; p < u.places(); ++p) {
            double sum = 0;
            for (std::size_t t = 0; t < u.patch(); ++t) {
                const std::size_t row = p / u.output_columns() * u.stride + t / u.kernel % u.kernel;
                const std::size_t column = p % u.output_columns() * u.stride + t % u.kernel;
                const bool inside = row >= u.padding && row < u.rows + u.padding && column >= u.padding &&
                                    column < u.columns + u.padding;
                const std::size_t line = t / (u.kernel * u.kernel) * u.rows + row - u.padding;
                const double value = inside ? x[line * u.columns + column - u.padding] : -1;
                sum += s.weight(f, t) ? value : -value;
            }
            y.push_back(sum);
        }
    }
    return y;
}

//! One sample through one stage after the other; bits are -1 and +1.
inline std::vector<double> textbook_scores(const frugal::boolean_network& network, std::vector<double> x) {
    for (const frugal::network_stage& stage : network.stages) {
        std::vector<double> y(frugal::boolean_network::outputs_of(stage));
        const double mean = std::accumulate(x.begin(), x.end(), 0.0) / double(x.size());
        double variance = 0;
        for (const double v : x) {
            variance += (v - mean) * (v - mean) / double(x.size());
        }
        for (std::size_t j = 0; j < y.size(); ++j) {
            if (const auto* t = std::get_if<frugal::threshold_stage>(&stage)) {
                y[j] = x[j] >= double(t->level[j]) ? 1 : -1;
            } else if (const auto* r = std::get_if<frugal::real_stage>(&stage)) {
                y[j] = double(r->bias[j]);
                for (std::size_t i = 0; i < x.size(); ++i) {
                    y[j] += double(r->weight[j * x.size() + i]) * x[i];
                }
                y[j] = double(float(y[j]));
            } else if (const auto* n = std::get_if<frugal::normalization_stage>(&stage)) {
                y[j] = (x[j] - mean) / std::sqrt(variance + double(n->epsilon)) * double(n->scale[j]) +
                       double(n->shift[j]);
            } else if (const auto* c = std::get_if<frugal::convolution_stage>(&stage)) {
                const std::size_t filter = j / c->images.places();
                y[j] = textbook_sums(*c, x)[j];
                if (c->has_threshold()) {
                    y[j] = (y[j] >= c->threshold[filter]) != c->flip[filter] ? 1 : -1;
                }
            } else if (const auto* pooling = std::get_if<frugal::pooling_stage>(&stage)) {
                const frugal::unfolding& u = pooling->images;
                const std::size_t channel = j / u.places(), place = j % u.places();
                y[j] = -1;
                for (std::size_t v = 0; v < u.kernel * u.kernel; ++v) {
                    const std::size_t row = place / u.output_columns() * u.stride + v / u.kernel;
                    const std::size_t column = place % u.output_columns() * u.stride + v % u.kernel;
                    y[j] = std::max(y[j], x[(channel * u.rows + row) * u.columns + column]);
                }
            } else {
                const auto& b = std::get<frugal::boolean_stage>(stage);
                for (std::size_t i = 0; i < x.size(); ++i) {
                    y[j] += b.weight(j, i) ? x[i] : -x[i];
                }
                if (b.has_threshold()) {
                    y[j] = (y[j] >= b.threshold[j]) != b.flip[j] ? 1 : -1;
                }
            }
        }
        x = y;
    }
    return x;
}

}  // namespace test
