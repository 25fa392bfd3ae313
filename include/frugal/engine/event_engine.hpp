//! `event_engine`: participants in simulated time.
#pragma once

#include <cstdint>

#include <frugal/engine/local_session.hpp>
#include <frugal/engine/reactor_session.hpp>
#include <frugal/engine/run.hpp>
#include <frugal/node/clock.hpp>
#include <frugal/node/speed.hpp>

namespace frugal {

//! Reactors run event by event, ordered by (time, source, sequence); programs round by round, each node's round
//! beginning when its last one ended. Messages are delayed by the network model, steps take what the speed law says.
//! One thread; the same bits on every run. A round of reactors ends when one of them says so
//! (`event_clock::complete_round`).
struct event_engine {
    network_model network{};
    speed_law speed{};
    std::uint64_t events_per_round = 0;  //!< of reactors: end a round after so many events instead; 0: when they say so

    template <Reactor N>
    reactor_session<N> open(population<N>& nodes) const {
        return reactor_session<N>(nodes, network, speed, events_per_round);
    }
    template <Program N>
    local_session<N> open(population<N>& nodes) const {
        return local_session<N>(nodes, 1, network, speed);
    }
};

}  // namespace frugal
