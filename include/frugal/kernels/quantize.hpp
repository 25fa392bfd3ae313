//! Scaled coordinates to symbols and back: the inner loops of every scalar quantizer. No policy, no wire.
//!
//! Element i of a span is coordinate `first + i` of the message, and takes that element of the dither stream (of
//! `centered` or `centered_16`, as the quantizer says). A quantizer that is generic in its arithmetic type runs on
//! batches of `Arch`; one that takes float only runs element by element. Results have the same bits either way. Fastest
//! where `first` is a multiple of 128.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include <frugal/concepts.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/core/random.hpp>
#include <frugal/kernels/batch.hpp>
#include <frugal/kernels/philox.hpp>
#include <frugal/kernels/prefetch.hpp>

FRUGAL_KERNELS_BEGIN

namespace frugal::kernels {

//! index(x, u) for quantizers that take dither, index(x) for those that do not.
template <class Q, class T>
T index_of(const Q& q, const T& x, const T& u) {
    if constexpr (encodes_with_dither<Q>) {
        return q.index(x, u);
    } else {
        return q.index(x);
    }
}

template <class Q, class T>
T value_of(const Q& q, const T& i, const T& u) {
    if constexpr (decodes_with_dither<Q>) {
        return q.value(i, u);
    } else {
        return q.value(i);
    }
}

//! Can Q's index (or value) work on T?
template <class Q, class T>
concept IndexesAs = requires(const Q q, const T x) {
    { q.index(x, x) } -> std::same_as<T>;
} || requires(const Q q, const T x) {
    { q.index(x) } -> std::same_as<T>;
};
//! Its value.
template <class Q, class T>
concept ValuesAs = requires(const Q q, const T x) {
    { q.value(x, x) } -> std::same_as<T>;
} || requires(const Q q, const T x) {
    { q.value(x) } -> std::same_as<T>;
};

//! The same on batches of Arch. (Variables, as batches of `scalar_arch` must not even be named.)
template <class Q, class Arch>
inline constexpr bool indexes_batches = false;
template <class Q, class Arch>
inline constexpr bool values_batches = false;
#if defined(FRUGAL_HAS_SIMD)
template <class Q, SimdArch Arch>
inline constexpr bool indexes_batches<Q, Arch> = IndexesAs<Q, float_batch<Arch>>;
template <class Q, SimdArch Arch>
inline constexpr bool values_batches<Q, Arch> = ValuesAs<Q, float_batch<Arch>>;
#endif

//! Does Q map `Q::group` coordinates together? index_group(x, u, index): the indices of a group;
//! expand_group(index, point): what `value` takes for each of them. A group is aligned, and lies within one bucket.
template <class Q>
inline constexpr std::size_t group_of = 0;
template <class Q>
    requires requires { Q::group; }
inline constexpr std::size_t group_of<Q> = Q::group;

//! The symbols of one group of 64 coordinates or of a part of it.
template <class Arch, Quantizer Q, class Symbol>
class quantize_kernel {
public:
    quantize_kernel(const Q& q, float inverse_step)
        : q_(q),
          symbols_(q.symbols()),
          low_(static_cast<float>(symbols_.lowest)),
          high_(static_cast<float>(symbols_.highest)),
          inverse_step_(inverse_step) {}

    static constexpr bool dithered = encodes_with_dither<Q>;
    static constexpr std::size_t together = group_of<Q>;
    static constexpr bool batches = together == 0 && indexes_batches<Q, Arch>;

    void element(const float* x, Symbol* out, float u) const {
        const float i = index_of(q_, rounded(*x * inverse_step_), u);
        const float index = std::max(i < high_ ? i : high_, low_);  // the highest also for what is no number
        *out = static_cast<Symbol>(static_cast<int>(index) - symbols_.lowest);
    }
    void elements_together(const float* x, Symbol* out, const float* u) const
        requires(together > 0)
    {
        float scaled[together];
        int index[together];
        for (std::size_t i = 0; i < together; ++i) {
            scaled[i] = rounded(x[i] * inverse_step_);
        }
        q_.index_group(scaled, u, index);
        for (std::size_t i = 0; i < together; ++i) {
            out[i] = static_cast<Symbol>(index[i] - symbols_.lowest);
        }
    }

#if defined(FRUGAL_HAS_SIMD)
    //! Coordinates 16 w + l of x, w < 4, l < lanes.
    template <SimdArch A>
    void vectors(const float* x, Symbol* out, const float_batch<A> (&u)[4]) const
        requires(batches)
    {
        using batch = float_batch<A>;
        const bool saturate = sizeof(Symbol) == 1 && fits_16_bits_;
        int_batch<A> index[4];
        FRUGAL_UNROLL
        for (std::size_t w = 0; w < 4; ++w) {
            const batch scaled = rounded(batch::load_unaligned(x + random_stream::lanes * w) * batch(inverse_step_));
            batch i = lane_operations<A>::smaller(index_of(q_, scaled, u[w]), batch(high_));
            if (!saturate) {
                i = xsimd::max(i, batch(low_));
            }
            index[w] = xsimd::to_int(i);
        }
        if constexpr (sizeof(Symbol) == 1) {
            if (saturate) {
                lane_operations<A>::store_saturated(index, symbols_.lowest, out);
                return;
            }
        }
        FRUGAL_UNROLL
        for (std::size_t w = 0; w < 4; ++w) {
            index[w] = index[w] - int_batch<A>(symbols_.lowest);
        }
        if constexpr (sizeof(Symbol) == 1) {
            lane_operations<A>::store_saturated(index, 0, out);
        } else {
            FRUGAL_UNROLL
            for (std::size_t w = 0; w < 4; ++w) {
                same_bits<Symbol>(index[w]).store_unaligned(out + random_stream::lanes * w);
            }
        }
    }
#endif

private:
    const Q& q_;
    alphabet symbols_;
    float low_;
    float high_;
    bool fits_16_bits_ = symbols_.lowest >= -32768 && symbols_.highest <= 32767;
    float inverse_step_;
};

//! The values of one group of 64 symbols or of a part of it; with Add, what is added to the output.
template <class Arch, Quantizer Q, class Symbol, bool Add>
class reconstruct_kernel {
public:
    reconstruct_kernel(const Q& q, float factor) : q_(q), lowest_(q.symbols().lowest), factor_(factor) {}

    static constexpr bool dithered = decodes_with_dither<Q>;
    static constexpr std::size_t together = group_of<Q>;
    static constexpr bool batches = together == 0 && values_batches<Q, Arch>;

    void element(const Symbol* symbol, float* y, float u) const {
        const float value = value_of(q_, static_cast<float>(static_cast<int>(*symbol) + lowest_), u);
        *y = Add ? multiply_add(factor_, value, *y) : factor_ * value;
    }
    void elements_together(const Symbol* symbol, float* y, const float* u) const
        requires(together > 0)
    {
        int index[together];
        float point[together];
        for (std::size_t i = 0; i < together; ++i) {
            index[i] = static_cast<int>(symbol[i]) + lowest_;
        }
        q_.expand_group(index, point);
        for (std::size_t i = 0; i < together; ++i) {
            const float value = value_of(q_, point[i], u[i]);
            y[i] = Add ? multiply_add(factor_, value, y[i]) : factor_ * value;
        }
    }

#if defined(FRUGAL_HAS_SIMD)
    template <SimdArch A>
    void vectors(const Symbol* symbols, float* y, const float_batch<A> (&u)[4]) const
        requires(batches)
    {
        using batch = float_batch<A>;
        FRUGAL_UNROLL
        for (std::size_t w = 0; w < 4; ++w) {
            int_batch<A> symbol;
            if constexpr (sizeof(Symbol) == 1) {
                symbol = lane_operations<A>::load_bytes(symbols + random_stream::lanes * w);
            } else {
                symbol = same_bits<std::int32_t>(word_batch<A>::load_unaligned(symbols + random_stream::lanes * w));
            }
            const batch index = xsimd::to_float(symbol + int_batch<A>(lowest_));
            const batch value = value_of(q_, index, u[w]);
            float* const out = y + random_stream::lanes * w;
            if constexpr (Add) {
                multiply_add(batch(factor_), value, batch::load_unaligned(out)).store_unaligned(out);
            } else {
                (batch(factor_) * value).store_unaligned(out);
            }
        }
    }
#endif

private:
    const Q& q_;
    int lowest_;
    float factor_;
};

//! The symbols of z = x + residual, which becomes z - step * value: error feedback with one draw of the dither. The
//! residual of x[i] is at the same place behind `residual` as x[i] behind `x`: whole groups only.
template <class Arch, Quantizer Q, class Symbol>
class feedback_kernel {
public:
    feedback_kernel(const Q& q, float inverse_step, float step, const float* x, float* residual)
        : q_(q),
          symbols_(q.symbols()),
          low_(static_cast<float>(symbols_.lowest)),
          high_(static_cast<float>(symbols_.highest)),
          inverse_step_(inverse_step),
          factor_(-step),
          x_(x),
          residual_(residual) {}

    static constexpr bool dithered = encodes_with_dither<Q> || decodes_with_dither<Q>;
    static constexpr std::size_t together = group_of<Q>;
    static constexpr bool batches = together == 0 && indexes_batches<Q, Arch> && values_batches<Q, Arch>;

    void element(const float* x, Symbol* out, float u) const {
        float& r = residual_[x - x_];
        const float z = *x + r;
        const float i = index_of(q_, rounded(z * inverse_step_), u);
        const int index = static_cast<int>(std::max(i < high_ ? i : high_, low_));
        *out = static_cast<Symbol>(index - symbols_.lowest);
        r = multiply_add(factor_, value_of(q_, static_cast<float>(index), u), z);
    }
    void elements_together(const float* x, Symbol* out, const float* u) const
        requires(together > 0)
    {
        float* const r = residual_ + (x - x_);
        float scaled[together];
        int index[together];
        float point[together];
        for (std::size_t i = 0; i < together; ++i) {
            scaled[i] = rounded((x[i] + r[i]) * inverse_step_);
        }
        q_.index_group(scaled, u, index);
        q_.expand_group(index, point);
        for (std::size_t i = 0; i < together; ++i) {
            out[i] = static_cast<Symbol>(index[i] - symbols_.lowest);
            r[i] = multiply_add(factor_, value_of(q_, point[i], u[i]), x[i] + r[i]);
        }
    }

#if defined(FRUGAL_HAS_SIMD)
    template <SimdArch A>
    void vectors(const float* x, Symbol* out, const float_batch<A> (&u)[4]) const
        requires(batches)
    {
        using batch = float_batch<A>;
        float* const r = residual_ + (x - x_);
        int_batch<A> index[4];
        FRUGAL_UNROLL
        for (std::size_t w = 0; w < 4; ++w) {
            const std::size_t at = random_stream::lanes * w;
            const batch z = batch::load_unaligned(x + at) + batch::load_unaligned(r + at);
            const batch scaled = rounded(z * batch(inverse_step_));
            const batch i = lane_operations<A>::smaller(index_of(q_, scaled, u[w]), batch(high_));
            index[w] = xsimd::to_int(xsimd::max(i, batch(low_)));
            const batch value = value_of(q_, batch(xsimd::to_float(index[w])), u[w]);
            multiply_add(batch(factor_), value, z).store_unaligned(r + at);
            index[w] = index[w] - int_batch<A>(symbols_.lowest);
        }
        if constexpr (sizeof(Symbol) == 1) {
            lane_operations<A>::store_saturated(index, 0, out);
        } else {
            FRUGAL_UNROLL
            for (std::size_t w = 0; w < 4; ++w) {
                same_bits<Symbol>(index[w]).store_unaligned(out + random_stream::lanes * w);
            }
        }
    }
#endif

private:
    const Q& q_;
    alphabet symbols_;
    float low_;
    float high_;
    float inverse_step_;
    float factor_;
    const float* x_;
    float* residual_;
};

namespace detail {

//! How many elements share a word of the dither.
template <dither_bits Bits>
inline constexpr std::size_t elements_of_word = Bits == dither_bits::sixteen ? 2 : 1;

//! Runs a kernel over n elements, element by element.
template <dither_bits Bits, class Kernel, class In, class Out>
void run_elements(const Kernel& kernel, const In* in, std::size_t n, const philox_schedule& schedule,
                  std::uint64_t first, Out* out) {
    if constexpr (Kernel::dithered) {
        constexpr std::size_t size = random_stream::group * elements_of_word<Bits>;
        std::uint32_t words[random_stream::group];
        for (std::size_t i = 0; i < n;) {
            const std::size_t offset = (first + i) % size;
            const std::size_t count = std::min(n - i, size - offset);
            philox_group(schedule, (first + i) / size, words);
            for (std::size_t j = 0; j < count; ++j) {
                const std::uint32_t word = words[(offset + j) % random_stream::group];
                const float u = Bits == dither_bits::thirty_two     ? centered_from_word(word)
                                : offset + j < random_stream::group ? centered_from_lower_half(word)
                                                                    : centered_from_upper_half(word);
                kernel.element(in + i + j, out + i + j, u);
            }
            i += count;
        }
    } else {
        for (std::size_t i = 0; i < n; ++i) {
            kernel.element(in + i, out + i, 0.0f);
        }
    }
}

//! f(i, count, whole) for the parts of [0, n), element i being coordinate first + i: aligned groups of `together` as a
//! whole, and one by one what is left at the ends.
template <std::size_t together, class F>
void for_groups(std::uint64_t first, std::size_t n, F f) {
    const std::size_t head = std::min<std::size_t>(n, (together - first % together) % together);
    const std::size_t end = head + (n - head) / together * together;
    for (std::size_t i = 0; i < head; ++i) {
        f(i, false);
    }
    for (std::size_t i = head; i < end; i += together) {
        f(i, true);
    }
    for (std::size_t i = end; i < n; ++i) {
        f(i, false);
    }
}

//! Runs a kernel of groups that are mapped together over n elements.
template <class Arch, class Kernel, class In, class Out>
void run_together(const Kernel& kernel, const In* in, std::size_t n, const random_stream& dither, std::uint64_t first,
                  Out* out) {
    constexpr std::size_t block = 1024;
    static_assert(block % Kernel::together == 0);
    float u[block] = {};
    for (std::size_t at = 0; at < n;) {
        const std::size_t count = std::min<std::size_t>(n - at, block - (first + at) % block);
        if constexpr (Kernel::dithered) {
            random_centered<Arch>(dither, first + at, count, u);
        }
        for_groups<Kernel::together>(first + at, count, [&](std::size_t i, bool whole) {
            if (whole) {
                kernel.elements_together(in + at + i, out + at + i, u + i);
            } else {
                kernel.element(in + at + i, out + at + i, u[i]);
            }
        });
        at += count;
    }
}

#if defined(FRUGAL_HAS_SIMD)

//! Runs a kernel over `groups` whole groups: of 64 elements, or of 128 that share 64 words.
template <class Arch, dither_bits Bits, class Kernel, class In, class Out>
void run_groups(const Kernel& shared_kernel, const In* in, std::size_t groups, const philox_schedule& schedule,
                std::uint64_t group, Out* out) {
    constexpr std::size_t lanes = random_stream::lanes;
    constexpr std::size_t size = random_stream::group * elements_of_word<Bits>;
    static_assert(random_stream::group == prefetch_step);
    const Kernel kernel = shared_kernel;  // a copy, as stores of bytes might alias the original
    std::size_t g = 0;
    while (g < groups) {
        // The upper half of the block index changes every 2^28 groups.
        const std::uint64_t block = (group + g) * lanes;
        const std::uint64_t left = ((std::uint64_t{1} << 32) - static_cast<std::uint32_t>(block)) / lanes;
        const std::size_t end = g + static_cast<std::size_t>(std::min<std::uint64_t>(groups - g, left));
        const auto shared = schedule.share(static_cast<std::uint32_t>(block >> 32));
        const auto run = [&]<std::size_t Sets>(std::integral_constant<std::size_t, Sets>,
                                               std::uint32_t low) __attribute__((always_inline)) {
            for (std::size_t k = 0; k < Sets * elements_of_word<Bits>; ++k) {
                if constexpr (std::is_same_v<In, float>) {
                    prefetch_ahead(in, g * size + k * random_stream::group);
                } else {
                    prefetch_ahead<true>(out, g * size + k * random_stream::group);
                }
            }
            FRUGAL_UNROLL
            for (std::size_t part = 0; part < lanes; part += lanes_of<Arch>) {
                float_batch<Arch> u[4];
                const auto vectors = [&](std::size_t at) __attribute__((always_inline)) {
                    kernel.template vectors<Arch>(in + at + part, out + at + part, u);
                };
                if constexpr (Kernel::dithered) {
                    word_batch<Arch> words[Sets][4];
                    philox_blocks<Arch, Sets>(schedule, shared, low + static_cast<std::uint32_t>(part), words);
                    FRUGAL_UNROLL
                    for (std::size_t k = 0; k < Sets; ++k) {
                        FRUGAL_UNROLL
                        for (std::size_t w = 0; w < 4; ++w) {
                            u[w] = Bits == dither_bits::thirty_two ? centered_from_words(words[k][w])
                                                                   : centered_from_halves<false>(words[k][w]);
                        }
                        vectors((g + k) * size);
                        if constexpr (Bits == dither_bits::sixteen) {
                            FRUGAL_UNROLL
                            for (std::size_t w = 0; w < 4; ++w) {
                                u[w] = centered_from_halves<true>(words[k][w]);
                            }
                            vectors((g + k) * size + random_stream::group);
                        }
                    }
                } else {
                    u[0] = u[1] = u[2] = u[3] = float_batch<Arch>(0.0f);
                    FRUGAL_UNROLL
                    for (std::size_t k = 0; k < Sets; ++k) {
                        vectors((g + k) * size);
                    }
                }
            }
            g += Sets;
            return low + static_cast<std::uint32_t>(Sets * lanes);
        };
        auto low = static_cast<std::uint32_t>(block);
        constexpr std::size_t sets = lane_operations<Arch>::sets;
        while (g + sets <= end) {
            low = run(std::integral_constant<std::size_t, sets>{}, low);
        }
        while (g < end) {
            low = run(std::integral_constant<std::size_t, 1>{}, low);
        }
    }
}

#endif

//! Runs a kernel over n elements: whole groups in place, the parts of groups at both ends through a copy.
template <class Arch, dither_bits Bits, class Kernel, class In, class Out>
void run_kernel_with(const Kernel& kernel, const In* in, std::size_t n, const random_stream& dither,
                     std::uint64_t first, Out* out) {
    if constexpr (Kernel::together > 0) {
        static_assert(Bits == dither_bits::thirty_two);
        run_together<Arch>(kernel, in, n, dither, first, out);
        return;
    }
    const philox_schedule schedule(dither);
    if constexpr (!Kernel::batches && Kernel::together == 0) {
        run_elements<Bits>(kernel, in, n, schedule, first, out);
    }
#if defined(FRUGAL_HAS_SIMD)
    if constexpr (Kernel::batches) {
        constexpr std::size_t size = random_stream::group * elements_of_word<Bits>;
        const auto partial = [&](std::size_t at, std::size_t count) {
            In from[size] = {};
            Out to[size] = {};
            const std::size_t offset = (first + at) % size;
            std::copy_n(in + at, count, from + offset);
            std::copy_n(out + at, count, to + offset);
            run_groups<Arch, Bits>(kernel, from, 1, schedule, (first + at) / size, to);
            std::copy_n(to + offset, count, out + at);
        };
        std::size_t at = 0;
        if (first % size != 0) {
            at = std::min<std::size_t>(n, size - first % size);
            partial(0, at);
        }
        const std::size_t groups = (n - at) / size;
        run_groups<Arch, Bits>(kernel, in + at, groups, schedule, (first + at) / size, out + at);
        at += groups * size;
        if (at < n) {
            partial(at, n - at);
        }
    }
#endif
}

//! Does Q ask for dither of 16 bits, under some option?
template <class Q>
inline constexpr bool may_draw_16_bits = requires(const Q q) { q.dither(); };

//! The same with the dither that q asks for.
template <class Arch, class Q, class Kernel, class In, class Out>
void run_kernel(const Q& q, const Kernel& kernel, const In* in, std::size_t n, const random_stream& dither,
                std::uint64_t first, Out* out) {
    if constexpr (may_draw_16_bits<Q> && Kernel::dithered) {
        if (dither_of(q) == dither_bits::sixteen) {
            run_kernel_with<Arch, dither_bits::sixteen>(kernel, in, n, dither, first, out);
            return;
        }
    }
    run_kernel_with<Arch, dither_bits::thirty_two>(kernel, in, n, dither, first, out);
}

}  // namespace detail

//! symbols[i] = clamp(index(x[i] * inverse_step, dither)) - lowest; x finite. O(n), one pass over x.
template <class Arch = default_arch, Quantizer Q, class Symbol>
void quantize(const Q& q, std::span<const float> x, float inverse_step, const random_stream& dither,
              std::uint64_t first, Symbol* symbols) {
    const quantize_kernel<Arch, Q, Symbol> kernel(q, inverse_step);
    detail::run_kernel<Arch>(q, kernel, x.data(), x.size(), dither, first, symbols);
}

//! y[i] = step * value(symbols[i] + lowest, dither).
template <class Arch = default_arch, Quantizer Q, class Symbol>
void reconstruct(const Q& q, const Symbol* symbols, float step, const random_stream& dither, std::uint64_t first,
                 std::span<float> y) {
    const reconstruct_kernel<Arch, Q, Symbol, false> kernel(q, step);
    detail::run_kernel<Arch>(q, kernel, symbols, y.size(), dither, first, y.data());
}

//! acc[i] += factor * value(symbols[i] + lowest, dither), both operations rounded.
template <class Arch = default_arch, Quantizer Q, class Symbol>
void reconstruct_add(const Q& q, const Symbol* symbols, float factor, const random_stream& dither, std::uint64_t first,
                     std::span<float> acc) {
    const reconstruct_kernel<Arch, Q, Symbol, true> kernel(q, factor);
    detail::run_kernel<Arch>(q, kernel, symbols, acc.size(), dither, first, acc.data());
}

//! The symbols of z = x + residual, and residual = z - step * value, with the bits of `quantize` and `reconstruct_add`.
//! A step of 0 leaves residual = z.
template <class Arch = default_arch, Quantizer Q, class Symbol>
void quantize_with_feedback(const Q& q, std::span<const float> x, float step, const random_stream& dither,
                            std::uint64_t first, Symbol* symbols, std::span<float> residual) {
    const std::size_t group = random_stream::group * (dither_of(q) == dither_bits::sixteen ? 2 : 1);
    const std::size_t head = std::min<std::size_t>(x.size(), (group - first % group) % group);
    const std::size_t whole = (x.size() - head) / group * group;
    const float inverse_step = step > 0 ? 1.0f / step : 0.0f;
    const auto part_of_group = [&](std::size_t at, std::size_t n) {  // what a kernel gets copied to another place
        const std::span<float> r = residual.subspan(at, n);
        for (std::size_t i = 0; i < n; ++i) {
            r[i] += x[at + i];
        }
        quantize<Arch>(q, r, inverse_step, dither, first + at, symbols + at);
        reconstruct_add<Arch>(q, symbols + at, -step, dither, first + at, r);
    };
    part_of_group(0, head);
    if (whole > 0) {  // else the head may end within a group, of which run_kernel would make a copy
        const feedback_kernel<Arch, Q, Symbol> kernel(q, inverse_step, step, x.data() + head, residual.data() + head);
        detail::run_kernel<Arch>(q, kernel, x.data() + head, whole, dither, first + head, symbols + head);
    }
    part_of_group(head + whole, x.size() - head - whole);
}

}  // namespace frugal::kernels

FRUGAL_KERNELS_END
