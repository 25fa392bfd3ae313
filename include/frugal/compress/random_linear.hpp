//! `random_linear`: a few random sums of the coordinates in place of all of them; messages of one key may be added up.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <span>
#include <string>

#include <frugal/compress/laws.hpp>
#include <frugal/compress/message_interface.hpp>
#include <frugal/compress/selector/random_k.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/kernels/elementwise.hpp>
#include <frugal/kernels/hadamard.hpp>

namespace frugal {

//! Random linear coding (Abdi 2020, sec. 5.3): z = A x,  C(x) = A' z,  A = H R / sqrt(m) for each block of B elements.
//!
//! R: random signs; H: m random rows of the Hadamard matrix of order B, m = round(B / gain), at least 1; both are drawn
//! from the key. A last block that is shorter is padded with zeros to a power of two.
//! A A' = (B / m) I, so E A' A = I: unbiased, E||C(x) - x||^2 = (B / m - 1) ||x||^2 exactly, E||A x||^2 = ||x||^2.
//! Linear: the sum of messages of one key is the message of the sum, which is what an analog channel does
//! (exchange/over_the_air.hpp). `contractive{random_linear{}}` is the projection (m / B) A' A, of loss 1 - m / B.
//! Payload: the sums, 32 bits each. O(d log B) time.
class random_linear : public message_interface<random_linear> {
public:
    static constexpr bool unbiased = true;
    static constexpr auto describe() {
        return describes(
            "random_linear", "random sums of the coordinates, which a channel may add up (RLC)",
            option("gain", &random_linear::gain_, "coordinates to a sum").from(1).to(1 << 20),
            option("block", &random_linear::block_, "elements coded together, a power of two").from(1).to(1 << 24));
    }

    explicit random_linear(double gain = 20, std::size_t block = 4096) : gain_(gain), block_(block) {
        validate_described(*this);
        expect(std::has_single_bit(block_), "random_linear: the block must be a power of two");
    }

    std::string name() const { return described_name(*this); }
    //! How many sums a vector of d elements becomes.
    std::size_t sums(std::size_t d) const {
        const std::size_t rest = d % block_;
        return d / block_ * sums_of(block_) + (rest > 0 ? sums_of(std::bit_ceil(rest)) : 0);
    }
    laws laws_for(std::size_t d) const {
        laws result = laws_from_variance(true, variance(d));
        result.linear = true;
        return result;
    }
    //! E||C(x) - x||^2 / ||x||^2, exactly where all blocks have one size; otherwise that of the worse ones.
    double variance(std::size_t d) const {
        const auto of = [&](std::size_t n) { return static_cast<double>(n) / static_cast<double>(sums_of(n)) - 1; };
        const std::size_t rest = d % block_;
        return std::max(d >= block_ ? of(block_) : 0.0, rest > 0 ? of(std::bit_ceil(rest)) : 0.0);
    }
    std::size_t granule() const { return block_; }

    void encode(std::span<const float> x, random_key k, payload_writer& w) const {
        kernels::expect_all_finite(x);
        const std::size_t m = sums(x.size());
        const auto z = borrow<float>(m);
        std::size_t done = 0;
        for_blocks(x.size(), k, [&](std::size_t first, std::size_t n, const selection& rows, std::span<float> rotated) {
            std::ranges::fill(rotated.subspan(n), 0.0f);
            kernels::random_signs(random_stream(k), first, factor(rows), x.subspan(first, n), rotated.first(n));
            kernels::hadamard(rotated, rotated.size());
            double decoded = 0;  // no coordinate, nor a sum on the way to it, can be larger for the receiver
            for (const std::uint32_t row : rows.indices) {
                z[done++] = rotated[row];
                decoded += std::fabs(double(rotated[row]));
            }
            expect(decoded <= double(std::numeric_limits<float>::max()) / 2,
                   "the sums of the input exceed the range of float: scale it down");
        });
        const auto out = w.block(m * sizeof(float), 32 * m);
        std::memcpy(out.data(), z.data(), out.size());
    }
    void decode(payload_reader& r, random_key k, std::span<float> y) const {
        decode_blocks(r, k, y.size(), [&](std::size_t first, std::span<const float> part) {
            std::ranges::copy(part, y.begin() + static_cast<std::ptrdiff_t>(first));
        });
    }
    void decode_add(payload_reader& r, random_key k, float weight, std::span<float> acc) const {
        decode_blocks(r, k, acc.size(), [&](std::size_t first, std::span<const float> part) {
            kernels::axpy(weight, part, acc.subspan(first, part.size()));
        });
    }

private:
    std::size_t sums_of(std::size_t block) const {
        return std::clamp<std::size_t>(static_cast<std::size_t>(static_cast<double>(block) / gain_ + 0.5), 1, block);
    }
    static float factor(const selection& rows) { return 1.0f / std::sqrt(static_cast<float>(rows.indices.size())); }
    //! use(first, n, rows, buffer): for each block of n elements, with room for the block padded.
    template <class Use>
    void for_blocks(std::size_t d, random_key k, Use use) const {
        const workspace<selection> rows;
        const auto buffer = borrow<float>(std::min(block_, std::bit_ceil(d)));
        std::size_t drawn = 0;
        for (std::size_t first = 0; first < d; first += block_) {
            const std::size_t n = std::min(block_, d - first);
            const std::size_t padded = std::bit_ceil(n);
            if (padded != drawn) {
                random_k{.count = sums_of(padded)}.regenerate(padded, k.for_purpose(1), *rows);
                drawn = padded;
            }
            use(first, n, *rows, std::span<float>(buffer).first(padded));
        }
    }
    template <class Use>
    void decode_blocks(payload_reader& r, random_key k, std::size_t d, Use use) const {
        const auto in = r.block(sums(d) * sizeof(float));
        std::size_t done = 0;
        for_blocks(d, k, [&](std::size_t first, std::size_t n, const selection& rows, std::span<float> rotated) {
            std::ranges::fill(rotated, 0.0f);
            for (const std::uint32_t row : rows.indices) {
                std::memcpy(&rotated[row], in.data() + done * sizeof(float), sizeof(float));
                ++done;
            }
            kernels::hadamard(rotated, rotated.size());
            kernels::random_signs(random_stream(k), first, factor(rows), rotated.first(n), rotated.first(n));
            expect_message(kernels::first_nonfinite(rotated.first(n)) == n,
                           "a message holds sums that no vector of floats has: it was altered");
            use(first, rotated.first(n));
        });
    }

    double gain_;
    std::size_t block_;
};

}  // namespace frugal
