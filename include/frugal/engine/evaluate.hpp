//! `evaluate_every`: a number of your own, such as a test accuracy, recorded as a metric of the run.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <utility>

#include <frugal/engine/status.hpp>

namespace frugal {

//! Observer: calls `evaluate(status)` every `rounds` rounds and at the end, and records what it returns under `name`, where
//! progress bars, curve writers and stopping rules find it. Put it before the observers that show it.
//! Runs on rank 0, which holds node 0: `evaluate_every("test_accuracy", 10, [&](const run_status& s) { ...
//! s.parameters(0) ... })`.
template <class F>
class evaluate_every {
public:
    evaluate_every(std::string name, std::uint64_t rounds, F evaluate)
        : name_(std::move(name)), rounds_(rounds), evaluate_(std::move(evaluate)) {
        expect(rounds_ > 0, "evaluate_every: the number of rounds must be at least 1");
    }

    void operator()(run_status& s) {
        if (s.round_complete() && s.round() % rounds_ == 0) {
            s.record(name_, static_cast<double>(evaluate_(std::as_const(s))));
        }
    }
    void finish(run_status& s) {
        const metric* m = s.find(name_);
        if (s.superstep > 0 && (m == nullptr || m->superstep != s.superstep)) {
            s.record(name_, static_cast<double>(evaluate_(std::as_const(s))));
        }
    }

private:
    std::string name_;
    std::uint64_t rounds_;
    F evaluate_;
};

}  // namespace frugal
