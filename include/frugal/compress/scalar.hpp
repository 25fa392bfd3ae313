//! `scalar_compressor{quantizer, scale, coder}`: one scale per message or bucket, one symbol per coordinate.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <type_traits>
#include <vector>

#include <frugal/compress/coder/block_coder.hpp>
#include <frugal/compress/coder/packed.hpp>
#include <frugal/compress/message_interface.hpp>
#include <frugal/compress/scale/scales.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/kernels/quantize.hpp>
#include <frugal/kernels/reconstruct_near.hpp>

namespace frugal {

//! C(x)_i = step * value(index(x_i / step, u_i), u_i), step = scale(x) / range of the quantizer.
//!
//! Payload: the scale of each bucket (32 bits each), then the symbols by the coder. With a block coder (`packed`,
//! `radix`) each vector is read once for the scale and once for everything else; entropy coders see all symbols of the
//! message at once. A vector whose step underflows is sent as zero. O(d) time, O(1) memory (O(d) for entropy coders).
//!
//! Unless given, the scale is `max_norm` (`mean_abs` for quantizers that ignore theirs, such as `sign`) and the coder
//! `packed`. A quantizer with value(i, u, side) makes this a SideInformationCompressor: decompress(m, k, side, y)
//! decodes
//! near `side`, the other forms near 0.
template <Quantizer Q, Scale S = default_scale<Q>, Coder C = packed>
class scalar_compressor : public message_interface<scalar_compressor<Q, S, C>> {
public:
    static constexpr bool unbiased = requires { requires Q::unbiased; } && bounds_elements<S>;
    static constexpr auto describe() {
        return describes(
            "scalar", "a scale per message or bucket, a symbol per coordinate",
            part("quantizer", &scalar_compressor::quantizer_, "how a coordinate becomes a symbol"),
            part("scale", &scalar_compressor::scale_, "what coordinates are divided by")
                .otherwise(default_scale<Q>::describe().name),
            part("coder", &scalar_compressor::coder_, "how symbols become bits").otherwise(packed::describe().name));
    }

    explicit scalar_compressor(Q quantizer, S scale = {}, C coder = {})
        : quantizer_(std::move(quantizer)), scale_(std::move(scale)), coder_(std::move(coder)) {
        validate(quantizer_);
        validate(scale_);
        const alphabet a = quantizer_.symbols();
        expect(a.lowest <= a.highest, "a quantizer needs at least one symbol");
        expect(a.highest <= max_index && a.lowest >= -max_index,
               "a quantizer's indices must be below 2^24 in magnitude");
        largest_step_ = largest_step(quantizer_);
    }

    const Q& quantizer() const { return quantizer_; }
    const S& scale() const { return scale_; }
    const C& coder() const { return coder_; }
    //! False also where the scale, chosen at run time, lets elements clip.
    bool is_unbiased() const { return unbiased && detail::bounds_elements_of(scale_); }
    //! See AgreeingCompressor: with a scale that all senders share (`shared_norm`).
    float share(std::span<const float> x) const
        requires requires(const S s) { s.share(x); }
    {
        return scale_.share(x);
    }
    void agree(float largest)
        requires requires(S s) { s.agree(largest); }
    {
        scale_.agree(largest);
    }
    std::string name() const { return described_name(*this); }

    //! The bound of E||C(x) - x||^2 / ||x||^2 for dimension d, where the quantizer and scale have one.
    double variance(std::size_t d) const
        requires requires(const Q q, const S s, std::size_t n) { relative_variance(q, s, n); }
    {
        return relative_variance(quantizer_, scale_, std::min(d, bucket(d)));
    }

    //! E||C(x) - x||^2 <= (1 - contraction(d)) ||x||^2, where the quantizer and scale have one.
    double contraction(std::size_t d) const
        requires requires(const Q q, const S s, std::size_t n) { relative_contraction(q, s, n); }
    {
        return relative_contraction(quantizer_, scale_, std::min(d, bucket(d)));
    }
    //! E||C(x) - x||^2 for this x exactly (up to the rounding of floats), over the dither.
    double expected_error(std::span<const float> x) const
        requires requires(const Q q, double t) { q.step_variance(t); } && unbiased
    {
        expect(is_unbiased(), "expected_error: elements beyond this scale clip, and its error is not known");
        const std::size_t b = bucket(x.size());
        double total = 0;
        for (std::size_t at = 0; at < x.size(); at += b) {
            const auto part = x.subspan(at, std::min(b, x.size() - at));
            const double step = step_of(scale_.measure(part));
            double sum = 0;
            for (const float v : part) {
                sum += step > 0 ? quantizer_.step_variance(v / step) : double{v} * v;
            }
            total += (step > 0 ? step * step : 1) * sum;
        }
        return total;
    }
    //! The same from the message alone, where the error does not depend on x (subtractive dither): what a receiver
    //! weighs
    //! messages by (`minimax_mean`).
    double expected_error(const message& m)
        requires requires(const Q q) { q.step_variance(); } && unbiased && decodes_with_dither<Q>
    {
        expect(is_unbiased(), "expected_error: elements beyond this scale clip, and its error is not known");
        check_message(m, this->scheme_.of(*this), m.key(0), m.dimension());
        payload_reader r(m.payload());
        const std::size_t d = m.dimension();
        const std::size_t b = bucket(d);
        double total = 0;
        for (std::size_t at = 0; at < d; at += b) {
            const double step = r.number();
            total += step * step * quantizer_.step_variance() * static_cast<double>(std::min(b, d - at));
        }
        return total;
    }

    void encode(std::span<const float> x, random_key k, payload_writer& w) {
        if constexpr (one_pass) {
            if (encode_in_one_pass(x, k, w)) {
                return;
            }
        }
        const std::size_t b = bucket(x.size());
        steps_.clear();
        for (std::size_t at = 0; at < x.size(); at += b) {
            steps_.push_back(step_of(measure(x, at, std::min(b, x.size() - at))));
            w.number(steps_.back());
        }
        const random_stream dither(k);
        const std::size_t size = quantizer_.symbols().size();
        if (size > 256) {
            wide_.resize(x.size());
            quantize(x, b, dither, 0, wide_.data());
            coder_.encode(std::span<const std::uint32_t>(wide_), size, w);
            return;
        }
        if constexpr (BlockCoder<C>) {
            if (const std::size_t chunk = chunk_for(coder_.granule(size))) {
                const std::size_t bytes = coder_.bytes_for(x.size(), size);
                std::byte* out = w.block(bytes, coder_.cost_of(x.size(), size)).data();
                symbols_.resize(std::min(chunk, x.size()));
                for (std::size_t at = 0; at < x.size(); at += chunk) {
                    const std::size_t n = std::min(chunk, x.size() - at);
                    quantize(x.subspan(at, n), b, dither, at, symbols_.data());
                    coder_.encode_block(symbols_.data(), n, size, out);
                    out += coder_.bytes_for(n, size);
                }
                return;
            }
        }
        symbols_.resize(x.size());
        quantize(x, b, dither, 0, symbols_.data());
        coder_.encode(std::span<const std::uint8_t>(symbols_), size, w);
    }

    void decode(payload_reader& r, random_key k, std::span<float> y) {
        read(r, k, y,
             [&](const auto* symbols, float step, std::uint64_t first, std::span<float> part, const random_stream& u) {
                 kernels::reconstruct(quantizer_, symbols, step, u, first, part);
             });
    }
    void decode_add(payload_reader& r, random_key k, float weight, std::span<float> acc) {
        read(r, k, acc,
             [&](const auto* symbols, float step, std::uint64_t first, std::span<float> part, const random_stream& u) {
                 kernels::reconstruct_add(quantizer_, symbols, rounded(weight * step), u, first, part);
             });
    }
    //! Whether a message under this key is meant to be decoded near a vector the receiver knows.
    bool needs_side_information(random_key) const
        requires decodes_with_side_information<Q>
    {
        return true;
    }
    //! y = C(x) decoded near `side`, which has y's length and may be y itself.
    void decode(payload_reader& r, random_key k, std::span<const float> side, std::span<float> y)
        requires decodes_with_side_information<Q>
    {
        expect(side.size() == y.size(), "side information differs in length from the output");
        read(r, k, y,
             [&](const auto* symbols, float step, std::uint64_t first, std::span<float> part, const random_stream& u) {
                 kernels::reconstruct_near(quantizer_, symbols, step, u, first, side.subspan(first, part.size()), part);
             });
    }
    using message_interface<scalar_compressor>::decompress;
    void decompress(const message& m, random_key k, std::span<const float> side, std::span<float> y)
        requires decodes_with_side_information<Q>
    {
        read_message(*this, this->scheme_, m, k, y.size(), [&](payload_reader& r) { decode(r, k, side, y); });
    }

private:
    static constexpr int max_index = 1 << 24;
    static constexpr std::size_t preferred_chunk = 8192;
    //! Indices that do not depend on the scale can be packed while the scale is measured.
    static constexpr bool one_pass =
        BlockCoder<C> && is_scale_free<Q> && requires(const S s, std::span<const float> x, std::size_t piece) {
            s.measure_by_pieces(x, piece, [](std::span<const float>, std::size_t) {});
        };

    //! Reads x once. False, with nothing written, if this alphabet has no blocks or the step is 0.
    bool encode_in_one_pass(std::span<const float> x, random_key k, payload_writer& w) {
        if constexpr (requires { scale_.measures_by_pieces(); }) {
            if (!scale_.measures_by_pieces()) {
                return false;
            }
        }
        const std::size_t size = quantizer_.symbols().size();
        const std::size_t chunk = size > 256 ? 0 : chunk_for(coder_.granule(size), preferred_chunk / 2);
        if (chunk == 0) {
            return false;
        }
        const random_stream dither(k);
        packed_.resize(coder_.bytes_for(x.size(), size));
        symbols_.resize(std::min(chunk, x.size()));
        std::byte* out = packed_.data();
        const float norm = scale_.measure_by_pieces(x, chunk, [&](std::span<const float> part, std::size_t at) {
            kernels::quantize(quantizer_, part, 1.0f, dither, at, symbols_.data());
            coder_.encode_block(symbols_.data(), part.size(), size, out);
            out += coder_.bytes_for(part.size(), size);
        });
        const float step = step_of(norm);
        if (step == 0) {
            return false;
        }
        w.number(step);
        std::ranges::copy(packed_, w.block(packed_.size(), coder_.cost_of(x.size(), size)).begin());
        return true;
    }

    template <class T>
    static void validate(const T& policy) {
        if constexpr (requires { policy.validate(); }) {
            policy.validate();
        }
    }
    std::size_t bucket(std::size_t n) const {
        if constexpr (requires { scale_.bucket_size(); }) {
            const std::size_t size = scale_.bucket_size();
            return size == 0 ? n : size;
        } else {
            return n;
        }
    }
    //! The scale of one bucket. An element that is not finite is named by its place in all of x.
    float measure(std::span<const float> x, std::size_t at, std::size_t n) const {
        try {
            return scale_.measure(x.subspan(at, n));
        } catch (const invalid_input&) {
            if (at > 0 && kernels::first_nonfinite(x.subspan(at, n)) < n) {
                detail::checked_norm(std::numeric_limits<double>::quiet_NaN(), x);
            }
            throw;
        }
    }
    //! Symbols per block: a multiple of the coder's granule and of the dither's group, so that both stay aligned.
    static std::size_t chunk_for(std::size_t granule, std::size_t preferred = preferred_chunk) {
        if (granule == 0) {
            return 0;
        }
        const std::size_t unit = std::lcm(granule, random_stream::group);
        return unit * std::max<std::size_t>(1, preferred / unit);
    }
    //! The largest step with which nothing decodes to infinity: values are largest at an end of the alphabet.
    static float largest_step(const Q& q) {
        float largest = 1;
        const alphabet a = q.symbols();
        for (const int i : {a.lowest, a.highest}) {
            for (const float u : {-0.5f, 0.5f}) {
                largest = std::max(largest, std::abs(kernels::value_of(q, static_cast<float>(i), u)));
            }
        }
        return std::numeric_limits<float>::max() / (2 * largest);
    }
    float step_of(float measured) const {
        float step;
        if constexpr (requires { scale_.step(measured, 1.0f); }) {
            step = scale_.step(measured, range_of(quantizer_));
        } else {
            step = measured / range_of(quantizer_);
        }
        expect(step <= largest_step_, "the step of a quantizer exceeds the range of float: scale the input down");
        const float inverse = 1.0f / step;
        return inverse - inverse == 0.0f ? step : 0.0f;
    }
    //! Calls f(part, step) for the parts of [first, first + n) that lie in one bucket each.
    template <class F>
    void for_buckets(std::size_t first, std::size_t n, std::size_t b, F f) const {
        for (std::size_t at = 0; at < n;) {
            const std::size_t bucket_index = (first + at) / b;
            const std::size_t count = std::min(n - at, (bucket_index + 1) * b - (first + at));
            f(at, count, steps_[bucket_index]);
            at += count;
        }
    }
    template <class Symbol>
    void quantize(std::span<const float> x, std::size_t b, const random_stream& dither, std::size_t first,
                  Symbol* symbols) {
        for_buckets(first, x.size(), b, [&](std::size_t at, std::size_t n, float step) {
            kernels::quantize(quantizer_, x.subspan(at, n), step > 0 ? 1.0f / step : 0.0f, dither, first + at,
                              symbols + at);
        });
    }
    template <class Symbol, class Use>
    void use(const Symbol* symbols, std::size_t first, std::size_t b, std::span<float> y, const random_stream& dither,
             Use reconstruct) {
        for_buckets(first, y.size(), b, [&](std::size_t at, std::size_t n, float step) {
            reconstruct(symbols + at, step, first + at, y.subspan(at, n), dither);
        });
    }
    template <class Use>
    void read(payload_reader& r, random_key k, std::span<float> y, Use reconstruct) {
        const std::size_t b = bucket(y.size());
        steps_.clear();
        for (std::size_t at = 0; at < y.size(); at += b) {
            steps_.push_back(r.number());
            expect_message(steps_.back() >= 0 && steps_.back() <= largest_step_,
                           "a message holds a scale that is negative or too large: it was altered");
        }
        const random_stream dither(k);
        const std::size_t size = quantizer_.symbols().size();
        if (size > 256) {
            wide_.resize(y.size());
            coder_.decode(r, size, std::span<std::uint32_t>(wide_));
            use(wide_.data(), 0, b, y, dither, reconstruct);
            return;
        }
        if constexpr (BlockCoder<C>) {
            if (const std::size_t chunk = chunk_for(coder_.granule(size))) {
                const std::byte* in = r.block(coder_.bytes_for(y.size(), size)).data();
                symbols_.resize(std::min(chunk, y.size()));
                for (std::size_t at = 0; at < y.size(); at += chunk) {
                    const std::size_t n = std::min(chunk, y.size() - at);
                    expect_message(coder_.decode_block(in, n, size, symbols_.data()),
                                   "a message holds a symbol outside the alphabet: it was altered");
                    in += coder_.bytes_for(n, size);
                    use(symbols_.data(), at, b, y.subspan(at, n), dither, reconstruct);
                }
                return;
            }
        }
        symbols_.resize(y.size());
        coder_.decode(r, size, std::span<std::uint8_t>(symbols_));
        use(symbols_.data(), 0, b, y, dither, reconstruct);
    }

    Q quantizer_;
    [[no_unique_address]] S scale_;
    C coder_;
    float largest_step_ = 0;
    std::vector<float> steps_;
    std::vector<std::uint8_t> symbols_;
    std::vector<std::uint32_t> wide_;
    std::vector<std::byte> packed_;
};

namespace detail {

//! Says in one sentence what is wrong with the arguments of a scalar_compressor.
template <class Q, class S, class C>
struct refused_scalar_arguments {
    static constexpr bool copied = requires(const Q q) { q.quantizer(); };
    static constexpr bool value = !copied && !(Quantizer<Q> && Scale<S> && Coder<C>);
    static_assert(Quantizer<Q> || copied,
                  "scalar_compressor: its first argument must be a Quantizer, which has symbols() -> frugal::alphabet, "
                  "index(x, u) or index(x) -> float, and value(i, u) or value(i) -> float, all const");
    static_assert(Scale<S>, "scalar_compressor: its second argument must be a Scale, such as frugal::max_norm{}");
    static_assert(Coder<C>, "scalar_compressor: its third argument must be a Coder, such as frugal::packed{}");
    using type = Q;
};

}  // namespace detail

template <class Q, class S = max_norm, class C = packed>
    requires detail::refused_scalar_arguments<Q, S, C>::value
scalar_compressor(Q, S = {}, C = {}) -> scalar_compressor<typename detail::refused_scalar_arguments<Q, S, C>::type>;

}  // namespace frugal
