//! `mpi_engine`: the same nodes on several machines; the same results as `tbb_engine`, to the bit.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <frugal/engine/crew.hpp>
#include <frugal/engine/mpi_environment.hpp>
#include <frugal/engine/mpi_transport.hpp>
#include <frugal/engine/run.hpp>

namespace frugal {

//! Rank r of R builds and runs the nodes floor(r n / R) <= i < floor((r + 1) n / R), with threads of its own.
//!
//! Every rank calls `run` with a population made the same way; a difference in seed, size, initial parameters or any
//! other setting that the population's fingerprint covers is refused. Messages between ranks travel while nodes
//! compute, are checked on arrival, and one sent to several nodes of a rank travels there once. MPI must be initialised
//! with at least MPI_THREAD_FUNNELED (see `mpi_environment`), and `run` be called by the thread that did it.
struct mpi_engine {
    std::size_t threads = 0;  //!< of each rank; 0: the machine's, divided by the ranks on it
    network_model network{};
    MPI_Comm communicator = MPI_COMM_WORLD;

    //! See Session.
    template <Program N>
    class session {
    public:
        session(const mpi_engine& engine, population<N>& nodes)
            : wire_(engine.communicator),
              crew_(nodes, first_of(wire_.rank(), nodes.size()), first_of(wire_.rank() + 1, nodes.size()),
                    engine.threads > 0 ? engine.threads : wire_.share_of_threads(), engine.network, &wire_) {
            wire_.place(nodes.size(), crew_.stage());
            crew_.stage().set_one_node_each(nodes.size() == wire_.ranks() && !nodes.cohort());
            wire_.expect_same(
                nodes.fingerprint(),
                "the ranks were started with different settings (seed, number of nodes, initial parameters "
                "or what else the run was configured with): give all of them the same");
        }

        std::size_t size() const { return crew_.size(); }
        std::size_t first() { return crew_.stage().first(); }
        std::size_t last() { return crew_.stage().last(); }
        std::size_t threads() { return crew_.stage().threads(); }
        std::size_t ranks() const { return wire_.ranks(); }
        std::size_t rank() const { return wire_.rank(); }

        void play(std::uint64_t round, std::vector<std::byte>& records) {
            std::exception_ptr failure;
            std::vector<std::byte> own;
            try {
                crew_.open(round);
            } catch (...) {
                failure = std::current_exception();
            }
            const outcome how = finish(failure);
            try {
                if (!failure) {
                    if (how == outcome::ended) {
                        crew_.close(own);
                    } else {
                        failure = crew_.stage().failure();
                        const std::string waiting = crew_.stage().waiting();
                        if (how == outcome::stuck && !failure && !waiting.empty()) {
                            failure = std::make_exception_ptr(error("round " + std::to_string(round) + " cannot end: " +
                                                                    waiting + ", and no message is under way"));
                        }
                        if (is_divergence(failure)) {
                            crew_.close(own);
                            failure = nullptr;
                        } else {
                            crew_.abandon();
                        }
                    }
                }
            } catch (...) {
                failure = std::current_exception();
            }
            wire_.settle();
            agree(stop_reason::none, failure);
            wire_.gather_to_all(own, records);
        }

        //! Rank 0's reason, unless a rank brings a failure: then all ranks throw that of the lowest rank.
        stop_reason agree(stop_reason reason, std::exception_ptr failure) {
            return static_cast<stop_reason>(wire_.agree(static_cast<int>(reason), failure));
        }
        void broadcast(std::vector<std::byte>& from_root) { wire_.broadcast(0, from_root); }
        void gather(std::vector<std::vector<std::byte>>& blobs) { wire_.gather(blobs); }
        void parallel(std::size_t n, const std::function<void(std::size_t)>& f) { crew_.stage().work(n, f); }
        void save(std::size_t i, std::vector<std::byte>& out) { crew_.save(i, out); }
        void restore(std::size_t i, std::span<const std::byte> in) { crew_.restore(i, in); }
        std::span<const float> parameters(std::size_t i) { return parameters_of(crew_.nodes()[i]); }

    private:
        std::size_t first_of(std::size_t rank, std::size_t nodes) const { return rank * nodes / wire_.ranks(); }

        static bool is_divergence(const std::exception_ptr& failure) {
            try {
                if (failure) {
                    std::rethrow_exception(failure);
                }
            } catch (const divergence&) {
                return true;
            } catch (...) {
            }
            return false;
        }

        enum class outcome : std::uint8_t { ended, failed, stuck };

        //! Runs nodes and moves messages until all nodes of all ranks have ended, or one failed, or all wait for
        //! messages that nobody sends. Four counters tell (Mattern 1987): in two reductions in a row, each begun by
        //! every rank when it had nothing to do, as many messages were received as sent, and no more than before.
        outcome finish(std::exception_ptr& failure) {
            auto& stage = crew_.stage();
            mpi_transport::census before{}, sum{};
            bool asked = false;
            int idle = 0;
            for (;;) {
                bool moved = false;
                if (!failure && !stage.failure()) {
                    try {
                        moved = wire_.poll();
                        moved = stage.step() || moved;
                    } catch (...) {
                        failure = std::current_exception();
                    }
                } else {
                    wire_.discard();
                }
                if (moved) {
                    idle = 0;
                    continue;
                }
                if (!asked) {
                    wire_.begin_census(stage.unfinished(), failure || stage.failure());
                    asked = true;
                } else if (wire_.end_census(sum)) {
                    asked = false;
                    if (sum.failed > 0) {
                        return outcome::failed;
                    }
                    if (sum.sent == sum.received && sum.unfinished == 0) {
                        return outcome::ended;
                    }
                    if (sum.sent == sum.received && sum == before) {
                        return outcome::stuck;
                    }
                    before = sum;
                } else if (++idle > 64) {
                    std::this_thread::yield();
                }
            }
        }

        mpi_transport wire_;
        crew<N> crew_;
    };

    template <Program N>
    session<N> open(population<N>& nodes) const {
        return session<N>(*this, nodes);
    }
};

}  // namespace frugal
