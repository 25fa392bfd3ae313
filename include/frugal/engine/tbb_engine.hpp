//! `tbb_engine`: all nodes in this process, in parallel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <vector>

#include <frugal/engine/network.hpp>
#include <frugal/engine/node_group.hpp>
#include <frugal/engine/run.hpp>

namespace frugal {

//! Steps all nodes with oneTBB and hands messages over by reference. Results do not depend on the number of threads.
struct tbb_engine {
    std::size_t threads = 0;  //!< 0: as many as the machine has
    network_model network{};

    //! The part of a run that knows how nodes are placed; see `run`.
    template <Node N>
    class session {
    public:
        session(const tbb_engine& engine, std::span<N> nodes) : group_(nodes, 0, nodes.size(), engine.threads) {}

        detail::node_group<N>& group() { return group_; }
        std::size_t ranks() const { return 1; }
        std::size_t rank() const { return 0; }

        void step(std::uint64_t superstep) {
            group_.step(superstep);
            if (const std::size_t failed = group_.failed(); failed < group_.size()) {
                std::rethrow_exception(group_.failure(failed));
            }
        }
        //! Delivers what was posted; the records of all nodes, in node order.
        std::span<const detail::node_record> exchange() {
            group_.check_posts();
            group_.clear_inboxes();
            for (std::size_t i = 0; i < group_.size(); ++i) {
                group_.deliver_from(i);
            }
            return group_.records();
        }
        //! Agrees on going on: rank 0's reason, unless an observer failed somewhere.
        stop_reason agree(stop_reason reason, std::exception_ptr failure) {
            if (failure) {
                std::rethrow_exception(failure);
            }
            return reason;
        }
        void broadcast(std::vector<std::byte>&) {}
        void gather(std::vector<std::vector<std::byte>>&) {}

    private:
        detail::node_group<N> group_;
    };

    template <Node N>
    session<N> open(std::span<N> nodes) const {
        return session<N>(*this, nodes);
    }
};

}  // namespace frugal
