//! `any_node`: a Program chosen at run time.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include <frugal/node/population.hpp>

namespace frugal {

//! Holds any Program by value; one indirect call per round.
class any_node {
public:
    template <class N>
        requires(!std::same_as<N, any_node> && Program<N>)
    explicit any_node(N node) : held_(std::make_unique<model<N>>(std::move(node))) {}

    task<> round(peer here) { return held_->round(here); }
    std::span<const float> parameters() const { return held_->parameters(); }
    void state(state_archive& a) { held_->state(a); }

private:
    struct interface {
        virtual ~interface() = default;
        virtual task<> round(peer here) = 0;
        virtual std::span<const float> parameters() const = 0;
        virtual void state(state_archive& a) = 0;
    };
    template <class N>
    struct model final : interface {
        explicit model(N n) : node(std::move(n)) {}
        task<> round(peer here) override { return node.round(here); }
        std::span<const float> parameters() const override { return parameters_of(node); }
        void state(state_archive& a) override { node.state(a); }
        N node;
    };
    std::unique_ptr<interface> held_;
};

//! The same population, its nodes behind `any_node`.
template <Program N>
population<any_node> erase(population<N> nodes) {
    const std::size_t size = nodes.size();
    const std::uint64_t seed = nodes.seed(), fingerprint = nodes.fingerprint();
    const cohort members = nodes.cohort();
    const auto shared = std::make_shared<population<N>>(std::move(nodes));
    return population<any_node>(
        size, seed, [shared](std::uint32_t i) { return any_node(std::move((*shared)[i])); }, fingerprint, members);
}

}  // namespace frugal
