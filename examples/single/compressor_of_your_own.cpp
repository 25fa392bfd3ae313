//! A compressor of one's own, and whether the laws that it claims hold.
#include <bit>
#include <cstdio>

#include "frugal_single.hpp"

//! The upper half of each float: an element loses less than 2^-7 of itself.
struct upper_half : frugal::message_interface<upper_half> {
    upper_half() = default;
    static constexpr bool unbiased = false;
    double contraction(std::size_t) const { return 1 - 1.0 / 16384; }
    std::string name() const { return "upper_half"; }

    void encode(std::span<const float> x, frugal::random_key, frugal::payload_writer& w) const {
        frugal::max_norm{}.measure(x);  // refuses what is not finite, by its index
        for (const float value : x) {
            w.bits(std::bit_cast<std::uint32_t>(value) >> 16, 16);
        }
    }
    void decode(frugal::payload_reader& r, frugal::random_key k, std::span<float> y) const {
        std::ranges::fill(y, 0.0f);
        decode_add(r, k, 1, y);
    }
    void decode_add(frugal::payload_reader& r, frugal::random_key, float weight, std::span<float> sum) const {
        for (float& s : sum) {
            const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(r.bits(16)) << 16);
            frugal::expect_message(value - value == 0, "a number is not finite: it was altered");
            s = frugal::multiply_add(weight, value, s);
        }
    }
};

int main() {
    bool all = true;
    for (const auto& law : frugal::testing::check_all(upper_half{}, frugal::testing::normal_vector(100, 1))) {
        std::puts(law.sentence.c_str());
        all = all && law.holds;
    }
    return all ? 0 : 1;
}
