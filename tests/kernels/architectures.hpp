//! Runs a check for every architecture that the compiler was allowed to use, from scalar loops to the widest vectors.
#pragma once

#include <type_traits>

#include <frugal/kernels/batch.hpp>

namespace test {

#if defined(FRUGAL_HAS_SIMD)

template <class F, class... Arch>
void for_each_in(xsimd::arch_list<Arch...>, F f) {
    const auto if_usable = [&](auto arch) {
        if constexpr (!std::is_same_v<typename frugal::usable_arch<decltype(arch)>::type, frugal::scalar_arch>) {
            f(arch);
        }
    };
    (if_usable(Arch{}), ...);
}

//! Calls f(Arch{}).
template <class F>
void for_each_architecture(F f) {
    f(frugal::scalar_arch{});
    for_each_in(xsimd::supported_architectures{}, f);
}

#else

template <class F>
void for_each_architecture(F f) {
    f(frugal::scalar_arch{});
}

#endif

}  // namespace test
