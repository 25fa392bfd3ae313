//! What the tests of compressors share: random vectors, round trips, mutated messages, moments of the error.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <vector>

#include <frugal/concepts.hpp>
#include <frugal/core/crc32c.hpp>

namespace sample {

//! What templates say of themselves by constant and members; `laws_of` says it for all.
template <class C>
concept UnbiasedWithVariance = frugal::Compressor<C> && C::unbiased && requires(const C c, std::size_t d) {
    { c.variance(d) } -> std::convertible_to<double>;
};
template <class C>
concept Contraction = frugal::Compressor<C> && requires(const C c, std::size_t d) {
    { c.contraction(d) } -> std::convertible_to<double>;
};

inline std::vector<float> normal_vector(std::size_t n, std::uint64_t seed) {
    const frugal::random_stream stream({.seed = seed, .purpose = frugal::purposes::user});
    std::vector<float> x(n);
    for (std::size_t i = 0; i < n; ++i) {
        x[i] = stream.normal(i);
    }
    return x;
}

inline double squared_norm(std::span<const float> x) {
    double s = 0;
    for (const float v : x) {
        s += double(v) * double(v);
    }
    return s;
}

inline double squared_distance(std::span<const float> x, std::span<const float> y) {
    double s = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        s += (double(x[i]) - double(y[i])) * (double(x[i]) - double(y[i]));
    }
    return s;
}

template <class C>
std::vector<float> round_trip(C& c, std::span<const float> x, frugal::random_key k) {
    frugal::message m;
    c.compress(x, k, m);
    std::vector<float> y(x.size(), 7.0f);
    c.decompress(m, k, y);
    return y;
}

//! Mean and its standard error.
struct estimate {
    std::size_t n = 0;
    double sum = 0;
    double squares = 0;
    void add(double v) {
        ++n;
        sum += v;
        squares += v * v;
    }
    double mean() const { return sum / double(n); }
    double standard_error() const {
        return std::sqrt(std::max(0.0, squares / double(n) - mean() * mean()) / double(n));
    }
    //! How many standard errors the mean is from `expected`.
    double z(double expected) const {
        const double difference = std::fabs(mean() - expected);
        return difference < 1e-12 * std::fabs(expected) ? 0 : difference / standard_error();
    }
};

//! The bytes of a message with its checksum made to fit again after an attack on the rest.
inline std::vector<std::byte> resealed(std::vector<std::byte> bytes) {
    const std::uint32_t checksum = frugal::crc32c(std::span(bytes).first(bytes.size() - 4));
    std::memcpy(bytes.data() + bytes.size() - 4, &checksum, 4);
    return bytes;
}

//! Calls attempt(message) for messages with each payload bit flipped in turn (every `step`-th) and for payloads cut or
//! extended, all with valid header lengths and checksums. `attempt` must only throw malformed_message.
template <class Attempt>
void mutate(const frugal::message& m, std::size_t step, Attempt attempt) {
    const std::vector<std::byte> original(m.bytes().begin(), m.bytes().end());
    const std::size_t begin = frugal::message::header_size;
    const std::size_t end = original.size() - frugal::message::checksum_size;
    const auto attack = [&](std::vector<std::byte> bytes) {
        try {
            attempt(frugal::message::parse(resealed(std::move(bytes))));
        } catch (const frugal::malformed_message&) {
        }
    };
    for (std::size_t bit = begin * 8; bit < end * 8; bit += step) {
        auto bytes = original;
        bytes[bit / 8] ^= std::byte{1} << (bit % 8);
        attack(std::move(bytes));
    }
    for (std::size_t payload = 0; payload < end - begin + 9; payload += 1 + (end - begin) / 64) {
        auto bytes = original;
        bytes.resize(begin + payload + frugal::message::checksum_size);
        const std::uint64_t size = payload;
        const std::uint64_t cost = 0;
        std::memcpy(bytes.data() + 40, &cost, 8);
        std::memcpy(bytes.data() + 48, &size, 8);
        attack(std::move(bytes));
    }
}

}  // namespace sample
