#include <frugal/objective/batch.hpp>

#include <cstdint>
#include <vector>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("resolved_batch: the samples asked for; of an empty list all, in order", "[objective][batch]") {
    const resolved_batch all({}, 3);
    CHECK(all.size() == 3);
    CHECK((all[0] == 0 && all[2] == 2));
    CHECK(all.contiguous());
    const auto of = [](const std::vector<std::uint32_t>& indices) { return resolved_batch(indices, 10).contiguous(); };
    CHECK(of({4}));
    CHECK(of({4, 5, 6}));
    CHECK_FALSE(of({4, 6, 7}));
    CHECK_FALSE(of({5, 4}));
    CHECK_FALSE(of({4, 4}));
    const std::vector<std::uint32_t> some{7, 2, 2};
    const resolved_batch batch(some, 8);
    CHECK(batch.size() == 3);
    CHECK((batch[0] == 7 && batch[1] == 2 && batch[2] == 2));
}

TEST_CASE("resolved_batch: samples that do not exist are named", "[objective][batch][hostile]") {
    const std::vector<std::uint32_t> beyond{0, 3, 4000000000u};
    CHECK_THROWS_WITH(resolved_batch(beyond, 3), test::contains_text("sample 3 of a batch does not exist"));
    CHECK_THROWS_WITH(resolved_batch(beyond, 4), test::contains_text("sample 4000000000 "));
    CHECK_THROWS_WITH(resolved_batch({}, 0), test::contains_text("data set is empty"));
}
