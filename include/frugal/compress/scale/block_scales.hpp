//! Scales of 8 bits for blocks of a few coordinates, as block floating point has them.
//!
//! | scale                 | bits a block | value                                           | choose it for          |
//! |-----------------------|--------------|-------------------------------------------------|------------------------|
//! | shared_exponent{size} | 8            | a power of two                                  | MXFP4, MXFP6, MXFP8    |
//! | shared_e4m3{size}     | 8, and 32    | a number of E4M3 times one number for all blocks | NVFP4                 |
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>

#include <frugal/compress/scale/scales.hpp>
#include <frugal/core/bits.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/error.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/quantize/minifloat.hpp>

namespace frugal {

//! The least power of two that is at least the max-norm over the range, one for each `size` coordinates: E8M0 of the
//! microscaling formats (OCP 2023), where the exponent is rounded up, as nothing that is to be unbiased may clip.
//!
//! On the wire: the exponent plus 127 in 8 bits, 255 for a block of zeros.
struct shared_exponent {
    std::size_t size = 32;

    static constexpr auto describe() {
        return describes("shared_exponent", "a power of two for each block, in 8 bits (MX formats)",
                         option("size", &shared_exponent::size, "coordinates of a block").from(1).to(1 << 24));
    }
    static constexpr norm_kind kind = norm_kind::max;
    //! A step is at most this times what the norm alone would make it.
    static constexpr double slack() { return 2; }
    float measure(std::span<const float> x) const { return max_norm{}.measure(x); }
    std::size_t bucket_size() const { return size; }
    float step(float measured, float range) const {
        int exponent = 0;
        const float mantissa = std::frexp(measured / range, &exponent);
        return mantissa == 0 ? 0 : std::ldexp(1.0f, mantissa == 0.5f ? exponent - 1 : exponent);
    }
    void write_steps(std::span<float> steps, payload_writer& w) const {
        for (const float step : steps) {
            int exponent = 0;
            std::frexp(step, &exponent);
            w.bits(step == 0 ? zeros : static_cast<unsigned>(exponent - 1 + bias), 8);
        }
    }
    void read_steps(payload_reader& r, std::span<float> steps) const {
        for (float& step : steps) {
            const auto code = static_cast<unsigned>(r.bits(8));
            step = code == zeros ? 0 : std::ldexp(1.0f, static_cast<int>(code) - bias);
        }
    }
    void validate() const { validate_described(*this); }
    std::string name() const { return described_name(*this); }

private:
    static constexpr unsigned zeros = 255;
    static constexpr int bias = 127;
};

//! The max-norm over the range, one for each `size` coordinates, rounded up to a multiple of one number for the whole
//! vector by a number of E4M3, at most 448 (NVFP4, NVIDIA 2025). Blocks whose largest magnitude is below 2^-18 of the
//! vector's have steps larger than their own norm would make them.
//!
//! On the wire: the common factor, 32 bits; then the code of each block's number, 8 bits, 0 for a block of zeros.
struct shared_e4m3 {
    std::size_t size = 16;

    static constexpr auto describe() {
        return describes("shared_e4m3", "a number of E4M3 for each block, in 8 bits (NVFP4)",
                         option("size", &shared_e4m3::size, "coordinates of a block").from(1).to(1 << 24));
    }
    float measure(std::span<const float> x) const { return max_norm{}.measure(x); }
    std::size_t bucket_size() const { return size; }
    void write_steps(std::span<float> steps, payload_writer& w) const {
        const float largest = steps.empty() ? 0 : *std::ranges::max_element(steps);
        float common = largest / numbers().back();
        common = common >= least_common ? common : 0;
        w.number(common);
        for (float& step : steps) {
            unsigned code = 0;
            if (step > 0 && common > 0) {
                const auto at = std::ranges::lower_bound(numbers(), std::min(step / common, numbers().back()));
                code = static_cast<unsigned>(at - numbers().begin());
            }
            w.bits(code, 8);
            step = common * numbers()[code];
        }
    }
    void read_steps(payload_reader& r, std::span<float> steps) const {
        const float common = r.number();
        expect_message(common == 0 || (common >= least_common && common <= 0x1p118f),
                       "a message holds a scale that is negative, too small or too large: it was altered");
        for (float& step : steps) {
            const std::uint64_t code = r.bits(8);
            expect_message(code < numbers().size(), "a message holds a scale that is no number: it was altered");
            step = common * numbers()[code];
        }
    }
    void validate() const { validate_described(*this); }
    std::string name() const { return described_name(*this); }

private:
    static constexpr float least_common = 0x1p-116f;  // so that the least step is normal

    static const std::array<float, 127>& numbers() {
        static const std::array<float, 127> all = [] {
            const minifloat e4m3{.exponent_bits = 4, .mantissa_bits = 3};
            std::array<float, 127> values{};
            for (std::size_t c = 0; c < values.size(); ++c) {
                values[c] = e4m3.value(static_cast<float>(c));
            }
            return values;
        }();
        return all;
    }
};

}  // namespace frugal
