//! Arithmetic that a compiler may not contract, so that the same source gives the same bits on every instruction set.
#pragma once

#include <concepts>
#include <limits>
#include <type_traits>

#if defined(__FAST_MATH__)
#error "frugal needs IEEE arithmetic: compile without -ffast-math and -Ofast, which change its bits and drop its checks"
#endif

namespace frugal {

//! Returns `x` as a value already rounded to float: a following addition cannot be fused with the product that made x.
//!
//! GCC and Clang contract `a * b + c` into one rounding where the target has fused multiply-add; a decoder that did so
//! would disagree with one that has not. Costs no instruction.
constexpr float rounded(float x) {
    if (!std::is_constant_evaluated()) {
#if defined(__x86_64__)
        __asm__("" : "+x"(x));
#elif defined(__aarch64__)
        __asm__("" : "+w"(x));
#else
        volatile float stored = x;
        x = stored;
#endif
    }
    return x;
}

constexpr double rounded(double x) {
    if (!std::is_constant_evaluated()) {
#if defined(__x86_64__)
        __asm__("" : "+x"(x));
#elif defined(__aarch64__)
        __asm__("" : "+w"(x));
#else
        volatile double stored = x;
        x = stored;
#endif
    }
    return x;
}

//! The same for a SIMD batch, without naming the SIMD library: anything that holds its register as `data`.
template <class Batch>
    requires requires(Batch x) { x.data; }
Batch rounded(Batch x) {
#if defined(__x86_64__)
    __asm__("" : "+v"(x.data));
#elif defined(__aarch64__)
    __asm__("" : "+w"(x.data));
#else
    __asm__("" : "+m"(x.data));
#endif
    return x;
}

//! Neither infinite nor NaN.
template <std::floating_point T>
constexpr bool is_finite(T x) {
    return x - x == 0;
}

//! Does this thread keep subnormal numbers? Not where MXCSR or FPCR say "flush to zero": what is linked with
//! -ffast-math sets that for the whole process, and some frameworks do on request.
inline bool keeps_subnormals() {
    volatile float smallest_normal = std::numeric_limits<float>::min();
    volatile float half = smallest_normal * 0.5f;
    return half + half == smallest_normal;
}

//! a * b + c with both roundings, on every target.
template <class T>
constexpr T multiply_add(T a, T b, T c) {
    return rounded(T(a * b)) + c;
}

}  // namespace frugal
