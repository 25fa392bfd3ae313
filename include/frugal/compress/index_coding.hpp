//! How the indices of selected coordinates travel.
//!
//! | coding                | bits per index, k of d selected           | choose it when                           |
//! |-----------------------|-------------------------------------------|------------------------------------------|
//! | fixed_width_indices{} | ceil(log2 d)                              | bits must be those papers count; fastest |
//! | rice_indices{}        | about log2(d / k) + 1.5 if scattered      | bits matter: 8, not 24, for 1 % of 2^24  |
//! | bitmap_indices{}      | d / k, at most ceil(log2 d); 1 bit in all | a large share of the coordinates is sent |
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <frugal/core/bits.hpp>
#include <frugal/core/describe.hpp>

namespace frugal {

//! Increasing indices below d to bits and back; decode refuses what is not increasing or not below d.
template <class C>
concept IndexCoding = requires(const C c, std::span<const std::uint32_t> indices, std::span<std::uint32_t> out,
                               std::size_t d, payload_writer& w, payload_reader& r) {
    c.encode(indices, d, w);
    c.decode(r, d, out);
    { c.least_bits(d) } -> std::convertible_to<std::uint64_t>;
    { c.name() } -> std::convertible_to<std::string>;
};

//! ceil(log2 d) bits for each index.
struct fixed_width_indices {
    static constexpr auto describe() {
        return describes("fixed_width_indices", "ceil(log2 d) bits an index, as papers count");
    }
    //! What an index takes at least, so that a receiver can refuse a count that the message cannot hold.
    std::uint64_t least_bits(std::size_t d) const { return bits_for(d); }
    void encode(std::span<const std::uint32_t> indices, std::size_t d, payload_writer& w) const {
        const unsigned width = bits_for(d);
        for (const std::uint32_t i : indices) {
            w.bits(i, width);
        }
    }
    void decode(payload_reader& r, std::size_t d, std::span<std::uint32_t> out) const {
        const unsigned width = bits_for(d);
        std::uint64_t least = 0;
        for (std::uint32_t& i : out) {
            const std::uint64_t value = r.bits(width);
            expect_message(value >= least && value < d,
                           "the indices of a sparse message do not increase or exceed its dimension");
            i = static_cast<std::uint32_t>(value);
            least = value + 1;
        }
    }
    std::string name() const { return described_name(*this); }
};

//! Gaps between indices by the code of Rice (1979): the gap's low b bits, the rest in unary. b follows from d and k.
struct rice_indices {
    static constexpr auto describe() { return describes("rice_indices", "Rice codes of the gaps: fewer bits"); }
    std::uint64_t least_bits(std::size_t) const { return 1; }
    void encode(std::span<const std::uint32_t> indices, std::size_t d, payload_writer& w) const {
        const unsigned low_bits = parameter(d, indices.size());
        std::uint64_t least = 0;
        for (const std::uint32_t i : indices) {
            const std::uint64_t gap = i - least;
            for (std::uint64_t high = gap >> low_bits; high > 0;) {
                const auto ones = static_cast<unsigned>(std::min<std::uint64_t>(high, 32));
                w.bits((std::uint64_t{1} << ones) - 1, ones);
                high -= ones;
            }
            w.bits(0, 1);
            w.bits(gap & ((std::uint64_t{1} << low_bits) - 1), low_bits);
            least = std::uint64_t{i} + 1;
        }
    }
    void decode(payload_reader& r, std::size_t d, std::span<std::uint32_t> out) const {
        const unsigned low_bits = parameter(d, out.size());
        std::uint64_t least = 0;
        for (std::uint32_t& i : out) {
            std::uint64_t high = 0;
            while (r.bits(1) != 0) {
                ++high;
            }
            const std::uint64_t value = least + (high << low_bits) + r.bits(low_bits);
            expect_message(high <= d && value < d, "the indices of a sparse message exceed its dimension");
            i = static_cast<std::uint32_t>(value);
            least = value + 1;
        }
    }
    std::string name() const { return described_name(*this); }

private:
    //! floor(log2(ln 2 times the mean gap)), the best for gaps that are geometric.
    static unsigned parameter(std::size_t d, std::size_t k) {
        const std::uint64_t scaled = k == 0 ? 0 : (std::uint64_t{d} * 45426 >> 16) / k;  // 45426 / 2^16 = ln 2
        return scaled <= 1 ? 0 : static_cast<unsigned>(std::bit_width(scaled)) - 1;
    }
};

//! A bit that says which; then a bit for each of the d coordinates, or, where that is shorter, fixed width.
struct bitmap_indices {
    static constexpr auto describe() {
        return describes("bitmap_indices", "a bit for each coordinate, or fixed width if that is shorter");
    }
    std::uint64_t least_bits(std::size_t) const { return 1; }
    void encode(std::span<const std::uint32_t> indices, std::size_t d, payload_writer& w) const {
        const bool listed = indices.size() * std::uint64_t{bits_for(d)} < d;
        w.bits(listed ? 1 : 0, 1);
        if (listed) {
            fixed_width_indices{}.encode(indices, d, w);
            return;
        }
        std::size_t next = 0;
        for (std::size_t at = 0; at < d; at += 64) {
            const std::size_t n = std::min<std::size_t>(64, d - at);
            std::uint64_t word = 0;
            for (; next < indices.size() && indices[next] < at + n; ++next) {
                word |= std::uint64_t{1} << (indices[next] - at);
            }
            w.bits(word, static_cast<unsigned>(n));
        }
    }
    void decode(payload_reader& r, std::size_t d, std::span<std::uint32_t> out) const {
        if (r.bits(1) != 0) {
            fixed_width_indices{}.decode(r, d, out);
            return;
        }
        std::size_t found = 0;
        for (std::size_t at = 0; at < d; at += 64) {
            const auto n = static_cast<unsigned>(std::min<std::size_t>(64, d - at));
            for (std::uint64_t word = r.bits(n); word != 0; word &= word - 1) {
                expect_message(found < out.size(),
                               "the bitmap of a sparse message has more coordinates than announced");
                out[found++] = static_cast<std::uint32_t>(at + static_cast<unsigned>(std::countr_zero(word)));
            }
        }
        expect_message(found == out.size(), "the bitmap of a sparse message has fewer coordinates than announced");
    }
    std::string name() const { return described_name(*this); }
};

namespace detail {

template <class S>
struct default_indices {
    using type = fixed_width_indices;
};
template <class S>
    requires requires { typename S::default_indices; }
struct default_indices<S> {
    using type = typename S::default_indices;
};

}  // namespace detail

//! What a selector's indices travel in unless one says otherwise: its own `default_indices`, or bits as papers count.
template <class S>
using default_indices = typename detail::default_indices<S>::type;

}  // namespace frugal
