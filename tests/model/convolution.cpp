#include <frugal/model/convolution.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include <frugal/compress/factored.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/quantize/dithered.hpp>

#include "catch.hpp"
#include "model/gradient_check.hpp"
#include "model/layers.hpp"
#include "statistics.hpp"

using namespace frugal;
using test::enough;
using test::output_of;

TEST_CASE("convolution: by hand", "[model][convolution]") {
    const std::vector<float> image{1, 2, 3, 4, 5, 6, 7, 8, 9};
    CHECK(output_of(convolution{.filters = 1, .kernel = 2}, {1, 3, 3}, {1, 0, 0, -1, 0.5f}, image) ==
          std::vector<float>{-3.5f, -3.5f, -3.5f, -3.5f});
    // Two filters of one pixel: the identity, and twice it plus one.
    CHECK(output_of(convolution{.filters = 2, .kernel = 1}, {1, 1, 2}, {1, 2, 0, 1}, {5, 6}) ==
          std::vector<float>{5, 6, 11, 13});
    // The sum of every 3 x 3 neighbourhood, zeros beyond the border.
    CHECK(output_of(convolution{.filters = 1, .kernel = 3, .stride = 1, .padding = 1}, {1, 3, 3},
                    {1, 1, 1, 1, 1, 1, 1, 1, 1, 0}, image) == std::vector<float>{12, 21, 16, 27, 45, 33, 24, 39, 28});
    // The same at every other pixel.
    CHECK(output_of(convolution{.filters = 1, .kernel = 3, .stride = 2, .padding = 1}, {1, 3, 3},
                    {1, 1, 1, 1, 1, 1, 1, 1, 1, 0}, image) == std::vector<float>{12, 16, 24, 28});
}

TEST_CASE("convolution: the sum over its definition, for many shapes", "[model][convolution]") {
    for (const std::size_t kernel : {1u, 2u, 3u, 5u}) {
        for (const std::size_t stride : {1u, 2u, 3u}) {
            for (std::size_t padding = 0; padding < kernel; ++padding) {
                const sample_shape in{2, 5, 7};
                test::layer_under_test t(
                    convolution{.filters = 3, .kernel = kernel, .stride = stride, .padding = padding}, in, 2);
                const std::size_t rows = (in.rows + 2 * padding - kernel) / stride + 1;
                const std::size_t columns = (in.columns + 2 * padding - kernel) / stride + 1;
                const auto y = t.output();
                REQUIRE(y.size() == 2 * 3 * rows * columns);
                double worst = 0;
                for (std::size_t i = 0; i < y.size(); ++i) {
                    const std::size_t c = i % columns, r = i / columns % rows, f = i / columns / rows % 3;
                    const std::size_t sample = i / columns / rows / 3;
                    double sum = t.parameters[3 * 2 * kernel * kernel + f];
                    for (std::size_t k = 0; k < 2; ++k) {
                        for (std::size_t a = 0; a < kernel; ++a) {
                            for (std::size_t b = 0; b < kernel; ++b) {
                                const std::size_t row = r * stride + a, column = c * stride + b;
                                if (row >= padding && row < in.rows + padding && column >= padding &&
                                    column < in.columns + padding) {
                                    sum += t.parameters[((f * 2 + k) * kernel + a) * kernel + b] *
                                           t.input[((sample * 2 + k) * in.rows + row - padding) * in.columns + column -
                                                   padding];
                                }
                            }
                        }
                    }
                    worst = std::max(worst, std::fabs(sum - y[i]));
                }
                CHECK(worst < 1e-12);
                CHECK(t.derivative_error() < enough);
            }
        }
    }
}

TEST_CASE("convolution: its factors multiply to the gradient, unfolded by the receiver", "[model][convolution]") {
    for (const auto& [kernel, stride, padding] :
         {std::array<std::size_t, 3>{3, 1, 1}, {3, 2, 1}, {1, 1, 0}, {2, 2, 0}, {5, 3, 4}}) {
        convolution c{.filters = 40, .kernel = kernel, .stride = stride, .padding = padding};
        const sample_shape image{30, 4, 5}, out = c.bind(image);
        const std::size_t samples = 2;
        tensor_layout layout;
        c.add_tensors(layout, "");
        std::vector<float> w(layout.size()), x(samples * image.size()), y(samples * out.size()), delta(y.size());
        const random_stream stream({.seed = 1});
        for (std::size_t i = 0; i < x.size(); ++i) {
            x[i] = stream.normal(i);
        }
        for (std::size_t i = 0; i < delta.size(); ++i) {
            delta[i] = stream.normal(10000 + i);
        }
        std::vector<float> g(w.size()), with(w.size(), 7.0f), space(c.workspace(samples));
        std::vector<float> before(x.size()), before_with(x.size());
        c.backward(backward_pass<float>{w, x, samples, y, delta, before, 0, g, space, nullptr});
        factor_record record;
        record.clear(samples, with.data());
        c.backward(backward_pass<float>{w, x, samples, y, delta, before_with, 0, with, space, &record});
        CHECK(before == before_with);
        const std::size_t weights = layout.tensor(0).size;
        CHECK(std::equal(g.begin() + std::ptrdiff_t(weights), g.end(), with.begin() + std::ptrdiff_t(weights)));
        const bool fewer = samples * (image.size() + out.size()) < weights;
        REQUIRE(record.has(0) == fewer);
        if (!fewer) {
            CHECK(with == g);
            continue;
        }
        CHECK(with[0] == 7.0f);
        const indirect plain{identity{}};
        message m;
        plain.compress(record.at(0), {}, m);
        CHECK(m.payload_bits() == 64 + 96 + 32 * samples * (image.size() + out.size()));
        std::vector<float> decoded(weights);
        plain.decompress(m, {}, decoded);
        double worst = 0;
        for (std::size_t i = 0; i < weights; ++i) {
            worst = std::max(worst, std::fabs(double(decoded[i]) - double(g[i])));
        }
        CHECK(worst < 1e-5);
    }
}

TEST_CASE("convolution: quantized factors are unbiased, and travel with other tensors",
          "[model][convolution][statistical]") {
    convolution c{.filters = 12, .kernel = 3, .stride = 1, .padding = 1};
    const sample_shape image{10, 2, 2}, out = c.bind(image);
    tensor_layout layout;
    c.add_tensors(layout, "");
    std::vector<float> w(layout.size()), x(image.size()), y(out.size()), delta(out.size()), g(w.size());
    std::vector<float> exact(w.size()), space(c.workspace(1));
    const random_stream stream({.seed = 2});
    for (std::size_t i = 0; i < x.size(); ++i) {
        x[i] = stream.normal(i);
    }
    for (std::size_t i = 0; i < delta.size(); ++i) {
        delta[i] = stream.normal(1000 + i);
    }
    c.backward(backward_pass<float>{w, x, 1, y, delta, {}, 0, exact, space, nullptr});
    factor_record record;
    record.clear(1, g.data());
    c.backward(backward_pass<float>{w, x, 1, y, delta, {}, 0, g, space, &record});
    REQUIRE(record.has(0));
    factored codec{layout, indirect{scalar_compressor{dithered{.levels = 2}}}};
    std::vector<test::moments> element(g.size());
    std::vector<float> decoded(g.size());
    message m;
    for (std::uint64_t t = 0; t < 2000; ++t) {
        codec.take(record);
        codec.compress(g, {.seed = 3, .round = t}, m);
        codec.decompress(m, {.seed = 3, .round = t}, decoded);
        for (std::size_t i = 0; i < g.size(); ++i) {
            element[i].add(double(decoded[i]));
        }
    }
    for (std::size_t i = 0; i < g.size(); ++i) {
        CHECK(std::fabs(element[i].mean() - double(exact[i])) < 4.5 * element[i].standard_error() + 1e-5);
    }
}
