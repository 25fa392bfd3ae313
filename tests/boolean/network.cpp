#include <frugal/boolean/network.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include <frugal/boolean/inference.hpp>

#include "catch.hpp"
#include "sample_network.hpp"

using namespace frugal;

TEST_CASE("boolean network: what fits together has no problem", "[boolean][network]") {
    const boolean_network bits = test::bit_network(30, 70, 10, 1);
    CHECK(bits.problem().empty());
    CHECK(bits.inputs() == 30);
    CHECK(bits.outputs() == 10);
    CHECK(test::real_network(30, 70, 10, 1).problem().empty());
    CHECK(boolean_network{}.inputs() == 0);
    boolean_network normalized = test::normalized_network(30, 70, 10, 1);
    CHECK(normalized.problem().empty());
    std::get<normalization_stage>(normalized.stages[2]).epsilon = 0;
    CHECK(normalized.problem().find("epsilon") != std::string::npos);
    std::get<normalization_stage>(normalized.stages[2]).shift.pop_back();
    CHECK(normalized.problem().find("69 shifts") != std::string::npos);
    normalized.stages.erase(normalized.stages.begin() + 1, normalized.stages.begin() + 3);
    CHECK(normalized.problem().find("takes 70 inputs") != std::string::npos);
}

TEST_CASE("boolean network: each mistake is named with its stage", "[boolean][network][hostile]") {
    const boolean_network good = test::bit_network(30, 70, 10, 1);
    const auto problem_after = [&](auto change) {
        boolean_network network = good;
        change(network);
        return network.problem();
    };
    const auto boolean_at = [](boolean_network& n, std::size_t i) -> boolean_stage& {
        return std::get<boolean_stage>(n.stages[i]);
    };
    using text = std::string;
    CHECK(boolean_network{}.problem().find("no stages") != text::npos);
    CHECK(problem_after([](auto& n) { n.stages.erase(n.stages.begin()); }).find("put a threshold") != text::npos);
    CHECK(problem_after([](auto& n) { n.stages.pop_back(); }).find("ends with bits") != text::npos);
    CHECK(problem_after([](auto& n) { n.stages.insert(n.stages.begin(), n.stages[0]); }).find("leave it out") !=
          text::npos);
    CHECK(problem_after([](auto& n) { n.stages[0] = test::random_threshold(31, 1); }).find("takes 30 inputs") !=
          text::npos);
    CHECK(problem_after([&](auto& n) { boolean_at(n, 1).threshold.pop_back(); }).find("69 thresholds") != text::npos);
    CHECK(problem_after([&](auto& n) {
              boolean_at(n, 2).weight.words()[1] = ~std::uint64_t{0};
          }).find("stage 2 of a Boolean network has bits beyond") != text::npos);
    CHECK(problem_after([&](auto& n) {
              boolean_at(n, 1).flip.words()[1] = std::uint64_t{1} << 63;
          }).find("bits beyond") != text::npos);
    CHECK(problem_after([](auto& n) {
              std::get<real_stage>(n.stages[3]).weight[5] = std::nanf("");
          }).find("not finite") != text::npos);
    CHECK(problem_after([](auto& n) { std::get<real_stage>(n.stages[3]).weight.pop_back(); }).find("699 weights") !=
          text::npos);
    CHECK(problem_after([](auto& n) {
              std::get<threshold_stage>(n.stages[0]).level[0] = HUGE_VALF;
          }).find("not finite") != text::npos);
    CHECK(problem_after([](auto& n) { n.stages[0] = threshold_stage{}; }).find("width of 0") != text::npos);
}

TEST_CASE("boolean network: convolutions fit their images and unfold within bounds", "[boolean][network][hostile]") {
    const auto problem_with = [](auto change) {
        boolean_network network = test::convolution_network(3, 10, 1);
        change(std::get<convolution_stage>(network.stages[1]));
        return network.problem();
    };
    using text = std::string;
    CHECK(problem_with([](auto&) {}).empty());
    for (const unfolding& u : {unfolding{.channels = 2, .rows = 7, .columns = 5, .stride = 0},
                               unfolding{.channels = 70, .rows = 1, .columns = 1, .kernel = 2},
                               unfolding{.channels = 2, .rows = 7, .columns = 5, .kernel = 2, .padding = 2},
                               unfolding{.channels = 1, .rows = 1, .columns = 1, .kernel = 91, .padding = 90},
                               unfolding{.channels = ~std::size_t{0}, .rows = ~std::size_t{0}, .columns = 3}}) {
        CHECK(problem_with([&](auto& s) { s.images = u; }).find("stage 1 of a Boolean network has a kernel") !=
              text::npos);
    }
    CHECK(problem_with([](auto& s) { s.images.kernel = 2; }).find("18 weights for a patch of 8 bits") != text::npos);
    CHECK(problem_with([](auto& s) { s.threshold.pop_back(); }).find("2 thresholds") != text::npos);
    CHECK(problem_with([](auto& s) {
              s.threshold.clear();
              s.flip = {};
          }).find("put a threshold") != text::npos);
    boolean_network unfitting = test::convolution_network(3, 10, 1);
    std::get<convolution_stage>(unfitting.stages.emplace_back(unfitting.stages[1])).images.stride = 0;
    CHECK_THROWS_AS(boolean_inference(unfitting), invalid_input);
}

TEST_CASE("boolean network: windows of bits, without padding", "[boolean][network][hostile]") {
    const auto problem_with = [](auto change) {
        boolean_network network = test::pooled_network(3, 10, 1);
        change(network);
        return network.problem();
    };
    const auto pooling = [](boolean_network& n) -> unfolding& { return std::get<pooling_stage>(n.stages[2]).images; };
    using text = std::string;
    CHECK(problem_with([](auto&) {}).empty());
    CHECK(problem_with([&](auto& n) { pooling(n).kernel = 6; }).find("stage 2 of a Boolean network has a kernel") !=
          text::npos);
    CHECK(problem_with([&](auto& n) { pooling(n).stride = 0; }).find("has a kernel") != text::npos);
    CHECK(problem_with([&](auto& n) { pooling(n).padding = 1; }).find("no padding") != text::npos);
    CHECK(problem_with([](auto& n) { n.stages.pop_back(); }).find("ends with bits") != text::npos);
    CHECK(problem_with([](auto& n) {
              n.stages.erase(n.stages.begin() + 1);
              n.stages[0] = test::random_normalization(105, 1);
          }).find("put a threshold") != text::npos);
}

TEST_CASE("integer_step_of: agrees with any function that changes once, on every integer",
          "[boolean][network][exact]") {
    constexpr std::int32_t depth = 50;
    const auto agrees = [](auto f) {
        const integer_step step = integer_step_of(-depth, depth, f);
        for (std::int32_t s = -depth; s <= depth; ++s) {
            if (step(s) != f(s)) {
                return false;
            }
        }
        return true;
    };
    // A normalisation in single precision, of either sign, whose zero falls anywhere, beyond the range too.
    for (const float gain : {0.37f, -1.25f, 0.0f}) {
        for (int shift = -300; shift <= 300; ++shift) {
            const float offset = 0.1f * static_cast<float>(shift);
            REQUIRE(agrees([=](std::int32_t s) { return gain * static_cast<float>(s) + offset >= 0; }));
        }
    }
    for (std::int32_t at = -depth - 1; at <= depth + 1; ++at) {
        REQUIRE(agrees([at](std::int32_t s) { return s >= at; }));
        REQUIRE(agrees([at](std::int32_t s) { return s < at; }));
    }
}

TEST_CASE("integer_step_of: the whole range of integers", "[boolean][network][exact]") {
    constexpr auto lowest = std::numeric_limits<std::int32_t>::min();
    constexpr auto highest = std::numeric_limits<std::int32_t>::max();
    const integer_step last = integer_step_of(lowest, highest, [](std::int32_t s) { return s == highest; });
    CHECK((last(highest) && !last(highest - 1) && !last(lowest)));
    const integer_step never = integer_step_of(lowest, highest, [](std::int32_t) { return false; });
    CHECK((!never(lowest) && !never(highest)));
    const integer_step always = integer_step_of(lowest, highest, [](std::int32_t) { return true; });
    CHECK((always(lowest) && always(highest)));
}
