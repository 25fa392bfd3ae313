//! What a node computes between exchanges.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>

#include <frugal/concepts.hpp>

namespace frugal {

//! The mean training loss that a step saw, and over how many samples.
struct work_report {
    double loss = 0;
    double samples = 1;
};

//! One step at a time: step(x, t) moves x; t counts the steps of this node. k local steps are a loop.
template <class W>
concept Work = std::move_constructible<W> && requires(W w, std::span<float> x, std::uint64_t t, state_archive& a) {
    { w.step(x, t) } -> std::same_as<work_report>;
    w.state(a);
};

//! A direction to be averaged before anybody moves: gradient(x, t, g) fills g; x minus g is where this node would go,
//! up to a step size. A gradient of an objective, or what a run of local steps amounts to.
template <class W>
concept GradientWork = std::move_constructible<W> &&
                       requires(W w, std::span<const float> x, std::uint64_t t, std::span<float> g, state_archive& a) {
                           { w.gradient(x, t, g) } -> std::same_as<work_report>;
                           { w.dimension() } -> std::convertible_to<std::size_t>;
                           w.state(a);
                       };

}  // namespace frugal
