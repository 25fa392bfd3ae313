//! `tbb_engine`: all nodes in this process, in parallel.
#pragma once

#include <cstddef>

#include <frugal/engine/local_session.hpp>
#include <frugal/engine/run.hpp>

namespace frugal {

//! Runs all nodes with oneTBB and hands messages over by reference. Results do not depend on the number of threads.
struct tbb_engine {
    std::size_t threads = 0;  //!< 0: as many as the machine has
    network_model network{};

    template <Program N>
    local_session<N> open(population<N>& nodes) const {
        return local_session<N>(nodes, threads, network);
    }
};

}  // namespace frugal
