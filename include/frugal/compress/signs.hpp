//! `signs`: truth values, and the signs of anything else, one bit a coordinate and nothing more.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include <frugal/compress/laws.hpp>
#include <frugal/compress/message_interface.hpp>
#include <frugal/core/bit_matrix.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/kernels/norms.hpp>
#include <frugal/kernels/pack_signs.hpp>

namespace frugal {

//! C(x) = +1 where x >= 0, -1 elsewhere; d bits. Exact for truth values; of other vectors it loses the magnitude, so no
//! law holds: a majority of them is meant (`majority_vote`), or `scalar_compressor{sign{}}`, which sends a scale.
//!
//! Payload: bit i of byte i / 8, least significant first, is 1 for +1; the last byte is padded with zeros.
class signs : public message_interface<signs> {
public:
    static constexpr bool unbiased = false;
    static constexpr auto describe() { return describes("signs", "the sign alone, one bit a coordinate, no scale"); }
    signs() = default;
    static constexpr laws laws_for(std::size_t) { return {}; }
    static constexpr std::size_t granule() { return 1; }
    std::string name() const { return described_name(*this); }

    static constexpr std::size_t bytes_for(std::size_t d) { return d / 8 + (d % 8 != 0); }

    void encode(std::span<const float> x, random_key, payload_writer& w) const {
        kernels::expect_all_finite(x);
        const auto words = borrow<std::uint64_t>(words_for(x.size()));
        kernels::pack_signs(x, {words.data(), x.size()});
        std::memcpy(w.block(bytes_for(x.size()), x.size()).data(), words.data(), bytes_for(x.size()));
    }
    void encode(std::span<const float> x, random_key k, payload_writer& w, std::span<float> echo) const {
        encode(x, k, w);
        std::ranges::transform(x, echo.begin(), [](float v) { return v >= 0 ? 1.0f : -1.0f; });
    }
    void decode(payload_reader& r, random_key, std::span<float> y) const {
        const auto words = unpadded(read(r, y.size()));
        kernels::unpack_signs({words.data(), y.size()}, y);
    }
    void decode_add(payload_reader& r, random_key, float weight, std::span<float> acc) const {
        const auto words = unpadded(read(r, acc.size()));
        const bit_view bits(words.data(), acc.size());
        for (std::size_t i = 0; i < acc.size(); ++i) {
            acc[i] += bits[i] ? weight : -weight;
        }
    }
    //! The bits inside a message, in place, valid as long as the message: for who counts them. Throws
    //! `malformed_message` as decompress does.
    std::span<const std::byte> view(const message& m, random_key k) const {
        check_message(m, scheme_.of(*this), k, m.dimension());
        payload_reader r(m.payload());
        const auto bits = read(r, m.dimension());
        r.finish();
        return bits;
    }

private:
    static std::span<const std::byte> read(payload_reader& r, std::size_t d) {
        const auto in = r.block(bytes_for(d));
        expect_message(d % 8 == 0 || std::to_integer<unsigned>(in.back()) >> (d % 8) == 0,
                       "the padding of a message is not zero: it was altered");
        return in;
    }
    //! As words, the bits beyond the last 0.
    static loan<std::uint64_t> unpadded(std::span<const std::byte> bytes) {
        auto words = borrow<std::uint64_t>((bytes.size() + 7) / 8);
        std::ranges::fill(words, std::uint64_t{0});
        std::memcpy(words.data(), bytes.data(), bytes.size());
        return words;
    }
};

}  // namespace frugal
