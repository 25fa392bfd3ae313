//! One pass over several vectors at once: the loop of every optimizer.
#pragma once

#include <cstddef>
#include <span>
#include <type_traits>
#include <vector>

#include <frugal/core/error.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/kernels/batch.hpp>

FRUGAL_KERNELS_BEGIN

namespace frugal::detail {

//! f(a[i], b[i], ...) for all i < n; pointers to const are read, others are read and written.
//! f is generic in float and batches; products that are added to must go through `rounded` or `multiply_add`.
template <class Arch = default_arch, class F, class... Value>
void elementwise(std::size_t n, F f, Value* const... p) {
    std::size_t i = 0;
#if defined(FRUGAL_HAS_SIMD)
    if constexpr (SimdArch<Arch>) {
        using batch = kernels::float_batch<Arch>;
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

//! An optimizer's buffer on first use is zero; later it must keep its length.
inline void expect_buffer(std::vector<float>& buffer, std::size_t d) {
    if (buffer.size() != d) {
        expect(buffer.empty(), "an optimizer was used for vectors of different length: keep one optimizer per model");
        buffer.assign(d, 0.0f);
    }
}

inline void expect_same_length(std::span<const float> w, std::span<const float> g) {
    expect(w.size() == g.size(), "an optimizer was given parameters and a gradient of different length");
}

}  // namespace frugal::detail

FRUGAL_KERNELS_END
