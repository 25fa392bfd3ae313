//! No compression: 32 bits a coordinate, bit for bit. The reference of every comparison, and the default value
//! compressor.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include <frugal/compress/laws.hpp>
#include <frugal/compress/message_interface.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/kernels/elementwise.hpp>
#include <frugal/kernels/norms.hpp>

namespace frugal {

//! C(x) = x; 32 d bits. Accepts only finite input, as every compressor.
class identity : public message_interface<identity> {
public:
    static constexpr bool unbiased = true;
    static constexpr auto describe() { return describes("identity", "no compression, 32 bits a coordinate"); }
    identity() = default;
    static constexpr double variance(std::size_t) { return 0; }
    static constexpr double contraction(std::size_t) { return 1; }
    static constexpr laws laws_for(std::size_t) {
        return {.unbiased = true, .variance = 0, .contraction = 1, .linear = true, .worst_case = 0};
    }
    static constexpr std::size_t granule() { return 1; }
    std::string name() const { return described_name(*this); }

    void encode(std::span<const float> x, random_key, payload_writer& w) const {
        if (!is_finite(kernels::max_abs(x))) {
            kernels::expect_all_finite(x);
        }
        const auto out = w.block(x.size_bytes(), x.size() * 32);
        std::memcpy(out.data(), x.data(), out.size());
    }
    void encode(std::span<const float> x, random_key k, payload_writer& w, std::span<float> echo) const {
        encode(x, k, w);
        if (echo.data() != x.data()) {
            std::ranges::copy(x, echo.begin());
        }
    }
    //! The vector inside a message, in place: what decompress would copy, valid as long as the message, not checked for
    //! finite values. Throws `malformed_message` as decompress does.
    std::span<const float> view(const message& m, random_key k) const {
        check_message(m, scheme_.of(*this), k, m.dimension());
        const auto payload = m.payload();
        expect_message(payload.size() % sizeof(float) == 0 && payload.size() / sizeof(float) == m.dimension(),
                       "a message's dimension differs from the length of its payload: it was altered");
        return {reinterpret_cast<const float*>(payload.data()),
                m.dimension()};  // 56 bytes behind an allocation: aligned
    }
    void decode(payload_reader& r, random_key, std::span<float> y) const {
        const auto in = r.block(y.size_bytes());
        std::memcpy(y.data(), in.data(), in.size());
        expect_finite(y);
    }
    void decode_add(payload_reader& r, random_key, float weight, std::span<float> acc) const {
        const auto in = r.block(acc.size_bytes());
        std::array<float, 2048> part;  // the payload need not be aligned to floats
        for (std::size_t at = 0; at < acc.size(); at += part.size()) {
            const std::size_t n = std::min(part.size(), acc.size() - at);
            std::memcpy(part.data(), in.data() + at * sizeof(float), n * sizeof(float));
            const std::span<const float> values(part.data(), n);
            expect_finite(values);
            kernels::axpy(weight, values, acc.subspan(at, n));
        }
    }

private:
    static void expect_finite(std::span<const float> x) {
        expect_message(is_finite(kernels::max_abs(x)), "a message holds a number that is not finite: it was altered");
    }
};

}  // namespace frugal
