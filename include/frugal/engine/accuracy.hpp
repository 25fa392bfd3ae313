//! `accuracy_every`: the accuracy of all models of a run, on the engine's threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frugal/engine/evaluate.hpp>
#include <frugal/objective/accuracy.hpp>

namespace frugal {

//! Observer: every `rounds` rounds and at the end, the mean accuracy of all nodes' models on the samples of
//! `objective`, recorded as `name` on every rank. Nodes and blocks of samples are shared among the engine's threads;
//! the same bits for any number of threads and ranks.
template <DataClassifier F>
class accuracy_every {
public:
    static constexpr bool collective = true;

    accuracy_every(std::string name, std::uint64_t rounds, F objective)
        : every_(std::move(name), rounds, mean_of{{}, {}, std::move(objective), {}}) {}
    accuracy_every(const accuracy_every&) = delete;
    accuracy_every& operator=(const accuracy_every&) = delete;

    void operator()(run_status& s) { every_(s); }
    void finish(run_status& s) { every_.finish(s); }

private:
    struct task {
        std::size_t node;
        std::size_t first;
        std::size_t last;
    };
    struct spare_models {
        spare_models() = default;
        spare_models(spare_models&&) noexcept {}
        std::mutex guard;
        std::vector<F> models;  // copies share their data, and each has working memory of its own
    };
    struct mean_of {
        std::vector<task> tasks;
        std::vector<accuracy_counts> counts;
        F objective;
        spare_models spare;

        double operator()(run_status& s) {
            return mean_over_nodes(s, [&](std::span<double> own) { measure(s, own); });
        }
        void measure(run_status& s, std::span<double> own) {
            constexpr std::size_t run = 8;  // blocks of one task
            const std::size_t blocks = evaluation_blocks(objective);
            tasks.clear();
            for (std::size_t k = 0; k < own.size(); ++k) {
                for (std::size_t b = 0; b < blocks && !s.parameters(s.first_node() + k).empty(); b += run) {
                    tasks.push_back({k, b, std::min(b + run, blocks)});
                }
            }
            counts.assign(tasks.size(), {});
            s.control().parallel(tasks.size(), [&](std::size_t i) {
                F model = take();
                counts[i] =
                    count_accuracy(model, s.parameters(s.first_node() + tasks[i].node), tasks[i].first, tasks[i].last);
                const std::lock_guard lock(spare.guard);
                spare.models.push_back(std::move(model));
            });
            for (std::size_t i = 0; i < tasks.size();) {
                accuracy_counts sum;
                const std::size_t node = tasks[i].node;
                for (; i < tasks.size() && tasks[i].node == node; ++i) {
                    sum += counts[i];
                }
                own[node] = sum.means().accuracy;
            }
        }
        F take() {
            const std::lock_guard lock(spare.guard);
            if (spare.models.empty()) {
                return objective;
            }
            F model = std::move(spare.models.back());
            spare.models.pop_back();
            return model;
        }
    };

    evaluate_every<mean_of> every_;
};

}  // namespace frugal
