//! `evaluate_every`: a number of your own, such as a test accuracy, recorded as a metric of the run;
//! `evaluate_nodes_every`: its mean over all nodes that have a model.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frugal/engine/status.hpp>

namespace frugal {

//! Observer: calls `evaluate(status)` every `rounds` rounds and at the end, and records what it returns under `name`,
//! where progress bars, curve writers and stopping rules find it. Put it before the observers that show it. Runs on
//! rank 0, which holds node 0: `evaluate_every("test_accuracy", 10, [&](const run_status& s) { ... s.parameters(0) ...
//! })`.
template <class F>
class evaluate_every {
public:
    evaluate_every(std::string name, std::uint64_t rounds, F evaluate)
        : name_(std::move(name)), rounds_(rounds), evaluate_(std::move(evaluate)) {
        expect(rounds_ > 0, "evaluate_every: the number of rounds must be at least 1");
    }

    void operator()(run_status& s) {
        if (s.completed % rounds_ == 0) {
            s.record(name_, value_of(s));
        }
    }
    void finish(run_status& s) {
        const metric* m = s.find(name_);
        if (s.completed > 0 && (m == nullptr || m->round != s.completed)) {
            s.record(name_, value_of(s));
        }
    }

private:
    double value_of(run_status& s) {
        if constexpr (requires { evaluate_(std::as_const(s)); }) {
            return static_cast<double>(evaluate_(std::as_const(s)));
        } else {
            return static_cast<double>(evaluate_(s));
        }
    }

    std::string name_;
    std::uint64_t rounds_;
    F evaluate_;
};

//! Collective: the mean of one number of each node that has parameters, the same bits on every rank and for any number
//! of ranks. measure(numbers) fills those of this process's nodes; NaN: the node has none.
template <class Measure>
double mean_over_nodes(run_status& s, Measure measure) {
    std::vector<std::vector<std::byte>> values(s.nodes);
    std::exception_ptr failure;  // thrown once the other ranks need not wait for this one
    try {
        std::vector<double> own(s.last_node() - s.first_node(), std::numeric_limits<double>::quiet_NaN());
        measure(std::span<double>(own));
        for (std::size_t k = 0; k < own.size(); ++k) {
            if (own[k] == own[k]) {
                state_archive a(values[s.first_node() + k]);
                a(own[k]);
            }
        }
    } catch (...) {
        failure = std::current_exception();
    }
    s.control().gather(values);
    std::vector<std::byte> mean;
    if (s.is_root()) {
        double sum = 0, count = 0;
        for (const auto& bytes : values) {
            if (!bytes.empty()) {
                double value = 0;
                state_archive a{std::span<const std::byte>(bytes)};
                a(value);
                sum += value;
                count += 1;
            }
        }
        sum /= count;
        state_archive a(mean);
        a(sum);
    }
    s.control().broadcast(mean);
    if (failure) {
        std::rethrow_exception(failure);
    }
    double result = 0;
    state_archive a{std::span<const std::byte>(mean)};
    a(result);
    return result;
}

//! Observer: the mean of evaluate(parameters) over all nodes that have parameters, whichever rank they are on: every
//! `rounds` rounds and at the end, recorded as `name` on every rank. One thread; for accuracies see `accuracy_every`.
template <class F>
class evaluate_nodes_every {
public:
    static constexpr bool collective = true;

    evaluate_nodes_every(std::string name, std::uint64_t rounds, F evaluate)
        : every_(std::move(name), rounds, mean_of{std::move(evaluate)}) {}

    void operator()(run_status& s) { every_(s); }
    void finish(run_status& s) { every_.finish(s); }

private:
    struct mean_of {
        F evaluate;

        double operator()(run_status& s) {
            return mean_over_nodes(s, [&](std::span<double> own) {
                for (std::size_t k = 0; k < own.size(); ++k) {
                    if (const auto parameters = s.parameters(s.first_node() + k); !parameters.empty()) {
                        own[k] = static_cast<double>(evaluate(parameters));
                    }
                }
            });
        }
    };

    evaluate_every<mean_of> every_;
};

}  // namespace frugal
