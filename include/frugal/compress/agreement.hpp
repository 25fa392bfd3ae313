#pragma once
#include <optional>
#include <frugal/concepts.hpp>
namespace frugal {
struct nonfinite_input : invalid_input { using invalid_input::invalid_input; std::size_t index=0; };
template <class C> std::size_t agreement_size_of(const C&, std::size_t) { return 0; }
template <class C> void share_of(const C&, std::span<const float>, std::span<float>) {}
template <class C> void agree_with(C&, std::span<const float>) {}
template <class C> std::size_t granule_of(const C&) { return 1; }
struct laws { bool unbiased; std::optional<double> variance; bool lossless() const { return variance && *variance == 0; } };
template <class C> laws laws_of(const C& c, std::size_t d) { if constexpr (requires { c.variance(d); }) return {true, c.variance(d)}; else return {false, {}}; }
template <class A> inline constexpr bool is_coordinatewise = true;
}
