//! What a compressor makes of one vector: bits, error, time.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <frugal/compress/agreement.hpp>
#include <frugal/concepts.hpp>
#include <frugal/core/error.hpp>
#include <frugal/core/message.hpp>
#include <frugal/kernels/norms.hpp>

namespace frugal {

//! Settings of measure_codec.
struct measure_options {
    int repeat = 10;         //!< messages of the same vector, each under a key of its own
    std::uint64_t seed = 1;  //!< of the keys
};

//! What `measure_codec` found. Errors are squared distances from the vector.
struct codec_measurement {
    std::uint64_t payload_bits = 0;  //!< of the last message
    std::uint64_t wire_bytes = 0;    //!< the same, headers and checksums included
    double norm2 = 0;                //!< ||x||^2
    double distortion = 0;           //!< the mean of ||C(x) - x||^2
    double distortion_of_mean = 0;   //!< ||mean of all C(x) - x||^2
    double seconds_encode = 0;       //!< of the fastest repetition
    double seconds_decode = 0;

    double relative_error() const { return norm2 > 0 ? distortion / norm2 : 0; }
    double relative_error_of_mean() const { return norm2 > 0 ? distortion_of_mean / norm2 : 0; }
};

//! Sends x `repeat` times through one copy of c, which keeps its state from one to the next (so the mean of error
//! feedback comes closer); where senders agree on numbers, with itself. Where it is not empty, `decoded` is filled with
//! what the last repetition decodes to. On the caller's thread; O(repeat d). Throws what compressing throws.
template <Compressor C>
    requires std::copy_constructible<C>
codec_measurement measure_codec(const C& c, std::span<const float> x, measure_options o = {},
                                std::span<float> decoded = {}) {
    using clock = std::chrono::steady_clock;
    const auto seconds = [](auto duration) { return std::chrono::duration<double>(duration).count(); };
    expect(o.repeat > 0, "measure_codec: at least one repetition is needed");
    C sender = c;
    message m;
    std::vector<float> y(x.size());
    std::vector<double> sum(x.size());
    codec_measurement found{.norm2 = kernels::sum_squares(x)};
    found.seconds_encode = found.seconds_decode = std::numeric_limits<double>::infinity();
    for (int repetition = 0; repetition < o.repeat; ++repetition) {
        const random_key key{o.seed, 0, static_cast<std::uint64_t>(repetition), purposes::message};
        const auto start = clock::now();
        if (const std::size_t n = agreement_size_of(sender, x.size()); n > 0) {
            std::vector<float> numbers(n);
            share_of(sender, x, numbers);
            agree_with(sender, numbers);
        }
        sender.compress(x, key, m);
        const auto encoded = clock::now();
        sender.decompress(m, key, y);
        const auto end = clock::now();
        found.seconds_encode = std::min(found.seconds_encode, seconds(encoded - start));
        found.seconds_decode = std::min(found.seconds_decode, seconds(end - encoded));
        for (std::size_t i = 0; i < x.size(); ++i) {
            const double error = double(y[i]) - double(x[i]);
            found.distortion += error * error / o.repeat;
            sum[i] += double(y[i]);
        }
    }
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double error = sum[i] / o.repeat - double(x[i]);
        found.distortion_of_mean += error * error;
    }
    found.payload_bits = m.payload_bits();
    found.wire_bytes = m.bytes().size();
    if (!decoded.empty()) {
        std::ranges::copy(y, decoded.begin());
    }
    return found;
}

}  // namespace frugal
