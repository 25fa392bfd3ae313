//! Small programs for the tests of engines.
#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <frugal/compress/identity.hpp>
#include <frugal/node/peer.hpp>

namespace test {

inline constexpr std::uint64_t never = ~std::uint64_t{0};

//! Sends its vector to `targets` in every round and mixes what it gets from `sources` in an order-dependent way.
struct mixing_node {
    std::uint32_t self = 0;
    std::vector<std::uint32_t> targets{};
    std::vector<std::uint32_t> sources{};
    std::vector<float> x{};
    std::uint64_t fail_at = never;
    std::uint64_t diverge_at = never;
    std::uint64_t silent_at = never;

    frugal::task<> round(frugal::peer here) {
        if (here.round() == fail_at) {
            throw std::runtime_error("node " + std::to_string(self) + " fails on request");
        }
        if (here.round() == diverge_at) {
            throw frugal::divergence("node " + std::to_string(self) + " diverges on request");
        }
        frugal::identity codec;
        const std::uint32_t leg = here.take_legs();
        if (here.round() != silent_at) {
            frugal::letter_ref content = here.draft();
            codec.compress(x, here.key(leg, here.self()), *content);
            here.send(targets, std::move(content));
        }
        std::vector<float> received(x.size());
        const auto got = co_await here.receive(sources);
        for (const frugal::envelope& e : got) {
            codec.decompress(*e.content, here.key(leg, e.from), received);
            for (std::size_t i = 0; i < x.size(); ++i) {
                x[i] = 0.9f * x[i] + 0.37f * received[i] * received[i] - 0.01f * static_cast<float>(self);
                x[i] = x[i] > 2 ? x[i] - 3 : x[i];
            }
        }
        here.report(static_cast<double>(x[0]), 1);
    }
    std::span<const float> parameters() const { return x; }
    void state(frugal::state_archive& a) { a(x); }
};

//! Node i sends to both neighbours and to i + 2.
inline std::vector<mixing_node> ring_of(std::uint32_t n, std::size_t d) {
    std::vector<mixing_node> nodes(n);
    for (std::uint32_t i = 0; i < n; ++i) {
        nodes[i].self = i;
        for (std::size_t k = 0; k < d; ++k) {
            nodes[i].x.push_back(0.1f * static_cast<float>(i) - 0.01f * static_cast<float>(k % 17));
        }
        for (std::uint32_t to = 0; to < n; ++to) {
            if (to != i && (to == (i + 1) % n || to == (i + n - 1) % n || to == (i + 2) % n)) {
                nodes[i].targets.push_back(to);
            }
        }
    }
    for (std::uint32_t i = 0; i < n; ++i) {
        for (const std::uint32_t to : nodes[i].targets) {
            nodes[to].sources.push_back(i);
        }
    }
    return nodes;
}

}  // namespace test
