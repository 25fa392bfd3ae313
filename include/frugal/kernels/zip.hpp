//! One pass over several vectors at once: the loop of optimizers and exchanges.
#pragma once

#include <cstddef>
#include <type_traits>

#include <frugal/core/exact.hpp>
#include <frugal/kernels/batch.hpp>

FRUGAL_KERNELS_BEGIN

namespace frugal::kernels {

//! f(a[i], b[i], ...) for all i < n; pointers to const are read, others are read and written.
//! f is generic in float and batches; products that are added to must go through `rounded` or `multiply_add`.
template <class Arch = default_arch, class F, class... Value>
void zip(std::size_t n, F f, Value* const... p) {
    std::size_t i = 0;
#if defined(FRUGAL_HAS_SIMD)
    if constexpr (SimdArch<Arch>) {
        using batch = float_batch<Arch>;
        const auto store = [&i](const batch& from, auto* to) {
            if constexpr (!std::is_const_v<std::remove_pointer_t<decltype(to)>>) {
                from.store_unaligned(to + i);
            }
        };
        const auto step = [&](auto... b) {
            f(b...);
            (store(b, p), ...);
        };
        for (; i + batch::size <= n; i += batch::size) {
            step(batch::load_unaligned(p + i)...);
        }
    }
#endif
    for (; i < n; ++i) {
        f(p[i]...);
    }
}

}  // namespace frugal::kernels

FRUGAL_KERNELS_END
