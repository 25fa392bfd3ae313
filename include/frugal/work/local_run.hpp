//! `local_run`: a run of local steps as one direction.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <frugal/core/loan.hpp>
#include <frugal/kernels/elementwise.hpp>
#include <frugal/work/work.hpp>

namespace frugal {

//! How many steps a run has: `count` of them, and 1 in the rounds before `from_round` (post-local SGD, Lin et al.
//! 2020).
struct local_steps {
    std::uint64_t count = 1;
    std::uint64_t from_round = 0;

    std::uint64_t in_round(std::uint64_t round) const { return round < from_round ? 1 : count; }
    //! Steps made before a round.
    std::uint64_t before_round(std::uint64_t round) const {
        return round <= from_round ? round : from_round + (round - from_round) * count;
    }
};

//! What a run of local steps gives. change: x - (x after the steps); averaged and applied with rate 1, that is the mean
//! of models. model: x after the steps, for aggregators of models, such as votes.
enum class run_result { change, model };

//! gradient(x, round, g): g = what a run of local steps from x gives.
template <Work W>
class local_run {
public:
    //! fresh: every run begins with the work as it was at first (clients that forget), else as the last run left it.
    local_run(W work, local_steps steps, bool fresh = false, run_result result = run_result::change)
        : work_(std::move(work)), steps_(steps), fresh_(fresh), result_(result) {
        expect(steps.count > 0, "local steps: a round needs at least one");
    }

    std::size_t dimension() const { return work_.dimension(); }
    W& work() { return work_; }

    work_report gradient(std::span<const float> x, std::uint64_t round, std::span<float> g) {
        if (fresh_) {
            W forgetful = work_;
            return run(forgetful, x, round, g);
        }
        return run(work_, x, round, g);
    }
    void state(state_archive& a) {
        if (!fresh_) {
            work_.state(a);
        }
    }

private:
    work_report run(W& work, std::span<const float> x, std::uint64_t round, std::span<float> g) {
        const std::uint64_t first = steps_.before_round(round), count = steps_.in_round(round);
        std::ranges::copy(x, g.begin());
        if constexpr (requires { work.begin(x); }) {
            work.begin(x);
        }
        work_report all{0, 0};
        for (std::uint64_t k = 0; k < count; ++k) {
            const work_report seen = work.step(g, first + k);
            all.loss += seen.loss * seen.samples;
            all.samples += seen.samples;
        }
        all.loss /= all.samples;
        if (result_ == run_result::change) {
            kernels::subtract(x, g, g);
        }
        return all;
    }

    W work_;
    local_steps steps_;
    bool fresh_;
    run_result result_;
};

}  // namespace frugal
