//! `tbb_engine`: all nodes in this process, in parallel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <vector>

#include <frugal/engine/crew.hpp>
#include <frugal/engine/run.hpp>

namespace frugal {

//! Runs all nodes with oneTBB and hands messages over by reference. Results do not depend on the number of threads.
struct tbb_engine {
    std::size_t threads = 0;  //!< 0: as many as the machine has
    network_model network{};

    //! See Session.
    template <Program N>
    class session {
    public:
        session(const tbb_engine& engine, population<N>& nodes)
            : crew_(nodes, 0, nodes.size(), engine.threads, engine.network) {}

        std::size_t size() const { return crew_.size(); }
        std::size_t first() const { return 0; }
        std::size_t last() const { return crew_.size(); }
        std::size_t threads() { return crew_.stage().threads(); }
        std::size_t ranks() const { return 1; }
        std::size_t rank() const { return 0; }

        void play(std::uint64_t round, std::vector<std::byte>& records) {
            records.clear();
            try {
                crew_.open(round);
                while (!crew_.stage().failure() && crew_.stage().step()) {
                }
                expect_progress(round);
                crew_.close(records);
            } catch (...) {
                crew_.abandon();
                throw;
            }
        }
        stop_reason agree(stop_reason reason, std::exception_ptr failure) {
            if (failure) {
                std::rethrow_exception(failure);
            }
            return reason;
        }
        void broadcast(std::vector<std::byte>&) {}
        void gather(std::vector<std::vector<std::byte>>&) {}
        void save(std::size_t i, std::vector<std::byte>& out) { crew_.save(i, out); }
        void restore(std::size_t i, std::span<const std::byte> in) { crew_.restore(i, in); }
        std::span<const float> parameters(std::size_t i) { return parameters_of(crew_.nodes()[i]); }

    private:
        void expect_progress(std::uint64_t round) {
            if (crew_.stage().unfinished() > 0 && !crew_.stage().failure()) {
                throw error("round " + std::to_string(round) + " cannot end: " + crew_.stage().waiting() +
                            ", and no message is under way");
            }
        }
        crew<N> crew_;
    };

    template <Program N>
    session<N> open(population<N>& nodes) const {
        return session<N>(*this, nodes);
    }
};

}  // namespace frugal
