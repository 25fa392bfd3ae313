#include <frugal/catalogue/compressors.hpp>

#include <frugal/catalogue/shared.hpp>

#include <string>
#include <vector>

#include <frugal/core/random.hpp>

#include "catalogue_samples.hpp"
#include "catch.hpp"

using namespace frugal;

namespace {

std::vector<float> normal_values(std::size_t n) {
    const random_stream stream({.seed = 5});
    std::vector<float> x(n);
    for (std::size_t i = 0; i < n; ++i) {
        x[i] = stream.normal(i);
    }
    return x;
}

}  // namespace

TEST_CASE("catalogue: a compressor made from a name decodes what its namesake wrote", "[catalogue][policies][exact]") {
    const random_key key{.seed = 3, .node = 2, .round = 1};
    const auto x = normal_values(37);
    std::size_t refused = 0;  // such as a shared norm that nobody has agreed on
    const auto samples = test::sample_expressions<any_compressor>();
    for (const std::string& text : samples) {
        CAPTURE(text);
        auto sender = parse<any_compressor>(text);
        auto receiver = parse<any_compressor>(sender.name());
        message m;
        try {
            sender.compress(x, key, m);
        } catch (const invalid_input&) {
            ++refused;
            continue;
        }
        std::vector<float> expected(x.size()), y(x.size());
        sender.decompress(m, key, expected);
        receiver.decompress(m, key, y);
        CHECK(y == expected);
    }
    CHECK(refused * 10 < samples.size());
}

TEST_CASE("catalogue: aliases mean what they are listed as", "[catalogue][policies][exact]") {
    for (const catalogue_alias& a : catalogue_of<any_compressor>::aliases) {
        CAPTURE(a.name);
        CHECK(parse<any_compressor>(a.name).name() == parse<any_compressor>(a.expression).name());
    }
}

TEST_CASE("policies: senders agree on numbers only where a scale is shared", "[catalogue][agreement]") {
    const auto agreed = [](const char* text) { return parse<any_compressor>(text).agreement_size(1000); };
    CHECK(agreed("scalar(dithered(levels=3),bucketed(max_norm,8192),radix)") == 0);
    CHECK(agreed("scalar(ternary,shared_norm)") == 1);
    CHECK(agreed("scalar(ternary,bucketed(shared_norm,64))") == 1);
}
