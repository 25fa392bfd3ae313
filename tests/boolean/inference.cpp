#include <frugal/boolean/inference.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "sample_network.hpp"

using namespace frugal;

namespace {

void check_against_textbook(const boolean_network& network, std::size_t samples) {
    const auto x = test::normal_values(samples * network.inputs(), 99);
    const boolean_inference inference(network);
    std::vector<float> scores(samples * network.outputs());
    inference.scores(x, scores);
    std::vector<std::uint32_t> classes(samples);
    inference.classify(x, classes);
    for (std::size_t i = 0; i < samples; ++i) {
        const auto first = x.begin() + static_cast<std::ptrdiff_t>(i * network.inputs());
        const std::vector<double> expected =
            test::textbook_scores(network, {first, first + static_cast<std::ptrdiff_t>(network.inputs())});
        std::size_t best = 0;
        for (std::size_t j = 0; j < expected.size(); ++j) {
            REQUIRE(double(scores[i * expected.size() + j]) == Approx(expected[j]).epsilon(1e-6).margin(1e-5));
            best = expected[j] > expected[best] ? j : best;
        }
        REQUIRE(classes[i] == best);
    }
}

}  // namespace

TEST_CASE("boolean inference: scores and classes are the textbook ones, for every batch",
          "[boolean][inference][equivalence]") {
    for (const std::size_t samples : {1u, 2u, 63u, 64u, 65u, 130u}) {
        check_against_textbook(test::bit_network(30, 70, 10, 1), samples);
        check_against_textbook(test::real_network(17, 130, 3, 2), samples);
        check_against_textbook(test::normalized_network(30, 70, 10, 3), samples);
    }
    check_against_textbook(test::convolution_network(3, 10, 4), 70);
    check_against_textbook(test::convolution_network(19, 2, 5), 3);  // patches of more than a word
    check_against_textbook(test::pooled_network(3, 10, 6), 70);
    check_against_textbook(test::pooled_network(19, 2, 7), 3);
    check_against_textbook(test::bit_network(784, 257, 10, 3), 20);
}

TEST_CASE("boolean inference: filters whose bit no sum changes, inverted or not", "[boolean][inference][exact]") {
    constexpr auto least = std::numeric_limits<std::int32_t>::min(), most = std::numeric_limits<std::int32_t>::max();
    const unfolding images{.channels = 1, .rows = 5, .columns = 5, .kernel = 2};
    convolution_stage filters = test::random_convolution(images, 8, true, 3);
    filters.threshold = {least, least, most, most, 5, 5, -4, -4};
    for (std::size_t f = 0; f < 8; ++f) {
        filters.flip.set(f, f % 2 == 1);
    }
    real_stage show{.width = 128, .weight = std::vector<float>(128 * 128), .bias = std::vector<float>(128)};
    for (std::size_t i = 0; i < 128; ++i) {
        show.weight[i * 129] = 1;
    }
    const boolean_inference inference({{test::random_threshold(25, 1), filters, show}});
    std::vector<float> scores(128);
    inference.scores(test::normal_values(25, 2), scores);
    for (std::size_t i = 0; i < 128; ++i) {
        const std::size_t f = i / 16;
        CHECK(scores[i] == (f == 0 || f == 3 || f == 5 || f == 6 ? 1 : -1));
    }
}

TEST_CASE("boolean inference: the neuron of section 3.3.1 of Leconte 2024, its bias in the threshold",
          "[boolean][inference][exact]") {
    // x = (+, -, +); columns (+, +, -) and (-, +, -), bias (+, -), level 0: sums 0 and -4, outputs +1 and -1.
    boolean_stage hidden{bit_matrix(2, 3), {}, bit_vector(2)};
    for (const auto& [j, i] : {std::pair{0, 0}, {0, 1}, {1, 1}}) {
        hidden.weight.set(static_cast<std::size_t>(j), static_cast<std::size_t>(i), true);
    }
    for (const std::int32_t bias : {1, -1}) {
        hidden.threshold.push_back(integer_step_of(-3, 3, [bias](std::int32_t s) { return s + bias >= 0; }).threshold);
    }
    const real_stage show{.width = 2, .weight = {1, 0, 0, 1}, .bias = {0, 0}};
    const boolean_inference inference({{threshold_stage{{0, 0, 0}}, hidden, show}});
    std::vector<float> scores(2);
    inference.scores(std::vector<float>{1, -1, 1}, scores);
    CHECK(scores == std::vector<float>{1, -1});
}

TEST_CASE("boolean inference: equal scores give the first class", "[boolean][inference][exact]") {
    const real_stage last{.width = 1, .weight = {0, 0, 0}, .bias = {1, 2, 2}};
    const boolean_inference inference({{last}});
    std::vector<std::uint32_t> classes(1);
    inference.classify(std::vector<float>{5}, classes);
    CHECK(classes[0] == 1);
}

TEST_CASE("boolean inference: networks with a problem and lengths that do not fit are refused",
          "[boolean][inference][hostile]") {
    CHECK_THROWS_AS(boolean_inference(boolean_network{}), invalid_input);
    const boolean_inference inference(test::bit_network(30, 70, 10, 1));
    std::vector<float> scores(10);
    CHECK_THROWS_AS(inference.scores(std::vector<float>(31), scores), invalid_input);
    CHECK_THROWS_AS(inference.scores(std::vector<float>(60), scores), invalid_input);
    std::vector<std::uint32_t> classes(2);
    CHECK_THROWS_AS(inference.classify(std::vector<float>(30), classes), invalid_input);
    inference.scores({}, {});
}
