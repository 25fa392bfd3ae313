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
#include <frugal/compress/laws.hpp>
#include <frugal/compress/message_interface.hpp>
#include <frugal/compress/scale/scales.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/kernels/elementwise.hpp>
#include <frugal/kernels/quantize.hpp>
#include <frugal/kernels/reconstruct_near.hpp>

namespace frugal {

//! C(x)_i = step * value(index(x_i / step, u_i), u_i), step = scale(x) / range of the quantizer.
//!
//! Payload: the scale of each bucket (32 bits each), then the symbols by the coder. With a block coder (`packed`,
//! `radix`) each vector is read once for the scale and once for everything else; entropy coders see all symbols of the
//! message at once. A vector whose step has no finite inverse (below 2.9e-39) is sent as zero: the laws hold above.
//! O(d) time; borrows O(1) memory (O(d) for entropy coders). Stateless: one object serves any number of threads, unless
//! its scale is one that senders agree on.
//!
//! Unless given, the scale is `max_norm` (`mean_abs` for quantizers that ignore theirs, such as `sign`) and the coder
//! `packed`. A quantizer with value(i, u, side) makes this a SideInformationCompressor: decompress(m, k, side, y)
//! decodes near `side`, the other forms near 0.
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
    std::string name() const { return described_name(*this); }

    laws laws_for(std::size_t d) const {
        const std::size_t n = std::min(d, bucket(d));
        const norm_kind kind = detail::kind_of(scale_);
        laws result{.unbiased = unbiased_now()};
        const double slack = detail::slack_of(scale_);
        if (const auto variance = relative_variance(quantizer_, kind, n)) {
            result = laws_from_variance(result.unbiased, slack * slack * *variance);
        }
        if (const auto contraction = relative_contraction(quantizer_, kind, n)) {
            result.contraction = contraction;
        }
        if constexpr (requires { double(quantizer_.mean_contraction()); }) {
            if (kind == norm_kind::mean_abs) {
                result.mean_contraction = quantizer_.mean_contraction();
            }
        }
        if (result.unbiased) {
            result.peak_variance = peak_variance(quantizer_, kind, n);
        }
        result.worst_case = relative_worst_case(quantizer_, kind, n);
        for (std::optional<double>* const scaled : {&result.peak_variance, &result.worst_case}) {
            if (*scaled) {
                **scaled *= scaled == &result.worst_case ? slack : slack * slack;
            }
        }
        return result;
    }
    //! The bound of E||C(x) - x||^2 / ||x||^2 for dimension d, where the quantizer and scale have one.
    double variance(std::size_t d) const
        requires detail::has_relative_variance<Q, detail::static_kind<S>>
    {
        const double slack = detail::slack_of(scale_);
        return slack * slack * *relative_variance(quantizer_, detail::static_kind<S>, std::min(d, bucket(d)));
    }
    //! E||C(x) - x||^2 <= (1 - contraction(d)) ||x||^2, where the quantizer and scale have one.
    double contraction(std::size_t d) const
        requires requires(const Q q, std::size_t n) { q.mean_abs_contraction(n); } &&
                 (detail::static_kind<S> == norm_kind::mean_abs)
    {
        return *relative_contraction(quantizer_, detail::static_kind<S>, std::min(d, bucket(d)));
    }
    //! A bucket has a scale of its own, so that is where a vector may be cut; anywhere under a fixed or shared scale.
    std::size_t granule() const {
        if constexpr (requires { scale_.bucket_size(); }) {
            return scale_.bucket_size();
        } else {
            return std::same_as<S, fixed> || detail::static_kind<S> == norm_kind::shared_max ? 1 : 0;
        }
    }
    //! See compress/agreement.hpp: one number where senders share the scale (`shared_norm`).
    std::size_t agreement_size(std::size_t) const { return detail::agrees(scale_) ? 1 : 0; }
    void share(std::span<const float> x, std::span<float> out) const
        requires AgreeingScale<S>
    {
        out[0] = scale_.share(x);
    }
    void agree(std::span<const float> largest)
        requires AgreeingScale<S>
    {
        scale_.agree(largest[0]);
    }
    //! E||C(x) - x||^2 for this x exactly (up to the rounding of floats), over the dither.
    double expected_error(std::span<const float> x) const
        requires requires(const Q q, double t) { q.step_variance(t); } && unbiased
    {
        expect(unbiased_now(), "expected_error: elements beyond this scale clip, and its error is not known");
        const std::size_t b = bucket(x.size());
        const auto steps = borrow<float>(x.empty() ? 0 : (x.size() + b - 1) / b);
        for (std::size_t at = 0; at < x.size(); at += b) {
            steps[at / b] = step_of(scale_.measure(x.subspan(at, std::min(b, x.size() - at))));
        }
        const workspace<std::vector<std::byte>> bytes;
        bytes->clear();
        payload_writer as_sent(*bytes);
        detail::write_steps(scale_, steps, as_sent);
        double total = 0;
        for (std::size_t at = 0; at < x.size(); at += b) {
            const auto part = x.subspan(at, std::min(b, x.size() - at));
            const auto step = double(steps[at / b]);
            double sum = 0;
            for (const float v : part) {
                sum += step > 0 ? quantizer_.step_variance(double(v) / step) : double(v) * double(v);
            }
            total += (step > 0 ? step * step : 1) * sum;
        }
        return total;
    }
    //! The same from the message alone, where the error does not depend on x (subtractive dither): what a receiver
    //! weighs messages by (`minimax_mean`).
    double expected_error(const message& m) const
        requires requires(const Q q) { q.step_variance(); } && unbiased && decodes_with_dither<Q>
    {
        expect(unbiased_now(), "expected_error: elements beyond this scale clip, and its error is not known");
        check_scheme(m, this->scheme_.of(*this), m.dimension());
        payload_reader r(m.payload());
        const std::size_t d = m.dimension();
        const std::size_t b = bucket(d);
        const auto steps = borrow<float>(d == 0 ? 0 : (d + b - 1) / b);
        detail::read_steps(scale_, r, steps);
        double total = 0;
        for (std::size_t at = 0; at < d; at += b) {
            const auto step = double(steps[at / b]);
            total += step * step * quantizer_.step_variance() * static_cast<double>(std::min(b, d - at));
        }
        return total;
    }

    void encode(std::span<const float> x, random_key k, payload_writer& w) const {
        encode_to<false>(whole{x}, k, w, quantizing(x));
    }
    //! From the same pass: each block of symbols is decoded while it is in the cache.
    void encode(std::span<const float> x, random_key k, payload_writer& w, std::span<float> echo) const {
        encode_to<true>(whole{x}, k, w,
                        [&](std::size_t first, std::size_t n, float step, const random_stream& u, auto* symbols) {
                            quantizing(x)(first, n, step, u, symbols);
                            kernels::reconstruct(quantizer_, symbols, step, u, first, echo.subspan(first, n));
                        });
    }
    //! Reads x and the residual twice and writes the residual once.
    void encode_sum(std::span<const float> x, std::span<float> residual, random_key k, payload_writer& w) const {
        encode_to<true>(corrected{x, residual}, k, w,
                        [&](std::size_t first, std::size_t n, float step, const random_stream& u, auto* symbols) {
                            kernels::quantize_with_feedback(quantizer_, x.subspan(first, n), step, u, first, symbols,
                                                            residual.subspan(first, n));
                        });
    }

    void decode(payload_reader& r, random_key k, std::span<float> y) const {
        read(
            r, k, y,
            [&](const auto* symbols, float step, std::uint64_t first, std::span<float> part, const random_stream& u) {
                kernels::reconstruct(quantizer_, symbols, step, u, first, part);
            },
            [](float step, std::span<const float> values, std::span<float> part) {
                kernels::scale(step, values, part);
            });
    }
    void decode_add(payload_reader& r, random_key k, float weight, std::span<float> acc) const {
        const auto factor_of = [&](float step) {
            const float factor = rounded(weight * step);
            expect(std::fabs(factor) <= largest_step_,
                   "a weight times the largest value of a message exceeds the range of float");
            return factor;
        };
        read(
            r, k, acc,
            [&](const auto* symbols, float step, std::uint64_t first, std::span<float> part, const random_stream& u) {
                kernels::reconstruct_add(quantizer_, symbols, factor_of(step), u, first, part);
            },
            [&](float step, std::span<const float> values, std::span<float> part) {
                kernels::axpy(factor_of(step), values, part);
            });
    }
    //! Whether a message under this key is meant to be decoded near a vector the receiver knows.
    bool needs_side_information(random_key) const
        requires decodes_with_side_information<Q>
    {
        return true;
    }
    //! y = C(x) decoded near `side`, which has y's length and may be y itself.
    void decode(payload_reader& r, random_key k, std::span<const float> side, std::span<float> y) const
        requires decodes_with_side_information<Q>
    {
        expect(side.size() == y.size(), "side information differs in length from the output");
        read(r, k, y,
             [&](const auto* symbols, float step, std::uint64_t first, std::span<float> part, const random_stream& u) {
                 kernels::reconstruct_near(quantizer_, symbols, step, u, first, side.subspan(first, part.size()), part);
             });
    }
    using message_interface<scalar_compressor>::decompress;
    void decompress(const message& m, random_key k, std::span<const float> side, std::span<float> y) const
        requires decodes_with_side_information<Q>
    {
        read_message(*this, this->scheme_, m, k, y.size(), [&](payload_reader& r) { decode(r, k, side, y); });
    }

private:
    static constexpr int max_index = 1 << 24;
    static constexpr std::size_t preferred_chunk = 8192;
    static constexpr std::size_t small_piece = 4096;  // a multiple of groups
    //! Indices that do not depend on the scale can be packed while the scale is measured.
    static constexpr bool one_pass = BlockCoder<C> && is_scale_free<Q> && detail::may_measure_pieces<S>;

    //! Where the elements come from. peek(at, n, f): f with n elements from `at` on, as often as one likes, in pieces
    //! of a multiple of 64 where they may be cut.
    struct whole {
        std::span<const float> x;
        std::size_t size() const { return x.size(); }
        template <class F>
        void peek(std::size_t at, std::size_t n, F f) const {
            f(x.subspan(at, n));
        }
    };
    //! x + residual.
    struct corrected {
        std::span<const float> x;
        std::span<float> residual;
        std::size_t size() const { return x.size(); }
        template <class F>
        void peek(std::size_t at, std::size_t n, F f) const {
            constexpr std::size_t most = 4096;
            const auto piece = borrow<float>(std::min(n, most));
            for (std::size_t i = 0; i < n; i += most) {
                const std::span<float> part(piece.data(), std::min(n - i, most));
                kernels::add(x.subspan(at + i, part.size()), residual.subspan(at + i, part.size()), part);
                f(part);
            }
        }
    };

    bool unbiased_now() const { return unbiased && detail::bounds_elements_of(scale_); }

    //! Symbols of parts of x.
    struct quantizing_part {
        const scalar_compressor& c;
        std::span<const float> x;

        //! Of elements that share a step.
        void operator()(std::size_t first, std::size_t n, float step, const random_stream& u, auto* symbols) const {
            kernels::quantize(c.quantizer_, x.subspan(first, n), inverse_of(step), u, first, symbols);
        }
        //! The same bits for small buckets, of which a kernel wants many at once: they are scaled beforehand.
        void small_buckets(std::size_t first, std::size_t n, std::size_t b, std::span<const float> steps,
                           const random_stream& u, auto* symbols) const {
            const auto scaled = borrow<float>(std::min(n, small_piece));
            for (std::size_t at = 0; at < n; at += small_piece) {
                const std::span<float> piece(scaled.data(), std::min(small_piece, n - at));
                for_buckets(first + at, piece.size(), b, steps, [&](std::size_t i, std::size_t count, float step) {
                    kernels::scale(inverse_of(step), x.subspan(i, count), piece.subspan(i - first - at, count));
                });
                kernels::quantize(c.quantizer_, piece, 1.0f, u, first + at, symbols + at);
            }
        }
    };
    quantizing_part quantizing(std::span<const float> x) const { return {*this, x}; }

    static float inverse_of(float step) { return step > 0 ? 1.0f / step : 0.0f; }
    //! Would kernels see few elements at once? (Groups that are mapped together must not know.)
    static bool has_small_buckets(std::size_t b, std::size_t d) {
        return b < std::min(d, 2 * random_stream::group) &&
               (kernels::group_of<Q> == 0 || b % std::max<std::size_t>(1, kernels::group_of<Q>) == 0);
    }

    //! quantize_part(first, n, step, dither, symbols): for parts that share a step, each element once. Decodes says
    //! that it also decodes them, so that it must see every element, even where the symbols are known before the step.
    template <bool Decodes, class Source, class QuantizePart>
    void encode_to(const Source& x, random_key k, payload_writer& w, QuantizePart quantize_part) const {
        if constexpr (one_pass) {
            if (const float step = encode_in_one_pass(x, k, w); step > 0) {
                if constexpr (Decodes) {
                    const auto symbols = borrow<std::uint8_t>(std::min(preferred_chunk, x.size()));
                    const random_stream dither(k);
                    for (std::size_t at = 0; at < x.size(); at += preferred_chunk) {
                        quantize_part(at, std::min(preferred_chunk, x.size() - at), step, dither, symbols.data());
                    }
                }
                return;
            }
        }
        const std::size_t d = x.size();
        const std::size_t b = bucket(d);
        const auto steps = borrow<float>(d == 0 ? 0 : (d + b - 1) / b);
        for (std::size_t at = 0, i = 0; at < d; at += b, ++i) {
            steps[i] = step_of(measure(x, at, std::min(b, d - at)));
        }
        detail::write_steps(scale_, steps, w);
        const random_stream dither(k);
        const std::size_t size = quantizer_.symbols().size();
        const auto quantize = [&](std::size_t first, std::size_t n, auto* symbols) {
            if constexpr (std::same_as<QuantizePart, quantizing_part>) {
                if (has_small_buckets(b, d)) {
                    quantize_part.small_buckets(first, n, b, steps, dither, symbols);
                    return;
                }
            }
            for_buckets(first, n, b, steps, [&](std::size_t at, std::size_t count, float step) {
                quantize_part(at, count, step, dither, symbols + (at - first));
            });
        };
        if (size > 256) {
            const auto symbols = borrow<std::uint32_t>(d);
            quantize(0, d, symbols.data());
            coder_.encode(std::span<const std::uint32_t>(symbols), size, w);
            return;
        }
        if constexpr (BlockCoder<C>) {
            if (const std::size_t chunk = chunk_for(coder_.granule(size))) {
                const std::size_t bytes = coder_.bytes_for(d, size);
                std::byte* out = w.block(bytes, coder_.cost_of(d, size)).data();
                const auto symbols = borrow<std::uint8_t>(std::min(chunk, d));
                for (std::size_t at = 0; at < d; at += chunk) {
                    const std::size_t n = std::min(chunk, d - at);
                    quantize(at, n, symbols.data());
                    coder_.encode_block(symbols.data(), n, size, out);
                    out += coder_.bytes_for(n, size);
                }
                return;
            }
        }
        const auto symbols = borrow<std::uint8_t>(d);
        quantize(0, d, symbols.data());
        coder_.encode(std::span<const std::uint8_t>(symbols), size, w);
    }
    //! Reads x once and returns the step; 0, with nothing written, if that is the step or this alphabet has no blocks.
    template <class Source>
    float encode_in_one_pass(const Source& x, random_key k, payload_writer& w) const {
        if (!detail::measures_pieces(scale_)) {
            return 0;
        }
        const std::size_t size = quantizer_.symbols().size();
        const std::size_t chunk = size > 256 ? 0 : chunk_for(coder_.granule(size), preferred_chunk / 2);
        if (chunk == 0) {
            return 0;
        }
        const std::size_t d = x.size();
        const random_stream dither(k);
        const auto coded = borrow<std::byte>(coder_.bytes_for(d, size));
        const auto symbols = borrow<std::uint8_t>(std::min(chunk, d));
        std::byte* out = coded.data();
        const double norm = detail::measure_pieces(scale_, d, [&](auto add) {
            for (std::size_t at = 0; at < d; at += chunk) {
                const std::size_t n = std::min(chunk, d - at);
                std::size_t done = 0;
                x.peek(at, n, [&](std::span<const float> part) {
                    add(part);
                    kernels::quantize(quantizer_, part, 1.0f, dither, at + done, symbols.data() + done);
                    done += part.size();
                });
                coder_.encode_block(symbols.data(), n, size, out);
                out += coder_.bytes_for(n, size);
            }
        });
        const float step = step_of(checked(norm, x, 0, d));
        if (step > 0) {
            w.number(step);
            std::ranges::copy(coded, w.block(coded.size(), coder_.cost_of(d, size)).begin());
        }
        return step;
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
    //! Passes a finite norm on; otherwise names the element among the n from `at` on that spoiled it.
    template <class Source>
    static float checked(double norm, const Source& x, std::size_t at, std::size_t n) {
        if (is_finite(static_cast<float>(norm))) [[likely]] {
            return static_cast<float>(norm);
        }
        x.peek(at, n, [&](std::span<const float> part) {
            if (const std::size_t i = kernels::first_nonfinite(part); i < part.size()) {
                throw nonfinite_input(at + i);
            }
            at += part.size();
        });
        throw invalid_input("the norm of the input exceeds the range of float: scale it down");
    }
    //! The scale of one bucket. An element that is not finite is named by its place in all of x.
    template <class Source>
    float measure(const Source& x, std::size_t at, std::size_t n) const {
        if constexpr (std::same_as<Source, whole>) {
            try {
                return scale_.measure(x.x.subspan(at, n));
            } catch (const nonfinite_input& e) {
                throw nonfinite_input(at + e.index);
            }
        } else {
            if constexpr (detail::may_measure_pieces<S>) {
                if (detail::measures_pieces(scale_)) {
                    return checked(detail::measure_pieces(scale_, n, [&](auto add) { x.peek(at, n, add); }), x, at, n);
                }
            }
            const auto z = borrow<float>(n);
            kernels::add(x.x.subspan(at, n), x.residual.subspan(at, n), z);
            try {
                return scale_.measure(z);
            } catch (const nonfinite_input& e) {
                throw nonfinite_input(at + e.index);
            }
        }
    }
    //! Symbols per block: a multiple of the coder's granule and of the dither's group, so that both stay aligned.
    static std::size_t chunk_for(std::size_t granule, std::size_t preferred = preferred_chunk) {
        if (granule == 0) {
            return 0;
        }
        const std::size_t unit = std::lcm(granule, 2 * random_stream::group);  // of dither of 16 bits, too
        return unit * std::max<std::size_t>(1, preferred / unit);
    }
    //! The largest step with which nothing decodes to infinity: values are largest at an end of the alphabet or, where
    //! symbols are taken modulo something, near the range.
    static float largest_step(const Q& q) {
        float largest = std::max(1.0f, range_of(q));
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
        return is_finite(inverse) ? step : 0.0f;
    }
    //! Calls f(first, n, step) for the parts of [first, first + n) that lie in one bucket each.
    template <class F>
    static void for_buckets(std::size_t first, std::size_t n, std::size_t b, std::span<const float> steps, F f) {
        for (const std::size_t end = first + n; first < end;) {
            const std::size_t i = first / b;
            const std::size_t count = std::min(end, (i + 1) * b) - first;
            f(first, count, steps[i]);
            first += count;
        }
    }
    //! reconstruct(symbols, step, first, part, dither): for parts that share a step; use_values(step, values, part):
    //! the same from values in steps, where it is given, for small buckets.
    template <class Use, class... UseValues>
    void read(payload_reader& r, random_key k, std::span<float> y, Use reconstruct, UseValues... use_values) const {
        const std::size_t b = bucket(y.size());
        const auto steps = borrow<float>(y.empty() ? 0 : (y.size() + b - 1) / b);
        detail::read_steps(scale_, r, steps);
        for (const float step : steps) {
            expect_message(step >= 0 && step <= largest_step_,
                           "a message holds a scale that is negative or too large: it was altered");
        }
        const random_stream dither(k);
        const std::size_t size = quantizer_.symbols().size();
        const auto use = [&](const auto* symbols, std::size_t first, std::size_t n) {
            if constexpr (sizeof...(UseValues) > 0) {
                if (has_small_buckets(b, y.size())) {
                    const auto values = borrow<float>(std::min(n, small_piece));
                    for (std::size_t at = 0; at < n; at += small_piece) {
                        const std::span<float> piece(values.data(), std::min(small_piece, n - at));
                        kernels::reconstruct(quantizer_, symbols + at, 1.0f, dither, first + at, piece);
                        for_buckets(
                            first + at, piece.size(), b, steps, [&](std::size_t i, std::size_t count, float step) {
                                (use_values(step, piece.subspan(i - first - at, count), y.subspan(i, count)), ...);
                            });
                    }
                    return;
                }
            }
            for_buckets(first, n, b, steps, [&](std::size_t at, std::size_t count, float step) {
                reconstruct(symbols + (at - first), step, at, y.subspan(at, count), dither);
            });
        };
        if (size > 256) {
            const auto symbols = borrow<std::uint32_t>(y.size());
            coder_.decode(r, size, std::span<std::uint32_t>(symbols));
            use(symbols.data(), 0, y.size());
            return;
        }
        if constexpr (BlockCoder<C>) {
            if (const std::size_t chunk = chunk_for(coder_.granule(size))) {
                const std::byte* in = r.block(coder_.bytes_for(y.size(), size)).data();
                const auto symbols = borrow<std::uint8_t>(std::min(chunk, y.size()));
                for (std::size_t at = 0; at < y.size(); at += chunk) {
                    const std::size_t n = std::min(chunk, y.size() - at);
                    expect_message(coder_.decode_block(in, n, size, symbols.data()),
                                   "a message holds a symbol outside the alphabet: it was altered");
                    in += coder_.bytes_for(n, size);
                    use(symbols.data(), at, n);
                }
                return;
            }
        }
        const auto symbols = borrow<std::uint8_t>(y.size());
        coder_.decode(r, size, std::span<std::uint8_t>(symbols));
        use(symbols.data(), 0, y.size());
    }

    Q quantizer_;
    [[no_unique_address]] S scale_;
    C coder_;
    float largest_step_ = 0;
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
