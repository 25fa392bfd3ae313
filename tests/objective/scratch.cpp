#include <frugal/objective/scratch.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("scratch: aligned memory that grows on demand and stays while it suffices", "[objective][scratch]") {
    scratch<float> s;
    CHECK(s.get(0).empty());
    const auto ten = s.get(10);
    REQUIRE(ten.size() == 10);
    CHECK(reinterpret_cast<std::uintptr_t>(ten.data()) % 64 == 0);
    ten[9] = 7;
    CHECK(s.get(3).data() == ten.data());
    CHECK(s.get(10)[9] == 7);
    const auto more = s.get(1000);
    CHECK(more.size() == 1000);
    CHECK(reinterpret_cast<std::uintptr_t>(more.data()) % 64 == 0);
    CHECK(s.get(10).data() == more.data());
}

TEST_CASE("scratch: a copy has memory of its own, a moved one takes it along", "[objective][scratch]") {
    scratch<double> s;
    double* const data = s.get(5).data();
    s.get(5)[4] = 3;
    scratch<double> copy(s);
    CHECK(copy.get(5).data() != data);
    scratch<double> assigned;
    double* const own = assigned.get(2).data();
    assigned = s;
    CHECK(assigned.get(2).data() == own);
    scratch<double> moved(std::move(s));
    CHECK(moved.get(5).data() == data);
    CHECK(moved.get(5)[4] == 3);
    assigned = std::move(moved);
    CHECK(assigned.get(5).data() == data);
}
