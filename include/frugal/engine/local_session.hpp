//! `local_session`: a run within one process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <frugal/engine/crew.hpp>
#include <frugal/node/speed.hpp>

namespace frugal {

//! See Session.
template <Program N>
class local_session {
public:
    local_session(population<N>& nodes, std::size_t threads, const network_model& network,
                  const speed_law& speed = speed_law())
        : crew_(nodes, 0, nodes.size(), threads, network) {
        crew_.simulate(speed);
    }

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
    void parallel(std::size_t n, const std::function<void(std::size_t)>& f) { crew_.stage().work(n, f); }
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

}  // namespace frugal
