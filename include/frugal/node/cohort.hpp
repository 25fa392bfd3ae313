//! Cohorts: who takes part in a round.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <vector>

#include <frugal/core/error.hpp>
#include <frugal/core/random.hpp>

namespace frugal {

//! Fills `members` with the increasing numbers of all nodes that work in a round: a pure function of seed and round,
//! worked out once per process. Others are not started and hold nothing but their state. Empty: all work in all rounds.
using cohort = std::function<void(std::uint64_t seed, std::uint64_t round, std::vector<std::uint32_t>& members)>;

//! Node 0 and `sampled` of the clients 1, ..., clients, drawn anew in each round, all subsets equally likely
//! (Floyd's algorithm; Bentley and Floyd 1987). O(sampled log sampled).
inline cohort sampled_clients(std::uint32_t clients, std::uint32_t sampled) {
    expect(sampled > 0 && sampled <= clients, "a cohort needs at least one client, and no more than there are");
    return [clients, sampled](std::uint64_t seed, std::uint64_t round, std::vector<std::uint32_t>& members) {
        const random_stream stream({.seed = seed, .round = round, .purpose = purposes::cohort});
        members.assign(1, 0);
        for (std::uint32_t k = clients - sampled + 1; k <= clients; ++k) {
            const auto drawn = static_cast<std::uint32_t>(stream.below(k, k)) + 1;
            const auto at = std::lower_bound(members.begin(), members.end(), drawn);
            if (at == members.end() || *at != drawn) {
                members.insert(at, drawn);
            } else {
                members.push_back(k);  // k is larger than all drawn before
            }
        }
    };
}

}  // namespace frugal
