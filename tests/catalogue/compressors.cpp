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
    tensor_layout two_tensors;
    two_tensors.add("matrix", {6, 5}).add("rest", {7});
    std::size_t refused = 0;  // such as a shared norm that nobody has agreed on
    const auto samples = test::sample_expressions<any_compressor>();
    for (const std::string& text : samples) {
        CAPTURE(text);
        auto sender = parse<any_compressor>(text);
        sender.fit(two_tensors);
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

TEST_CASE("catalogue: what is compressed tensor by tensor is told the tensors once, and its name says them",
          "[catalogue][per_tensor]") {
    tensor_layout two_tensors;
    two_tensors.add("matrix", {6, 5}).add("rest", {7});
    const auto x = normal_values(37);
    for (const char* text :
         {"per_tensor(dqsg)", "per_tensor(sparse(top_k(fraction=0.2)))", "per_tensor(low_rank)",
          "error_feedback(per_tensor(signsgd))", "per_tensor(dqsg,exact_below=16)", "per_tensor(dqsg,exact_vectors=1)",
          "alternating(per_tensor(dqsg),contractive(per_tensor("
          "scalar(dithered))))"}) {
        CAPTURE(text);
        auto sender = parse<any_compressor>(text);
        CHECK(parse<any_compressor>(sender.name()).name() == sender.name());
        message m;
        CHECK_THROWS_WITH(sender.compress(x, {}, m),
                          test::contains_text("which tensors the vector holds is not known"));
        sender.fit(two_tensors);
        CHECK(sender.name().find("shapes=[[6,5],[7]]") != std::string::npos);
        auto receiver = parse<any_compressor>(sender.name());
        CHECK(receiver.name() == sender.name());
        std::vector<float> expected(x.size()), y(x.size());
        sender.compress(x, {}, m, expected);
        receiver.decompress(m, {}, y);
        CHECK(y == expected);
    }
    CHECK_THROWS_WITH(parse<any_compressor>("blocked(signsgd)"), test::contains_text("put error_feedback around"));
    CHECK_THROWS_AS(parse<any_compressor>("per_tensor(dqsg,shapes=[[0]])"), expression_error);
    CHECK(parse<any_compressor>("blocked(dqsg)").granule() == 65536);
}

TEST_CASE("catalogue: what is sent as factors is what its C++ twin sends", "[catalogue][factored][equivalence]") {
    tensor_layout layout;
    layout.add("matrix", {6, 5}).add("rest", {7});
    const auto x = normal_values(37);
    factor_record record;
    record.clear(2, x.data());
    record.take(x.data(), std::span(x).first(2 * 5), std::span(x).subspan(10, 2 * 6));
    const scalar_compressor dither{dithered{.levels = 2}, max_norm{}, radix{}};
    const auto sent = [&](auto sender) {
        message m;
        sender.take(record);
        sender.compress(x, {.seed = 3}, m);
        std::vector<float> y(x.size());
        parse<any_compressor>(sender.name()).decompress(m, {.seed = 3}, y);
        return std::pair(std::vector<std::byte>(m.bytes().begin(), m.bytes().end()), y);
    };
    const auto by_name = [&](const std::string& text) {
        auto c = parse<any_compressor>(text);
        c.fit(layout);
        CHECK(c.takes_factors());
        return sent(c);
    };
    const std::string each = "scalar(dithered(levels=2),max_norm,radix)";
    CHECK(laws_of(parse<any_compressor>("isgq"), 100).unbiased);
    const auto one = by_name("factored(indirect(" + each + ")," + each + ")");
    CHECK(one == sent(factored{layout, indirect{dither}, dither}));
    CHECK(one == by_name("factored(indirect(" + each + ",errors=" + each + "),rest=" + each + ")"));
    CHECK(by_name("factored(indirect_mse(lloyd_max,iterations=2))") ==
          sent(factored{layout, indirect_mse{lloyd_max{}, packed{}, 2}}));
    CHECK(by_name("factored(indirect(identity,signs))") != by_name("factored(indirect(identity))"));
    CHECK_FALSE(parse<any_compressor>("dqsg").takes_factors());
}

TEST_CASE("catalogue: factors are refused where they make no sense", "[catalogue][factored]") {
    const auto refused = [](const char* text, const char* why) {
        CHECK_THROWS_WITH(parse<any_compressor>(text), test::contains_text(why));
    };
    refused("indirect(dqsg)",
            "unknown compressor 'indirect' (a factor compressor; did you mean 'factored(indirect)'?)");
    refused("factored(dqsg)", "unknown factor compressor 'dqsg'; known: indirect, indirect_mse");
    refused("factored(indirect(signsgd))", "indirect: its compressors must remember nothing");
    refused("factored(indirect(dqsg),signsgd)", "factored: the compressor of the rest must remember nothing");
    refused("factored(indirect_mse(lloyd_max(levels=9)))", "at most 8 levels");
    message m;
    const auto x = normal_values(37);
    for (const char* text : {"isgq", "error_feedback(isgq)", "alternating(dqsg,isgq)"}) {
        auto c = parse<any_compressor>(text);
        CHECK_THROWS_WITH(c.compress(x, {.node = 1}, m), test::contains_text("which a vector alone does not have"));
    }
}
