//! Sums and multiples of vectors, element by element, with both roundings of a * b + c on every instruction set.
#pragma once

#include <cstddef>
#include <span>

#include <frugal/core/exact.hpp>
#include <frugal/kernels/batch.hpp>
#include <frugal/kernels/prefetch.hpp>

FRUGAL_KERNELS_BEGIN

namespace frugal::kernels {

namespace detail {

//! out[i] = f(in[i]...) with f generic in float and batches.
template <class Arch, class F, class... In>
void transform(std::size_t n, float* out, F f, const In*... in) {
    std::size_t i = 0;
#if defined(FRUGAL_HAS_SIMD)
    if constexpr (SimdArch<Arch>) {
        using batch = float_batch<Arch>;
        for (; i + prefetch_step <= n; i += prefetch_step) {
            (prefetch_ahead(in, i), ...);
            for (std::size_t j = i; j < i + prefetch_step; j += batch::size) {
                f(batch::load_unaligned(in + j)...).store_unaligned(out + j);
            }
        }
        for (; i + batch::size <= n; i += batch::size) {
            f(batch::load_unaligned(in + i)...).store_unaligned(out + i);
        }
    }
#endif
    for (; i < n; ++i) {
        out[i] = f(in[i]...);
    }
}

}  // namespace detail

//! out = x + y; out may be x or y. Spans of one size.
template <class Arch = default_arch>
void add(std::span<const float> x, std::span<const float> y, std::span<float> out) {
    detail::transform<Arch>(
        out.size(), out.data(), [](const auto& a, const auto& b) { return a + b; }, x.data(), y.data());
}

//! out = x - y; out may be x or y.
template <class Arch = default_arch>
void subtract(std::span<const float> x, std::span<const float> y, std::span<float> out) {
    detail::transform<Arch>(
        out.size(), out.data(), [](const auto& a, const auto& b) { return a - b; }, x.data(), y.data());
}

//! out = factor * x; out may be x.
template <class Arch = default_arch>
void scale(float factor, std::span<const float> x, std::span<float> out) {
    detail::transform<Arch>(out.size(), out.data(), [factor]<class T>(const T& a) { return a * T(factor); }, x.data());
}

//! acc += factor * x.
template <class Arch = default_arch>
void axpy(float factor, std::span<const float> x, std::span<float> acc) {
    detail::transform<Arch>(
        acc.size(), acc.data(), [factor]<class T>(const T& a, const T& b) { return multiply_add(T(factor), a, b); },
        x.data(), acc.data());
}

//! out = (x_0 + x_1 + ... + x_{n-1}) * (1 / n), added in that order: the bits of adding one vector after another, in
//! one pass over memory. x: pointers to n >= 1 vectors of out.size() floats.
template <class Arch = default_arch>
void mean_of(std::span<const float* const> x, std::span<float> out) {
    const float factor = 1.0f / static_cast<float>(x.size());
    std::size_t i = 0;
#if defined(FRUGAL_HAS_SIMD)
    if constexpr (SimdArch<Arch>) {
        using batch = float_batch<Arch>;
        for (; i + 2 * batch::size <= out.size(); i += 2 * batch::size) {
            batch s0(0.0f);
            batch s1(0.0f);
            for (const float* v : x) {
                s0 = s0 + batch::load_unaligned(v + i);
                s1 = s1 + batch::load_unaligned(v + i + batch::size);
            }
            (s0 * batch(factor)).store_unaligned(out.data() + i);
            (s1 * batch(factor)).store_unaligned(out.data() + i + batch::size);
        }
    }
#endif
    for (; i < out.size(); ++i) {
        float s = 0.0f;
        for (const float* v : x) {
            s += v[i];
        }
        out[i] = s * factor;
    }
}

}  // namespace frugal::kernels

FRUGAL_KERNELS_END
