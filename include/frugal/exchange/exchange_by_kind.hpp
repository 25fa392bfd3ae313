//! `exchange_by_kind`: truth values through one exchange with a server, real numbers through another.
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <frugal/core/kind_runs.hpp>
#include <frugal/exchange/exchange.hpp>

namespace frugal {

//! The tensors of truth values go through `boolean` on lane 0, as one vector, the others through `real` on lane 1: each
//! its own codecs and aggregator, such as a bit and a vote, and 32 bits and a mean. Both must spread and collect
//! (`server`).
template <class Boolean, class Real>
class exchange_by_kind {
public:
    exchange_by_kind(Boolean boolean, Real real, const tensor_layout& layout)
        : boolean_(std::move(boolean)),
          real_(std::move(real)),
          truth_values_(layout, value_kind::boolean),
          numbers_(layout, value_kind::real) {}

    bool serves() const { return has_server(boolean_); }
    void weigh(const std::vector<float>& weights) {
        boolean_.weigh(weights);
        real_.weigh(weights);
    }
    //! At number 0: x <- the aggregates, which find the old x in it. Elsewhere x is sent and left as it is.
    task<> collect(peer here, std::span<float> x) {
        const auto collecting = [](auto& exchange, peer lane, std::span<float> part) {
            return exchange.collect(lane, part);
        };
        co_await apart(here, x, collecting);
    }
    //! x <- number 0's x, as the downlink compressors give it.
    task<> spread(peer here, std::span<float> x) {
        const auto spreading = [](auto& exchange, peer lane, std::span<float> part) {
            return exchange.spread(lane, part);
        };
        co_await apart(here, x, spreading);
    }
    void state(state_archive& a) {
        boolean_.state(a);
        real_.state(a);
    }

private:
    template <class Go>
    task<> apart(peer here, std::span<float> x, Go go) {
        co_await of_kind(here.lane(0), boolean_, truth_values_, x, go);
        co_await of_kind(here.lane(1), real_, numbers_, x, go);
    }
    template <class E, class Go>
    task<> of_kind(peer lane, E& exchange, const kind_runs& kind, std::span<float> x, Go go) {
        if (kind.size() == 0) {
            co_return;
        }
        borrowed_vector part = lane.borrow(kind.size());
        kind.gather(x, part);
        co_await go(exchange, lane, part.span());
        kind.scatter(part, x);
    }

    Boolean boolean_;
    Real real_;
    kind_runs truth_values_;
    kind_runs numbers_;
};

}  // namespace frugal
