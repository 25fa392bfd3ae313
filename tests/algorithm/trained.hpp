//! What a training ends with.
#pragma once

#include <cstdint>
#include <vector>

#include <frugal/engine/tbb_engine.hpp>

#include "catch.hpp"

namespace test {

//! The model of node 0 after some rounds.
template <class P>
std::vector<float> trained(P nodes, std::uint64_t count) {
    frugal::run(frugal::tbb_engine{}, nodes, frugal::rounds{count});
    const auto x = nodes[0].parameters();
    return {x.begin(), x.end()};
}
//! Equal but for rounding.
inline void close(const std::vector<float>& a, const std::vector<float>& b) {
    REQUIRE(a.size() == b.size());
    for (std::size_t k = 0; k < a.size(); ++k) {
        CHECK(a[k] == Approx(b[k]).margin(2e-5));
    }
}

}  // namespace test
