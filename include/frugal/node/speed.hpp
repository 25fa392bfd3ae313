//! `speed_law`: how long a node's steps take, in simulated seconds.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <utility>

#include <frugal/core/error.hpp>
#include <frugal/core/random.hpp>

namespace frugal {

//! What the duration of a step is drawn from; each has the node's mean.
enum class speed_kind : std::uint8_t {
    deterministic,  //!< always the mean
    exponential,    //!< memoryless: what queueing theory assumes
    geometric,      //!< whole ticks of one second, memoryless; means of at least 1
};

//! Durations of steps, a pure function of seed, node and step: the same on every run and machine.
class speed_law {
public:
    //! mean: seconds of a step of each node, finite and >= 0 (of `geometric`, >= 1). Default: computing is free.
    explicit speed_law(speed_kind kind = speed_kind::deterministic, std::function<double(std::uint32_t node)> mean = {})
        : kind_(kind), mean_(std::move(mean)) {}

    bool free() const { return !mean_; }
    double seconds(std::uint64_t seed, std::uint32_t node, std::uint64_t step) const {
        if (!mean_) {
            return 0;
        }
        const double mean = mean_(node);
        expect(mean >= 0 && mean - mean == 0, "speed_law: the mean duration of a step must be finite and not negative");
        const random_stream stream({seed, node, step, purposes::speed});
        switch (kind_) {
            case speed_kind::exponential:
                return mean * stream.exponential(0);
            case speed_kind::geometric:
                expect(mean >= 1, "speed_law: a geometric duration is at least one second, so must its mean be");
                return mean == 1 ? 1 : 1 + std::floor(stream.exponential(0) / -exact_log(1 - 1 / mean));
            default:
                return mean;
        }
    }

private:
    speed_kind kind_;
    std::function<double(std::uint32_t)> mean_;
};

}  // namespace frugal
