//! Small nodes for the tests of engines.
#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

#include <frugal/compress/identity.hpp>
#include <frugal/concepts.hpp>
#include <frugal/engine/mailbox.hpp>
#include <frugal/engine/status.hpp>

namespace test {

//! Posts its parameters to `targets` in every superstep and mixes what it receives in an order-dependent way.
struct gossip_node {
    std::uint32_t self = 0;
    std::vector<std::uint32_t> targets;
    std::vector<float> x;
    std::uint64_t fail_at = ~std::uint64_t{0};
    std::uint64_t diverge_at = ~std::uint64_t{0};
    frugal::identity codec{};
    std::vector<float> received{};
    frugal::node_report last{};

    void step(std::uint64_t superstep, const frugal::inbox& in, frugal::outbox& out) {
        if (superstep == fail_at) {
            throw std::runtime_error("node " + std::to_string(self) + " fails on request");
        }
        received.resize(x.size());
        std::uint32_t before = 0;
        for (const auto& e : in) {
            if (e.source < before) {
                throw std::logic_error("the inbox is not sorted");
            }
            before = e.source;
            codec.decompress(*e.content, {.seed = 7, .node = e.source, .round = superstep - 1}, received);
            for (std::size_t i = 0; i < x.size(); ++i) {
                x[i] = 0.9f * x[i] + 0.37f * received[i] * received[i] - 0.01f * static_cast<float>(self);
                x[i] = x[i] > 2 ? x[i] - 3 : x[i];
            }
        }
        if (!targets.empty()) {
            codec.compress(x, {.seed = 7, .node = self, .round = superstep}, out.post(targets));
        }
        last = {.loss = static_cast<double>(x[0]), .has_loss = true, .diverged = superstep == diverge_at};
    }
    std::span<const float> parameters() const { return x; }
    void state(frugal::state_archive& a) { a(x); }
    frugal::node_report report() const { return last; }
};

inline std::vector<gossip_node> ring_of(std::uint32_t n, std::size_t d) {
    std::vector<gossip_node> nodes;
    for (std::uint32_t i = 0; i < n; ++i) {
        gossip_node node{.self = i, .targets = {(i + 1) % n, (i + n - 1) % n, (i + 2) % n}, .x = {}};
        for (std::size_t k = 0; k < d; ++k) {
            node.x.push_back(0.1f * static_cast<float>(i) - 0.01f * static_cast<float>(k % 17));
        }
        nodes.push_back(std::move(node));
    }
    return nodes;
}

}  // namespace test
