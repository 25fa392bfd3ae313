#include <frugal/core/factors.hpp>

#include <vector>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("factor_record: joins the blocks of each tensor", "[core][factors]") {
    std::vector<float> g(100);
    factor_record record;
    record.clear(3, g.data());
    CHECK(!record.has(0));
    CHECK(record.at(0).samples == 0);
    const std::vector<float> x{1, 2, 3, 4}, d{5, 6}, y{7, 8}, e{9};
    record.take(&g[10], x, d);
    record.take(&g[40], std::vector<float>{1, 1, 1}, std::vector<float>{2, 2, 2});
    record.take(&g[10], y, e);
    const factor_pair pair = record.at(10);
    CHECK(pair.samples == 3);
    CHECK(pair.shape().columns == 2);
    CHECK(pair.shape().rows == 1);
    CHECK(pair.shape().size() == 2);
    CHECK(std::vector<float>(pair.inputs.begin(), pair.inputs.end()) == std::vector<float>{1, 2, 3, 4, 7, 8});
    CHECK(std::vector<float>(pair.errors.begin(), pair.errors.end()) == std::vector<float>{5, 6, 9});
    CHECK(record.has(40));
    record.clear(1, g.data());
    CHECK(!record.has(10));
    CHECK(!record.has(40));
    record.take(&g[40], x, d);
    CHECK(record.at(40).inputs.size() == 4);
}

TEST_CASE("factors: wanted where they are fewer numbers than the gradient", "[core][factors]") {
    factor_record record;
    record.clear(64, nullptr);
    CHECK(record.wants(300, 784));   // 69,376 of 235,200
    CHECK(!record.wants(10, 100));   // 7,040 of 1,000
    CHECK(!record.wants(128, 128));  // as many
    CHECK(record.wants(129, 128));
    CHECK(!factor_shape{static_cast<std::size_t>(-1), 10, 10, {}}.is_smaller());
}

TEST_CASE("factor_pair: bad shapes are refused", "[core][factors][hostile]") {
    const std::vector<float> six(6), four(4);
    CHECK_NOTHROW((factor_pair{2, six, four}.validate()));
    CHECK_THROWS_AS((factor_pair{0, six, four}.validate()), invalid_input);
    CHECK_THROWS_AS((factor_pair{3, six, four}.validate()), invalid_input);
    CHECK_THROWS_AS((factor_pair{4, six, four}.validate()), invalid_input);
    CHECK_THROWS_AS((factor_pair{2, {}, four}.validate()), invalid_input);
    CHECK_THROWS_AS((factor_pair{2, six, {}}.validate()), invalid_input);
}
