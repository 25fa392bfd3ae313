//! Quantizers by the lattice E8: eight coordinates at a time, with 0.65 dB less error than one at a time at equal rate.
//!
//! | quantizer                | symbols | error in steps squared a coordinate      | choose it when                            |
//! |--------------------------|---------|------------------------------------------|-------------------------------------------|
//! | e8{.bits}                | 2^bits  | 929 / 12960 = 0.0717 for smooth densities | deterministic, with error feedback        |
//! | dithered_e8{.bits}       | 2^bits  | 929 / 12960 for every x; 1/12 = 0.0833 is | unbiased, many levels or entropy coded    |
//! |                          |         | what `dithered` has                       |                                           |
//! | nested_e8{.fine, .bits}  | 2^bits  | the same                                  | the receiver knows a vector close to x    |
//!
//! Encoding rounds to two cosets and compares their distances in double, so that all machines choose alike: arithmetic,
//! which takes some 25 times as long as to copy the vector.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <string>

#include <frugal/concepts.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/quantize/rounding.hpp>

namespace frugal {

//! The point of E8 nearest to t: half of its coset is D8, the integers with an even sum, half is D8 + 1/2 (Conway and
//! Sloane 1982: round, and where the sum is odd, round the coordinate that was rounded farthest the other way).
//! Returns whether it is of the second half; floors: the point, rounded down. |t_i| < 2^22.
inline bool nearest_e8(const float* t, int* floors) {
    constexpr std::size_t n = 8;
    struct candidate {
        int floors[n];
        float off[n];
        float farthest;
        bool odd;
        double squared;
    };
    const auto in_half = [t](float centre) __attribute__((always_inline)) {
        candidate c;
        float distance[n];
        double square[n];
        int sum[n];
        for (std::size_t i = 0; i < n; ++i) {
            const float below = std::floor(t[i] + (0.5f - centre));
            c.off[i] = (t[i] - below) - centre;  // exact
            c.floors[i] = static_cast<int>(below);
            sum[i] = c.floors[i];
            distance[i] = std::fabs(c.off[i]);
            square[i] = double(c.off[i]) * double(c.off[i]);  // exact: contracted or not
        }
        for (std::size_t width = n / 2; width > 0; width /= 2) {
            for (std::size_t i = 0; i < width; ++i) {
                distance[i] = distance[i] < distance[i + width] ? distance[i + width] : distance[i];
                square[i] += square[i + width];
                sum[i] += sum[i + width];
            }
        }
        c.farthest = distance[0];
        c.odd = sum[0] % 2 != 0;
        c.squared = c.odd ? square[0] + (1 - 2 * double(c.farthest)) : square[0];
        return c;
    };
    const candidate integers = in_half(0.0f);
    const candidate halves = in_half(0.5f);
    const bool half = halves.squared < integers.squared;
    const candidate& nearest = half ? halves : integers;
    bool to_move = nearest.odd;
    for (std::size_t i = 0; i < n; ++i) {
        const bool moved = to_move && std::fabs(nearest.off[i]) == nearest.farthest;
        to_move = to_move && !moved;
        floors[i] = nearest.floors[i] + (moved ? (nearest.off[i] >= 0 ? 1 : -1) : 0);
    }
    return half;
}

//! E(nearest point - t)^2 a coordinate for t uniform modulo E8: its normalized second moment (Conway and Sloane 1982).
inline constexpr double e8_second_moment = 929.0 / 12960;

namespace detail {

//! What the three have in common: points are sent modulo 2^bits in each coordinate.
//!
//! The indices of a group of eight: floor(p_i) modulo 2^bits, centred, whose sum over a point's coordinates is even;
//! the last bit of the last one is therefore known, and says instead whether the coordinates are integers or halves
//! between. bits a coordinate thus name 2^(8 bits) points. Coordinates that are not part of a whole aligned group of
//! eight in their bucket are rounded one by one.
template <class Derived>
struct e8_symbols {
    static constexpr std::size_t group = 8;

    alphabet symbols() const { return {-self().levels() / 2, self().levels() / 2 - 1}; }
    //! Of one coordinate, without its group.
    template <class T>
    T single_index(const T& t) const {
        return centred(T(round_half_up(t)));
    }
    void index_group(const float* x, const float* u, int* index) const {
        float t[group];
        for (std::size_t i = 0; i < group; ++i) {
            t[i] = x[i] + self().dither(u[i]);
        }
        const bool half = nearest_e8(t, index);
        const int middle = self().levels() / 2;  // even
        for (std::size_t i = 0; i < group; ++i) {
            index[i] = ((index[i] + middle) & (self().levels() - 1)) - middle;
        }
        index[group - 1] = (index[group - 1] & ~1) | (half ? 1 : 0);
    }
    //! The coordinates modulo 2^bits that the symbols of a group stand for, to be passed to `value`.
    void expand_group(const int* index, float* point) const {
        int sum = 0;
        for (std::size_t i = 0; i + 1 < group; ++i) {
            sum += index[i];
        }
        const int last = index[group - 1];
        const float offset = (last & 1) != 0 ? 0.5f : 0.0f;
        for (std::size_t i = 0; i + 1 < group; ++i) {
            point[i] = static_cast<float>(index[i]) + offset;
        }
        point[group - 1] = static_cast<float>((last & ~1) | (sum & 1)) + offset;
    }
    //! t minus the multiple of 2^bits nearest to it.
    template <class T>
    T centred(const T& t) const {
        const T levels(static_cast<float>(self().levels()));
        return t - levels * round_half_up(T(t / levels));
    }
    //! The largest error of a coordinate, in steps: the covering radius.
    static constexpr double largest_error() { return 1; }

private:
    const Derived& self() const { return static_cast<const Derived&>(*this); }
};

//! Errors reach 1 in a coordinate, so that much is kept free on either side of the range, and a little for rounding.
constexpr float e8_range(int bits) {
    return static_cast<float>(1 << (bits - 1)) - 1.0f - 0x1p-9f;
}

//! E||C(x) - x||^2 / max x_i^2 of n coordinates: whole groups, except at the ends of buckets that cut them.
constexpr double e8_variance(std::size_t n, double range) {
    const std::size_t grouped = n % 8 == 0 ? n : (n < 7 ? 0 : (n - 7) / 8 * 8);
    return (static_cast<double>(grouped) * e8_second_moment + static_cast<double>(n - grouped) / 12) / (range * range);
}

}  // namespace detail

//! The nearest point of E8, deterministic. |x| <= 2^(bits - 1) - 1, in steps. Biased: pair it with `error_feedback`.
struct e8 : detail::e8_symbols<e8> {
    int bits = 4;

    constexpr e8() = default;
    constexpr explicit e8(int bits_of_coordinate) : bits(bits_of_coordinate) {}
    static constexpr auto describe() {
        return describes("e8", "nearest point of the lattice E8",
                         option("bits", &e8::bits, "of a coordinate").from(2).to(16));
    }
    static constexpr bool unbiased = false;
    constexpr int levels() const { return 1 << bits; }
    constexpr float range() const { return detail::e8_range(bits); }
    static constexpr float dither(float) { return 0; }
    template <class T>
    T index(const T& x) const {
        return this->single_index(x);
    }
    template <class T>
    T value(const T& i) const {
        return this->centred(i);
    }
    void validate() const { validate_described(*this); }
    std::string name() const { return described_name(*this); }
};

//! The nearest point of E8 to x + v, minus v: v uniform on (-1, 1) in each coordinate and so, as E8 contains all even
//! integers, uniform modulo E8 (Zamir and Feder 1996). The error is uniform on the lattice's Voronoi cell and
//! independent of x: unbiased. |x| <= 2^(bits - 1) - 1, in steps: half a step less than `dithered` has with as many
//! levels, so that the gain shows from 6 bits on, or at any step where an entropy coder makes levels cheap.
struct dithered_e8 : detail::e8_symbols<dithered_e8> {
    int bits = 4;

    constexpr dithered_e8() = default;
    constexpr explicit dithered_e8(int bits_of_coordinate) : bits(bits_of_coordinate) {}
    static constexpr auto describe() {
        return describes("dithered_e8", "nearest point of the lattice E8, with subtractive dither",
                         option("bits", &dithered_e8::bits, "of a coordinate").from(2).to(16));
    }
    static constexpr bool unbiased = true;
    constexpr int levels() const { return 1 << bits; }
    constexpr float range() const { return detail::e8_range(bits); }
    static constexpr float dither(float u) { return 2 * u; }
    template <class T>
    T index(const T& x, const T& u) const {
        return this->single_index(T(x + (u + u)));
    }
    template <class T>
    T value(const T& i, const T& u) const {
        return this->centred(T(i - (u + u)));
    }
    double max_norm_variance(std::size_t n) const { return detail::e8_variance(n, double(range())); }
    double l2_norm_variance(std::size_t n) const { return max_norm_variance(n); }
    void validate() const { validate_described(*this); }
    std::string name() const { return described_name(*this); }
};

//! dithered_e8 with step `fine` relative to the norm, whatever the bits: the receiver, who knows y close to x, finds
//! which of the points that share their symbols is meant (nested lattices 2^bits Z^8 in E8; Zamir, Shamai and Erez
//! 2002). Right where |x - y| <= 2^(bits - 1) - 1 in fine steps for every coordinate.
struct nested_e8 : detail::e8_symbols<nested_e8> {
    double fine = 1.0 / 32;
    int bits = 3;

    constexpr nested_e8() = default;
    constexpr explicit nested_e8(double fine_step, int bits_of_coordinate)
        : fine(fine_step), bits(bits_of_coordinate) {}
    static constexpr auto describe() {
        return describes("nested_e8", "points of E8 modulo a cube, found by side information",
                         option("fine", &nested_e8::fine, "step relative to the norm").from(1e-6).to(1),
                         option("bits", &nested_e8::bits, "of a coordinate").from(2).to(16));
    }
    static constexpr bool unbiased = false;  // unless nothing wraps, which the sender cannot know
    constexpr int levels() const { return 1 << bits; }
    constexpr float range() const { return static_cast<float>(1 / fine); }
    static constexpr float dither(float u) { return 2 * u; }
    template <class T>
    T index(const T& x, const T& u) const {
        return this->single_index(T(x + (u + u)));
    }
    template <class T>
    T value(const T& i, const T& u) const {
        return this->centred(T(i - (u + u)));
    }
    template <class T>
    T value(const T& i, const T& u, const T& side) const {
        return side + this->centred(T((i - (u + u)) - side));
    }
    void validate() const { validate_described(*this); }
    std::string name() const { return described_name(*this); }
};

}  // namespace frugal
