#include <frugal/catalogue/choose.hpp>

#include <frugal/catalogue/shared.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include <frugal/testing/laws.hpp>

#include "catch.hpp"

using namespace frugal;

namespace {

const measured_choice& find(const choice& c, const std::string& name) {
    const auto at = std::ranges::find(c.codecs, name, &measured_choice::compressor);
    REQUIRE(at != c.codecs.end());
    return *at;
}

}  // namespace

TEST_CASE("choose: candidates parse, differ, and cover the catalogue", "[catalogue][choose]") {
    const std::vector<std::string> all = candidate_compressors();
    auto distinct = all;
    std::ranges::sort(distinct);
    CHECK(std::ranges::adjacent_find(distinct) == distinct.end());
    for (const std::string& expression : all) {
        CHECK(parse<any_compressor>(expression).name() == expression);
    }
    for (const char* word : {"identity", "dithered", "stochastic", "ternary", "sign", "natural", "top_k", "random_k",
                             "variance_budget", "lloyd_max", "one_bit", "stovoq", "rans", "elias", "bucketed",
                             "error_feedback(scalar(sign", "error_feedback(sparse(top_k(fraction=0.01)"}) {
        INFO(word);
        CHECK(std::ranges::any_of(all, [&](const std::string& e) { return e.find(word) != std::string::npos; }));
    }
    CHECK(std::ranges::none_of(all, [](const std::string& e) { return e.find("nested") != std::string::npos; }));
}

TEST_CASE("choose: every candidate on a vector", "[catalogue][choose]") {
    const auto x = testing::normal_vector(5000, 1);
    const choice c = choose_compressor(x, {.repeat = 2});
    CHECK(c.codecs.size() > 80);
    CHECK(c.codecs.size() <= candidate_compressors().size());
    CHECK(c.seconds_uncompressed == 5000 * 32 / 1e9);
    for (const measured_choice& m : c.codecs) {
        INFO(m.compressor);
        CHECK(m.bits_per_coordinate > 0);
        CHECK(m.encode_gbps > 0);
        CHECK(m.decode_gbps > 0);
        // No code of normal coordinates does better; what 5000 of them can deviate is far below a tenth.
        CHECK((m.relative_error == 0 || m.relative_error >= 0.9 * gaussian_distortion(m.bits_per_coordinate)));
        const bool dominated = std::ranges::any_of(c.codecs, [&](const measured_choice& o) {
            return o.bits_per_coordinate < m.bits_per_coordinate && o.relative_error < m.relative_error;
        });
        CHECK_FALSE((m.pareto && dominated));
        CHECK_FALSE((m.pareto && m.relative_error >= 1));
        CHECK((m.bits_per_coordinate < 33 || m.compressor == "identity"));
    }
    CHECK(std::ranges::is_sorted(c.codecs, {}, &measured_choice::bits_per_coordinate));
    CHECK(find(c, "identity").pareto);
    CHECK(find(c, "identity").relative_error == 0);
}

TEST_CASE("choose: what is recommended converges, is within bounds, and pays", "[catalogue][choose]") {
    const auto x = testing::normal_vector(20000, 2);
    choose_options o{.link_bits_per_second = 1e6,
                     .candidates = {"scalar(sign)", "scalar(dithered(levels=3),max_norm,radix)", "identity",
                                    "error_feedback(sparse(top_k(fraction=0.001)))", "scalar(dithered(levels=127))"}};
    const choice slow = choose_compressor(x, o);
    CHECK(slow.recommended == "scalar(dithered(levels=3),max_norm,radix)");
    CHECK(slow.reason.find("a round takes 640 ms without compression at 1Mbps and ") == 0);
    o.link_bits_per_second = 1e15;
    const choice fast = choose_compressor(x, o);
    CHECK(fast.recommended == "identity");
    CHECK(fast.reason.find("no codec gains more time than it costs") != std::string::npos);
    o = {.tolerated_error = 1e-12, .candidates = {"scalar(dithered)"}};
    CHECK(choose_compressor(x, o).reason.find("no codec measured keeps the error within bounds") != std::string::npos);
    const choice biased = choose_compressor(x, {.link_bits_per_second = 1e6, .candidates = {"scalar(sign)"}});
    CHECK(biased.recommended == "identity");
}

TEST_CASE("choose: tensors, progress, and what is refused", "[catalogue][choose]") {
    auto x = testing::normal_vector(100, 3);
    std::fill_n(x.begin(), 60, 1e-3f);
    tensor_layout tensors;
    tensors.add("a", {60}).add("b", {40});
    std::size_t calls = 0;
    const choice c = choose_compressor(x, {.tensors = &tensors,
                                           .candidates = {"identity", "scalar(dithered)"},
                                           .progress = [&](std::size_t done, std::size_t of) {
                                               CHECK(done == calls++);
                                               CHECK(of == 4);
                                           }});
    CHECK(calls == 4);
    const std::string dither = parse<any_compressor>("scalar(dithered)").name();
    const measured_choice &each = find(c, "per_tensor(" + dither + ")"), &whole = find(c, dither);
    CHECK(find(c, "per_tensor(identity)").bits_per_coordinate > find(c, "identity").bits_per_coordinate);
    CHECK(each.bits_per_coordinate > whole.bits_per_coordinate);
    CHECK(each.relative_error < 0.8 * whole.relative_error);  // more than half have a step of a thousandth
    CHECK(choose_compressor(x, {.tensors = &tensors, .candidates = {"error_feedback(per_tensor(dqsg))"}})
              .codecs[0]
              .converges);
    CHECK_THROWS_WITH(choose_compressor(x, {.candidates = {"per_tensor(dqsg)"}}),
                      test::contains_text("refuses this vector: per_tensor: which tensors"));
    CHECK_THROWS_AS(choose_compressor({}), invalid_input);
    CHECK_THROWS_AS(choose_compressor(x, {.link_bits_per_second = 0}), invalid_input);
    CHECK_THROWS_AS(choose_compressor(x, {.candidates = {"nothing"}}), invalid_input);
    CHECK_THROWS_AS(choose_compressor(std::vector<float>{1, HUGE_VALF}), nonfinite_input);
}
