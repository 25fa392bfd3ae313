//! `network_model`: what a superstep would cost on a network, from the bytes its messages have (alpha-beta model).
#pragma once

#include <algorithm>
#include <cstdint>

#include <frugal/core/error.hpp>

namespace frugal {

//! Every node has one full-duplex link to a switch that never blocks: sending and receiving overlap, several messages
//! of
//! one node follow each other, and a message to many leaves its sender once (multicast).
//!
//! A superstep costs max over nodes of latency [messages > 0] + 8 max(bytes sent, bytes received) / bandwidth.
struct network_model {
    double latency = 0;    //!< seconds, >= 0
    double bandwidth = 0;  //!< bit/s of each direction of each link; 0: no limit

    void check() const {
        expect(latency >= 0 && latency - latency == 0, "the latency of a network must be finite and not negative");
        expect(bandwidth >= 0 && bandwidth - bandwidth == 0,
               "the bandwidth of a network must be finite and not negative");
    }
    //! Seconds that one node needs for its messages of a superstep.
    double seconds(std::uint64_t messages, std::uint64_t bytes_sent, std::uint64_t bytes_received) const {
        if (messages == 0) {
            return 0;
        }
        const auto bytes = static_cast<double>(std::max(bytes_sent, bytes_received));
        return latency + (bandwidth > 0 ? 8 * bytes / bandwidth : 0);
    }
};

}  // namespace frugal
