//! `combiner<A>`: an Aggregator over the messages of a round, decoded on several threads where there are many.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <frugal/concepts.hpp>
#include <frugal/node/channel.hpp>
#include <frugal/node/peer.hpp>

namespace frugal {

//! How an exchange weighs and checks what it combines.
struct combination {
    //! Of each node of the population; empty: equal weights.
    std::vector<float> weights{};
    //! A message that cannot be decoded is left out and counted as "messages dropped" instead of ending the run.
    bool drop_malformed = false;
};

//! The weights of the nodes of the population in a mean. Copies share them: n nodes have n weights.
class node_weights {
public:
    node_weights() : node_weights(std::vector<float>()) {}
    //! empty: equal weights.
    explicit node_weights(std::vector<float> weights)
        : weights_(std::make_shared<const std::vector<float>>(std::move(weights))) {}

    float of(std::uint32_t node) const {
        expect(weights_->empty() || node < weights_->size(),
               "an exchange got the weights of fewer nodes than take part");
        return weights_->empty() ? 1.0f : (*weights_)[node];
    }

private:
    std::shared_ptr<const std::vector<float>> weights_;
};

//! Adds contributions in order of their numbers, in up to four runs of equal length that are merged in order, where the
//! aggregator allows (`result_of`) by all threads. The runs depend on the number of contributions only, so the bits are
//! those of any number of threads.
template <Aggregator A>
class combiner {
public:
    combiner(A prototype, combination how) : drop_malformed_(how.drop_malformed), parts_(1, std::move(prototype)) {
        weigh(std::move(how.weights));
    }

    //! See combination::weights.
    void weigh(std::vector<float> weights) { weights_ = node_weights(std::move(weights)); }
    const A& aggregator() const { return parts_[0]; }

    //! out <- the aggregate of n contributions of out's length; add(i, part) adds contribution i to an aggregator.
    template <class Add>
    void operator()(const peer& here, std::size_t n, std::span<float> out, Add add) {
        const std::size_t runs = runs_of(n);
        while (parts_.size() < runs) {
            parts_.push_back(parts_[0]);
        }
        here.parallel(runs, [&](std::size_t r) {
            parts_[r].reset(out.size());
            for (std::size_t i = r * n / runs; i < (r + 1) * n / runs; ++i) {
                add(i, parts_[r]);
            }
        });
        if constexpr (joins_by_part) {
            const std::span<A> all(parts_.data(), runs);
            constexpr std::size_t piece = std::size_t{1} << 15;
            here.parallel((out.size() + piece - 1) / piece, [&](std::size_t i) {
                const std::size_t first = i * piece;
                A::result_of(std::span<const A>(all), first, out.subspan(first, std::min(piece, out.size() - first)));
            });
            if constexpr (requires { A::finish(all, out); }) {
                A::finish(all, out);
            }
        } else {
            if constexpr (mergeable) {
                for (std::size_t r = 1; r < runs; ++r) {
                    parts_[0].merge(parts_[r]);
                }
            }
            parts_[0].result(out);
        }
    }
    //! Adds the message of an envelope to an aggregator; false if it was dropped.
    template <Compressor C>
    bool add(A& part, channel<C>& codec, const peer& here, std::uint32_t leg, const envelope& e, std::size_t d) {
        const float weight = weights_.of(here.global(e.from));
        if constexpr (AddsMessages<A, C>) {
            if (!drop_malformed_) {
                codec.open(here, leg, e,
                           [&](const C& c, const message& m, random_key k) { part.add(c, m, k, weight); });
                return true;
            }
        }
        borrowed_vector decoded = here.borrow(d);  // so that nothing of a message that is refused remains
        try {
            codec.decode(here, leg, e, decoded);
        } catch (const malformed_message&) {
            if (!drop_malformed_) {
                throw;
            }
            return false;
        }
        part.add(std::span<const float>(decoded), weight);
        return true;
    }
    void state(state_archive& a) { save_or_restore(a, parts_[0]); }

private:
    static constexpr bool joins_by_part =
        requires(std::span<const A> parts, std::span<float> out) { A::result_of(parts, std::size_t{}, out); };
    static constexpr bool mergeable = requires(A a, const A b) { a.merge(b); };
    static constexpr std::size_t runs_of(std::size_t n) { return mergeable && n >= 8 ? 4 : 1; }

    node_weights weights_;
    bool drop_malformed_;
    std::vector<A> parts_;
};

}  // namespace frugal
