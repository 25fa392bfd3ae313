//! What every node that trains has: an objective, its mini-batches and a gradient.
#pragma once

#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <frugal/concepts.hpp>
#include <frugal/data/batch_source.hpp>
#include <frugal/engine/status.hpp>
#include <frugal/kernels/norms.hpp>
#include <frugal/objective/require_objective.hpp>

namespace frugal {

namespace detail {

//! `source` for worker k: a BatchSource is copied, a callable (worker) makes one, a callable (round, worker) is
//! wrapped.
template <class Source>
auto batches_of(const Source& source, std::size_t worker) {
    if constexpr (BatchSource<Source>) {
        return source;
    } else if constexpr (requires { source(worker); }) {
        static_assert(BatchSource<decltype(source(worker))>,
                      "a callable (worker) given for mini-batches must return an object with batch(round)");
        return source(worker);
    } else {
        static_assert(
            requires { source(std::uint64_t{}, worker); },
            "mini-batches come from an object with batch(round), a callable (worker) that makes one, or a "
            "callable (round, worker) that returns sample indices");
        return batch_function<Source>(source, worker);
    }
}

//! `source` for worker k: an Objective is copied (copies must share their data), a callable (worker) makes one.
template <class Source>
auto objective_of(const Source& source, std::size_t worker) {
    if constexpr (requires { source(worker); } && !Objective<Source>) {
        static_cast<void>(require_objective<decltype(source(worker))>{});
        return source(worker);
    } else {
        static_cast<void>(require_objective<Source>{});
        return source;
    }
}

using seconds_clock = std::chrono::steady_clock;
inline double seconds_since(seconds_clock::time_point begin) {
    return std::chrono::duration<double>(seconds_clock::now() - begin).count();
}

//! Compresses into `m`. False if x is not finite (the run diverged); other errors are thrown.
template <class C>
bool compress_finite(C& compressor, std::span<const float> x, random_key key, message& m) {
    try {
        compressor.compress(x, key, m);
        return true;
    } catch (const invalid_input&) {
        if (kernels::first_nonfinite(x) == x.size()) {
            throw;
        }
        return false;
    }
}

//! Objective, batches and gradient of one node.
template <Objective F, BatchSource B>
class local_gradient {
public:
    local_gradient(F objective, B batches) : objective_(std::move(objective)), batches_(std::move(batches)) {}

    //! The gradient at w on the batch of the round. The loss is kept, seconds are added to `report`.
    std::span<const float> operator()(std::span<const float> w, std::uint64_t round, node_report& report) {
        const auto begin = seconds_clock::now();
        gradient_.resize(objective_.dimension());
        report.loss = objective_.value_and_gradient(w, batches_.batch(round), gradient_);
        report.has_loss = true;
        report.diverged = report.diverged || !std::isfinite(report.loss);
        report.compute_seconds += seconds_since(begin);
        return gradient_;
    }
    //! The last one computed.
    std::span<const float> gradient() const { return gradient_; }
    F& objective() { return objective_; }

private:
    F objective_;
    B batches_;
    std::vector<float> gradient_;
};

}  // namespace detail
}  // namespace frugal
