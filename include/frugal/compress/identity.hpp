//! No compression: 32 bits a coordinate, bit for bit. The reference of every comparison, and the default value compressor.
#pragma once

#include <cstring>
#include <string>

#include <frugal/compress/message_interface.hpp>
#include <frugal/core/exact.hpp>

namespace frugal {

//! C(x) = x; 32 d bits. Accepts only finite input, as every compressor.
class identity : public message_interface<identity> {
public:
    static constexpr bool unbiased = true;
    identity() = default;
    double variance(std::size_t) const { return 0; }
    double contraction(std::size_t) const { return 1; }
    std::string name() const { return "identity"; }

    void encode(std::span<const float> x, random_key, payload_writer& w) {
        for (std::size_t i = 0; i < x.size(); ++i) {
            expect(x[i] - x[i] == 0.0f, [&] {
                return "input element " + std::to_string(i) + " is not finite: check the gradient for divergence";
            });
        }
        const auto out = w.block(x.size_bytes(), x.size() * 32);
        std::memcpy(out.data(), x.data(), out.size());
    }
    //! The vector inside a message, in place: what decompress would copy, valid as long as the message, not checked for
    //! finite values. Throws `malformed_message` as decompress does.
    std::span<const float> view(const message& m, random_key k) {
        check_message(m, scheme_.of(*this), k, m.dimension());
        const auto payload = m.payload();
        expect_message(payload.size() % sizeof(float) == 0 && payload.size() / sizeof(float) == m.dimension(),
                       "a message's dimension differs from the length of its payload: it was altered");
        return {reinterpret_cast<const float*>(payload.data()), m.dimension()};  // 56 bytes behind an allocation: aligned
    }
    void decode(payload_reader& r, random_key, std::span<float> y) {
        const auto in = r.block(y.size_bytes());
        std::memcpy(y.data(), in.data(), in.size());
        for (const float v : y) {
            expect_message(v - v == 0.0f, "a message holds a number that is not finite: it was altered");
        }
    }
    void decode_add(payload_reader& r, random_key, float weight, std::span<float> acc) {
        const auto in = r.block(acc.size_bytes());
        for (std::size_t i = 0; i < acc.size(); ++i) {
            float v;
            std::memcpy(&v, in.data() + i * sizeof v, sizeof v);
            expect_message(v - v == 0.0f, "a message holds a number that is not finite: it was altered");
            acc[i] = multiply_add(weight, v, acc[i]);
        }
    }
};

}  // namespace frugal
