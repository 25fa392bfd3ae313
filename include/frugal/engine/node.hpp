//! Nodes for engines: optional members, and nodes of several kinds in one vector.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <variant>

#include <frugal/concepts.hpp>
#include <frugal/engine/mailbox.hpp>
#include <frugal/engine/status.hpp>

namespace frugal {

//! Supersteps per round of an algorithm: `N::supersteps_per_round`, 1 if absent.
template <class N>
constexpr std::uint64_t supersteps_per_round_of() {
    if constexpr (requires { N::supersteps_per_round; }) {
        return N::supersteps_per_round;
    } else {
        return 1;
    }
}

//! The report of a node; an empty one from nodes that have none.
template <class N>
node_report report_of(const N& node) {
    if constexpr (requires {
                      { node.report() } -> std::convertible_to<node_report>;
                  }) {
        return node.report();
    } else {
        return {};
    }
}

//! A node that is one of several kinds, such as server or worker; one branch per step, no allocation of its own.
//!
//! Which kind it is belongs to the set-up, not to the saved state.
template <Node... Kinds>
class variant_node {
public:
    static constexpr std::uint64_t supersteps_per_round = [] {
        const std::uint64_t counts[] = {supersteps_per_round_of<Kinds>()...};
        return counts[0];
    }();
    static_assert(((supersteps_per_round_of<Kinds>() == supersteps_per_round) && ...),
                  "all kinds of a variant_node must have the same number of supersteps per round");

    template <class N>
        requires(std::same_as<std::remove_cvref_t<N>, Kinds> || ...)
    variant_node(N&& node) : node_(std::forward<N>(node)) {}

    void step(std::uint64_t superstep, const inbox& in, outbox& out) {
        std::visit([&](auto& n) { n.step(superstep, in, out); }, node_);
    }
    std::span<const float> parameters() const {
        return std::visit([](const auto& n) -> std::span<const float> { return n.parameters(); }, node_);
    }
    void state(state_archive& a) {
        std::visit([&](auto& n) { n.state(a); }, node_);
    }
    node_report report() const {
        return std::visit([](const auto& n) { return report_of(n); }, node_);
    }

    //! The node as that kind, or nullptr.
    template <class N>
    N* get_if() {
        return std::get_if<N>(&node_);
    }
    template <class N>
    const N* get_if() const {
        return std::get_if<N>(&node_);
    }

private:
    std::variant<Kinds...> node_;
};

}  // namespace frugal
