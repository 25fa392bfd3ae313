//! `scalar_compressor{quantizer, scale, coder}`: one scale per message or bucket, one symbol per coordinate.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>
#include <type_traits>
#include <vector>

#include <frugal/compress/coder/block_coder.hpp>
#include <frugal/compress/coder/packed.hpp>
#include <frugal/compress/message_interface.hpp>
#include <frugal/compress/scale/scales.hpp>
#include <frugal/kernels/quantize.hpp>

namespace frugal {

//! C(x)_i = step * value(index(x_i / step, u_i), u_i), step = scale(x) / range of the quantizer.
//!
//! Payload: the scale of each bucket (32 bits each), then the symbols by the coder. With a block coder (`packed`,
//! `radix`) each vector is read once for the scale and once for everything else; entropy coders see all symbols of the
//! message at once. A vector whose step underflows is sent as zero. O(d) time, O(1) memory (O(d) for entropy coders).
template <Quantizer Q, Scale S = max_norm, Coder C = packed>
class scalar_compressor : public message_interface<scalar_compressor<Q, S, C>> {
public:
    static constexpr bool unbiased = requires { requires Q::unbiased; } && !std::is_same_v<S, fixed> &&
                                     !std::is_same_v<S, mean_abs>;

    explicit scalar_compressor(Q quantizer, S scale = {}, C coder = {})
        : quantizer_(std::move(quantizer)), scale_(std::move(scale)), coder_(std::move(coder)) {
        validate(quantizer_);
        validate(scale_);
        const alphabet a = quantizer_.symbols();
        expect(a.lowest <= a.highest, "a quantizer needs at least one symbol");
        expect(a.highest <= max_index && a.lowest >= -max_index, "a quantizer's indices must be below 2^24 in magnitude");
    }

    const Q& quantizer() const { return quantizer_; }
    const S& scale() const { return scale_; }
    const C& coder() const { return coder_; }
    std::string name() const { return composition("scalar", {quantizer_.name(), scale_.name(), coder_.name()}); }

    //! The bound of E||C(x) - x||^2 / ||x||^2 for dimension d, where the quantizer and scale have one.
    double variance(std::size_t d) const
        requires requires(const Q q, const S s, std::size_t n) { relative_variance(q, s, n); }
    {
        return relative_variance(quantizer_, scale_, std::min(d, bucket(d)));
    }

    void encode(std::span<const float> x, random_key k, payload_writer& w) {
        const std::size_t b = bucket(x.size());
        steps_.clear();
        for (std::size_t at = 0; at < x.size(); at += b) {
            const float measured = scale_.measure(x.subspan(at, std::min(b, x.size() - at)));
            steps_.push_back(step_of(measured));
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
        read(r, k, y, [&](const auto* symbols, float step, std::uint64_t first, std::span<float> part, const random_stream& u) {
            kernels::reconstruct(quantizer_, symbols, step, u, first, part);
        });
    }
    void decode_add(payload_reader& r, random_key k, float weight, std::span<float> acc) {
        read(r, k, acc, [&](const auto* symbols, float step, std::uint64_t first, std::span<float> part, const random_stream& u) {
            kernels::reconstruct_add(quantizer_, symbols, rounded(weight * step), u, first, part);
        });
    }

private:
    static constexpr int max_index = 1 << 24;
    static constexpr std::size_t preferred_chunk = 8192;

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
    //! Symbols per block: a multiple of the coder's granule and of the dither's group, so that both stay aligned.
    static std::size_t chunk_for(std::size_t granule) {
        if (granule == 0) {
            return 0;
        }
        const std::size_t unit = std::lcm(granule, random_stream::group);
        return unit * std::max<std::size_t>(1, preferred_chunk / unit);
    }
    float step_of(float measured) const {
        float step;
        if constexpr (requires { scale_.step(measured, 1.0f); }) {
            step = scale_.step(measured, range_of(quantizer_));
        } else {
            step = measured / range_of(quantizer_);
        }
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
    void quantize(std::span<const float> x, std::size_t b, const random_stream& dither, std::size_t first, Symbol* symbols) {
        for_buckets(first, x.size(), b, [&](std::size_t at, std::size_t n, float step) {
            kernels::quantize(quantizer_, x.subspan(at, n), step > 0 ? 1.0f / step : 0.0f, dither, first + at, symbols + at);
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
            expect_message(steps_.back() >= 0, "a message holds a negative scale: it was altered");
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
    std::vector<float> steps_;
    std::vector<std::uint8_t> symbols_;
    std::vector<std::uint32_t> wide_;
};

}  // namespace frugal
