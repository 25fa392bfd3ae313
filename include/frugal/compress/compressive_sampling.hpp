//! `compressive_sampling`: some rows of a random rotation, dithered (Abdi 2020, ch. 4).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>

#include <frugal/compress/coder/radix.hpp>
#include <frugal/compress/identity.hpp>
#include <frugal/compress/laws.hpp>
#include <frugal/compress/message_interface.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/transformed.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/quantize/dithered.hpp>

namespace frugal {

//! Quantized compressive sampling: v = T x with k of the n rows of each bucket's rotation, dithered with 2 Q + 1 levels
//! (one bit where Q is 0) and a scale for each bucket; decoded as T' v.
//!
//! The payload of transformed{hadamard{n, k}, scalar_compressor{dithered{Q}, bucketed{max_norm{}, k}, radix{}}}, which
//! is the way to other coders and quantizers: k log2(2 Q + 1) + 32 bits a bucket. With k = 1 that one number is sent as
//! it is. Unbiased; E||C(x) - x||^2 = (n / k - 1) ||x||^2 + n / (12 Q^2) E max (T x)_i^2 <= gamma() ||x||^2 for every x
//! of whole buckets. Its mean-square form, shrunk by 1 / (1 + gamma), is contractive{compressive_sampling{...}}. size:
//! a power of two or a size that `hadamard` knows a matrix of Paley for. O(d log k) time.
struct compressive_sampling {
    std::size_t size = 256;     //!< n, coordinates of a bucket
    std::size_t kept = 0;       //!< k, numbers sent for it, 1..n; 0 for n
    int levels = 2;             //!< Q on each side of zero; 0 for one bit
    cached_scheme scheme = {};  //!< internal

    static constexpr auto describe() {
        return describes(
            "compressive_sampling", "some rows of a random rotation of each bucket, dithered (QCS)",
            option("size", &compressive_sampling::size, "coordinates of a bucket").from(1).to(1 << 24),
            option("kept", &compressive_sampling::kept, "numbers sent for a bucket; 0 for all").from(0).to(1 << 24),
            option("levels", &compressive_sampling::levels, "on each side of zero; 0: one bit").from(0).to(1 << 20));
    }
    static constexpr bool unbiased = true;

private:  // first, for what deduces types from it
    std::size_t rows() const { return kept == 0 ? size : kept; }
    double bits_of_number() const { return levels == 0 ? 1 : std::log2(2.0 * levels + 1); }
    //! f(the composition).
    template <class F>
    auto with(F f) const {
        validate();
        const hadamard t{size, kept};
        if (rows() == 1) {
            return f(transformed{t, identity{}});
        }
        const bucketed scale{max_norm{}, rows()};
        return levels == 0 ? f(transformed{t, scalar_compressor{one_bit_dithered{}, scale, radix{}}})
                           : f(transformed{t, scalar_compressor{dithered{levels}, scale, radix{}}});
    }

public:
    //! The k and Q of least gamma that send at most 32 n / gain bits a bucket, scales not counted.
    static compressive_sampling of_gain(double gain, std::size_t size) {
        expect(gain >= 1 && gain <= 32 * static_cast<double>(size),
               "compressive_sampling: the gain must be from 1 to 32 times the size of a bucket");
        compressive_sampling best{.size = size, .kept = 1};
        for (int levels = 0; levels <= 64; ++levels) {
            compressive_sampling c{.size = size, .levels = levels};
            const double kept = std::floor(32 * static_cast<double>(size) / (gain * c.bits_of_number()));
            c.kept = static_cast<std::size_t>(std::min(kept, static_cast<double>(size)));
            if (c.kept > 1 && c.gamma() < best.gamma()) {
                best = c;
            }
        }
        return best;
    }
    //! 32 n / (k log2(2 Q + 1)): how many times fewer bits than floats, scales not counted.
    double gain() const { return 32 * static_cast<double>(size) / (static_cast<double>(rows()) * bits_of_number()); }
    //! n / k - 1 + n ln k / (4 Q^2 (k - 1)), or n - 1 for k = 1 (Abdi 2020, thm. 7).
    double gamma() const {
        const auto n = static_cast<double>(size);
        const auto k = static_cast<double>(rows());
        const double q = levels == 0 ? 0.5 : levels;
        return n / k - 1 + (rows() == 1 ? 0 : n * std::log(k) / (4 * q * q * (k - 1)));
    }
    //! At most gamma().
    laws laws_for(std::size_t d) const {
        return with([d](const auto& c) { return laws_of(c, d); });
    }
    double variance(std::size_t d) const { return *laws_for(d).variance; }
    std::size_t granule() const { return size; }
    void validate() const {
        validate_described(*this);
        hadamard{size, kept}.validate();
    }
    std::string name() const { return described_name(*this); }

    void compress(std::span<const float> x, random_key k, message& m) const { write_message(*this, scheme, x, k, m); }
    void compress(std::span<const float> x, random_key k, message& m, std::span<float> echo) const {
        write_message(*this, scheme, x, k, m, echo);
    }
    void decompress(const message& m, random_key k, std::span<float> y) const {
        read_message(*this, scheme, m, k, y.size(), [&](payload_reader& r) { decode(r, k, y); });
    }
    void decompress_add(const message& m, random_key k, float weight, std::span<float> acc) const {
        read_message(*this, scheme, m, k, acc.size(), [&](payload_reader& r) { decode_add(r, k, weight, acc); });
    }
    void encode(std::span<const float> x, random_key k, payload_writer& w) const {
        with([&](const auto& c) { c.encode(x, k, w); });
    }
    void encode(std::span<const float> x, random_key k, payload_writer& w, std::span<float> echo) const {
        with([&](const auto& c) { c.encode(x, k, w, echo); });
    }
    void decode(payload_reader& r, random_key k, std::span<float> y) const {
        with([&](const auto& c) { c.decode(r, k, y); });
    }
    void decode_add(payload_reader& r, random_key k, float weight, std::span<float> acc) const {
        with([&](const auto& c) { c.decode_add(r, k, weight, acc); });
    }
};

}  // namespace frugal
