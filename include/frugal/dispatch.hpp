//! Code compiled for several levels of a processor's instruction set, and the one to run picked when it is first used.
//!
//! In a header, what there is to call:
//!
//!     struct gradient_codec {
//!         void (*encode)(std::span<const float> x, std::uint64_t round, std::vector<std::byte>& bytes);
//!     };
//!     FRUGAL_DISPATCHED(gradient_codec)
//!
//! In a source that CMake's `frugal_add_dispatched(program codec.cpp)` compiles for every level, functions of these
//! types and their table, under names that nothing else has:
//!
//!     FRUGAL_LEVEL_TABLE(gradient_codec, {&encode})
//!
//! Then `dispatched_gradient_codec().encode(...)` runs the best level of this processor; `dispatch_level()` names it.
//! The environment variable FRUGAL_LEVEL (`x86-64`, `x86-64-v3`, `x86-64-v4`) asks for another, which it gets if the
//! processor has it. Under other build systems: compile the source once for each level with `-march=<level>
//! -DFRUGAL_LEVEL=<level with underscores>`, then `ld -r --force-group-allocation -o all.o *.o` and `objcopy --wildcard
//! --keep-global-symbol='frugal_level_table_*' --rename-section .init_array=frugal_init_<level with underscores> all.o
//! level.o` for each level, and link the results. Global objects of a level are constructed when one of its tables is
//! first asked for: what constructs them may be nothing that the processor can execute.
#pragma once

#include <cstdlib>
#include <string_view>

namespace frugal {

//! The levels, from the lowest on. Each has all that those before it have.
enum class processor_level { x86_64, x86_64_v3, x86_64_v4, only };

constexpr std::string_view level_name(processor_level l) {
    constexpr std::string_view names[] = {"x86-64", "x86-64-v3", "x86-64-v4", "default"};
    return names[static_cast<int>(l)];
}

namespace detail {

inline processor_level highest_level() {
#if defined(__x86_64__)
    __builtin_cpu_init();
    const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
                    __builtin_cpu_supports("bmi2");
    const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl");
    return v4 ? processor_level::x86_64_v4 : v3 ? processor_level::x86_64_v3 : processor_level::x86_64;
#else
    return processor_level::only;
#endif
}

}  // namespace detail

//! The highest level whose instructions the compiler was told to use in this file.
#if !defined(__x86_64__)
constexpr processor_level compiled_level = processor_level::only;
#elif defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512CD__) && defined(__AVX512DQ__) && \
    defined(__AVX512VL__)
constexpr processor_level compiled_level = processor_level::x86_64_v4;
#elif defined(__AVX2__) && defined(__FMA__) && defined(__BMI__) && defined(__BMI2__)
constexpr processor_level compiled_level = processor_level::x86_64_v3;
#else
constexpr processor_level compiled_level = processor_level::x86_64;
#endif

//! The level that runs: the highest of this processor, or a lower one that FRUGAL_LEVEL asked for at the first call.
inline processor_level dispatch_level() {
    static const processor_level level = [] {
        const processor_level highest = detail::highest_level();
        if (const char* asked = std::getenv("FRUGAL_LEVEL")) {
            for (const auto l : {processor_level::x86_64, processor_level::x86_64_v3, processor_level::x86_64_v4}) {
                if (l <= highest && highest != processor_level::only && level_name(l) == asked) {
                    return l;
                }
            }
        }
        return highest;
    }();
    return level;
}

}  // namespace frugal

#if defined(__x86_64__)
// What constructs the global objects of a level: the linker's names of the sections that the objects of a level keep it
// in.
extern "C" {
__attribute__((weak)) extern void (*const __start_frugal_init_x86_64[])();
__attribute__((weak)) extern void (*const __stop_frugal_init_x86_64[])();
__attribute__((weak)) extern void (*const __start_frugal_init_x86_64_v3[])();
__attribute__((weak)) extern void (*const __stop_frugal_init_x86_64_v3[])();
__attribute__((weak)) extern void (*const __start_frugal_init_x86_64_v4[])();
__attribute__((weak)) extern void (*const __stop_frugal_init_x86_64_v4[])();
}

namespace frugal::detail {

//! Constructs the global objects of a level of this program or shared library, once.
__attribute__((visibility("hidden"))) inline void initialize_level(processor_level l) {
    const auto run = [](void (*const* from)(), void (*const* to)()) {
        for (; from != to; ++from) {
            (*from)();
        }
        return true;
    };
    if (l == processor_level::x86_64) {
        [[maybe_unused]] static const bool done = run(__start_frugal_init_x86_64, __stop_frugal_init_x86_64);
    } else if (l == processor_level::x86_64_v3) {
        [[maybe_unused]] static const bool done = run(__start_frugal_init_x86_64_v3, __stop_frugal_init_x86_64_v3);
    } else if (l == processor_level::x86_64_v4) {
        [[maybe_unused]] static const bool done = run(__start_frugal_init_x86_64_v4, __stop_frugal_init_x86_64_v4);
    }
}

}  // namespace frugal::detail
#endif

#define FRUGAL_JOINED_(a, b) a##b
#define FRUGAL_JOINED(a, b) FRUGAL_JOINED_(a, b)

//! Declares `const Table& dispatched_Table()`, the table of the level that runs, and `const Table* Table_for(l)`, the
//! one of another: null where the program was not compiled for it, or this processor does not have it. Table: the
//! unqualified name of an aggregate of function pointers.
#define FRUGAL_DISPATCHED(Table)                                                            \
    FRUGAL_LEVEL_TABLES_(Table)                                                             \
    inline const Table& dispatched_##Table() {                                              \
        static const Table* const chosen = [] {                                             \
            const Table* const table = Table##_for(::frugal::dispatch_level());             \
            return table != nullptr ? table : Table##_for(::frugal::processor_level::only); \
        }();                                                                                \
        return *chosen;                                                                     \
    }
#if defined(__x86_64__)
#define FRUGAL_LEVEL_TABLES_(Table)                                                                                   \
    extern "C" __attribute__((weak)) const Table frugal_level_table_##Table##_x86_64;                                 \
    extern "C" __attribute__((weak)) const Table frugal_level_table_##Table##_x86_64_v3;                              \
    extern "C" __attribute__((weak)) const Table frugal_level_table_##Table##_x86_64_v4;                              \
    extern "C" __attribute__((weak)) const Table frugal_level_table_##Table##_default;                                \
    inline const Table* Table##_for(::frugal::processor_level level) {                                                \
        if (level != ::frugal::processor_level::only) {                                                               \
            if (level > ::frugal::detail::highest_level()) {                                                          \
                return nullptr;                                                                                       \
            }                                                                                                         \
            ::frugal::detail::initialize_level(level);                                                                \
        }                                                                                                             \
        const Table* const tables[] = {&frugal_level_table_##Table##_x86_64, &frugal_level_table_##Table##_x86_64_v3, \
                                       &frugal_level_table_##Table##_x86_64_v4,                                       \
                                       &frugal_level_table_##Table##_default};                                        \
        return tables[static_cast<int>(level)];                                                                       \
    }
#else
#define FRUGAL_LEVEL_TABLES_(Table)                                                                        \
    extern "C" const Table frugal_level_table_##Table##_default;                                           \
    inline const Table* Table##_for(::frugal::processor_level level) {                                     \
        return level == ::frugal::processor_level::only ? &frugal_level_table_##Table##_default : nullptr; \
    }
#endif

//! Defines the table of the level that this source is compiled for.
#define FRUGAL_LEVEL_TABLE(Table, ...) \
    extern "C" const Table FRUGAL_JOINED(frugal_level_table_##Table##_, FRUGAL_LEVEL) = __VA_ARGS__;
