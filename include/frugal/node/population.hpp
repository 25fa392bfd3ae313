//! `population<N>`: the nodes of a run, built where and when they are needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <frugal/concepts.hpp>
#include <frugal/core/error.hpp>
#include <frugal/node/clock.hpp>
#include <frugal/node/cohort.hpp>
#include <frugal/node/peer.hpp>

namespace frugal {

//! One participant of a distributed algorithm: a program of rounds. What lives in a round is a local of `round`, what
//! survives it a member, saved and restored by `state`. Optional: `parameters()`, its model.
template <class N>
concept Program = std::move_constructible<N> && requires(N n, peer here, state_archive& a) {
    { n.round(here) } -> std::same_as<task<>>;
    n.state(a);
};

//! The model of a node; empty of those that have none.
template <class N>
std::span<const float> parameters_of(const N& node) {
    if constexpr (requires {
                      { node.parameters() } -> std::convertible_to<std::span<const float>>;
                  }) {
        return node.parameters();
    } else {
        return {};
    }
}

//! Nodes 0 <= i < size(), made by a function of their number on first use, so that a rank holds only its own; or a
//! vector of nodes that exist. Who uses it from several threads builds first.
template <class N>
    requires Program<N> || Reactor<N>
class population {
public:
    //! make(i): node i; the same on every rank. fingerprint: a hash of all that was configured, compared between ranks.
    population(std::size_t size, std::uint64_t seed, std::function<N(std::uint32_t)> make,
               std::uint64_t fingerprint = 0, frugal::cohort members = {})
        : make_(std::move(make)), seed_(seed), fingerprint_(fingerprint), members_(std::move(members)), built_(size) {
        expect(size > 0, "a population needs at least one node");
    }
    //! Nodes kept by the caller, for as long as this is used.
    population(std::span<N> nodes, std::uint64_t seed, frugal::cohort members = {})
        : seed_(seed), members_(std::move(members)), listed_(nodes) {
        expect(!nodes.empty(), "run: there are no nodes");
    }

    std::size_t size() const { return listed_.empty() ? built_.size() : listed_.size(); }
    std::uint64_t seed() const { return seed_; }
    std::uint64_t fingerprint() const { return mix_bits(fingerprint_ ^ mix_bits(seed_ ^ mix_bits(size()))); }
    //! Adds a hash of other settings to the fingerprint.
    void configure(std::uint64_t settings) { fingerprint_ = mix_bits(fingerprint_ ^ settings); }
    const frugal::cohort& cohort() const { return members_; }

    N& operator[](std::size_t i) {
        if (!listed_.empty()) {
            return listed_[i];
        }
        if (!built_[i]) {
            built_[i] = std::make_unique<N>(make_(static_cast<std::uint32_t>(i)));
        }
        return *built_[i];
    }

    //! Over all nodes, in order; builds those that are not.
    class iterator {
    public:
        using value_type = N;
        using difference_type = std::ptrdiff_t;
        iterator(population* of, std::size_t at) : of_(of), at_(at) {}
        N& operator*() const { return (*of_)[at_]; }
        iterator& operator++() {
            ++at_;
            return *this;
        }
        bool operator==(const iterator& other) const { return at_ == other.at_; }

    private:
        population* of_;
        std::size_t at_;
    };
    iterator begin() { return {this, 0}; }
    iterator end() { return {this, size()}; }

    void build(std::size_t first, std::size_t last) {
        for (std::size_t i = first; i < last; ++i) {
            (*this)[i];
        }
    }

private:
    std::function<N(std::uint32_t)> make_;
    std::uint64_t seed_ = 0;
    std::uint64_t fingerprint_ = 0;
    frugal::cohort members_;
    std::vector<std::unique_ptr<N>> built_;
    std::span<N> listed_;
};

}  // namespace frugal
