#include <frugal/compress/factored.hpp>

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include <frugal/compress/any_compressor.hpp>
#include <frugal/compress/coder/radix.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/quantize/dithered.hpp>

#include "catch.hpp"
#include "statistics.hpp"

using namespace frugal;

namespace {

auto dither(int levels) {
    return scalar_compressor{dithered{.levels = levels}, max_norm{}, radix{}};
}

static_assert(Compressor<factored<indirect<identity>>> && factored<indirect<identity>>::unbiased);
static_assert(!factored<indirect_mse<one_bit>>::unbiased);

//! A gradient of four tensors, 9 x 8, 9, 20 x 10 and 20, the matrices as factors of 3 samples.
struct fixture {
    tensor_layout layout;
    std::vector<float> x, d, g;
    factor_record record;

    fixture() {
        layout.add("a.weight", {9, 8}).add("a.bias", {9}).add("b.weight", {20, 2, 5}).add("b.bias", {20});
        g.assign(layout.size(), NAN);  // of matrices nobody reads it
        for (const std::size_t i : {1u, 3u}) {
            const auto values = test::normal_vector(layout.tensor(i).size, i);
            std::ranges::copy(values, layout.tensor(i).of(std::span<float>(g)).begin());
        }
        record.clear(3, g.data());
        x = test::normal_vector(3 * 18, 5);
        d = test::normal_vector(3 * 29, 6);
        const std::span<const float> xs(x), ds(d);
        record.take(&g[0], xs.first(3 * 8), ds.first(3 * 9));
        record.take(&g[81], xs.subspan(3 * 8), ds.subspan(3 * 9));
    }
    //! The whole gradient.
    std::vector<float> expected() const {
        std::vector<float> all(g);
        for (const std::size_t i : {0u, 2u}) {
            const named_tensor& t = layout.tensor(i);
            const factor_pair pair = record.at(t.offset);
            for (std::size_t e = 0; e < t.size; ++e) {
                double sum = 0;
                for (std::size_t s = 0; s < 3; ++s) {
                    sum += double(pair.errors[s * pair.shape().rows + e / pair.shape().columns]) *
                           double(pair.inputs[s * pair.shape().columns + e % pair.shape().columns]);
                }
                all[t.offset + e] = float(sum);
            }
        }
        return all;
    }
};

}  // namespace

TEST_CASE("factored: decodes to the whole gradient, the bits those of its parts", "[compress][factored][exact]") {
    const fixture f;
    factored c{f.layout, indirect{identity{}}};
    message m;
    c.take(f.record);
    c.compress(f.g, {.seed = 1}, m);
    std::vector<float> y(f.g.size(), 3.0f), twice(f.g.size(), 1.0f);
    c.decompress(m, {.seed = 1}, y);
    CHECK(test::squared_distance(y, f.expected()) < 1e-10);
    c.decompress_add(m, {.seed = 1}, 2.0f, twice);
    for (std::size_t i = 0; i < y.size(); ++i) {
        CHECK(twice[i] == Approx(1 + 2 * y[i]));
    }
    CHECK(m.payload_bits() == 32 + 4 + 32 * (3 * (8 + 9) + 3 * (10 + 20) + 29));
    CHECK(c.name() == "factored(indirect(identity,identity),identity,shapes=[[9,8],[9],[20,2,5],[20]])");
}

TEST_CASE("factored: tensors without factors travel as numbers, with the rest", "[compress][factored]") {
    fixture f;
    const auto values = test::normal_vector(72, 9);
    std::ranges::copy(values, f.g.begin());
    factor_record second;
    second.clear(3, f.g.data());
    const factor_pair pair = f.record.at(81);
    second.take(&f.g[81], pair.inputs, pair.errors);
    factored c{f.layout, indirect{dither(1)}, dither(127)};
    message m;
    c.take(second);
    c.compress(f.g, {.seed = 1}, m);
    std::vector<float> y(f.g.size());
    c.decompress(m, {.seed = 1}, y);
    for (std::size_t i = 0; i < 81; ++i) {
        CHECK(std::fabs(y[i] - f.g[i]) < 0.03f);
    }
}

TEST_CASE("factored: unbiased with dither, and copies share nothing but the layout",
          "[compress][factored][statistical]") {
    const fixture f;
    factored c{f.layout, indirect{dither(1)}, dither(3)};
    CHECK(laws_of(c, f.g.size()).unbiased);
    any_compressor erased(c);
    CHECK(laws_of(erased, f.g.size()).unbiased);
    const auto expected = f.expected();
    std::vector<test::moments> element(f.g.size());
    std::vector<float> y(f.g.size());
    message m;
    for (std::uint64_t t = 0; t < 3000; ++t) {
        const random_key key{.seed = 2, .round = t};
        c.take(f.record);
        c.compress(f.g, key, m);
        c.decompress(m, key, y);
        for (std::size_t i = 0; i < y.size(); ++i) {
            element[i].add(double(y[i]));
        }
    }
    for (std::size_t i = 0; i < y.size(); ++i) {
        CHECK(element[i].z_of(double(expected[i])) < test::z_limit);
    }
}

TEST_CASE("factored: without factors, or with factors of other shapes, nothing is sent",
          "[compress][factored][hostile]") {
    const fixture f;
    factored c{f.layout, indirect{dither(1)}};
    message m;
    CHECK_THROWS_AS(c.compress(f.g, {}, m), invalid_input);
    c.take(f.record);
    c.compress(f.g, {}, m);
    CHECK_THROWS_AS(c.compress(f.g, {.round = 1}, m),
                    invalid_input);  // those of the last message are not those of this
    factor_record other;
    other.clear(3, f.g.data());
    const factor_pair pair = f.record.at(81);
    other.take(&f.g[0], pair.inputs, pair.errors);
    c.take(other);
    CHECK_THROWS_AS(c.compress(f.g, {.round = 2}, m), invalid_input);
    c.take(f.record);
    CHECK_THROWS_AS(c.compress(std::vector<float>(10), {.round = 3}, m), invalid_input);
    CHECK_THROWS_AS(factored(tensor_layout(), indirect{identity{}}), invalid_input);
}

TEST_CASE("factored: altered messages are malformed or decode to finite numbers", "[compress][factored][hostile]") {
    const fixture f;
    factored c{f.layout, indirect{dither(1)}, dither(3)};
    message m;
    c.take(f.record);
    c.compress(f.g, {.seed = 3}, m);
    std::size_t refused = 0;
    for (std::size_t b = 0; b < m.payload().size() * 8; ++b) {
        std::vector<std::byte> payload(m.payload().begin(), m.payload().end());
        payload[b / 8] ^= std::byte(1u << (b % 8));
        message altered;
        altered.begin(m.scheme(), m.key(3), m.dimension());
        altered.buffer().insert(altered.buffer().end(), payload.begin(), payload.end());
        altered.seal(0);
        std::vector<float> y(f.g.size());
        try {
            c.decompress(altered, {.seed = 3}, y);
            for (const float v : y) {
                CHECK(is_finite(v));
            }
        } catch (const malformed_message&) {
            ++refused;
        }
    }
    CHECK(refused > 30);
}
