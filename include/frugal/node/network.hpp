//! `network_model`: what messages would cost on a network, from the bytes they have (alpha-beta model).
#pragma once

#include <cstdint>

#include <frugal/core/error.hpp>

namespace frugal {

//! Every node has one full-duplex link to a switch that never blocks: sending and receiving overlap, several messages
//! of one node follow each other, and a message to many leaves its sender once (multicast).
//!
//! A message that leaves at t is received at t + latency + 8 bytes / bandwidth, later if links are busy.
struct network_model {
    double latency = 0;    //!< seconds, >= 0
    double bandwidth = 0;  //!< bit/s of each direction of each link; 0: no limit

    void check() const {
        expect(latency >= 0 && latency - latency == 0, "the latency of a network must be finite and not negative");
        expect(bandwidth >= 0 && bandwidth - bandwidth == 0,
               "the bandwidth of a network must be finite and not negative");
    }
    //! Seconds for which a message occupies a link.
    double transmission(std::uint64_t bytes) const {
        return bandwidth > 0 ? 8 * static_cast<double>(bytes) / bandwidth : 0;
    }
};

}  // namespace frugal
