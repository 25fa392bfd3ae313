//! `run(engine, nodes, stop, observers...)`: plays rounds until a rule stops them.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <frugal/engine/digest.hpp>
#include <frugal/engine/session.hpp>
#include <frugal/engine/status.hpp>
#include <frugal/engine/stop.hpp>
#include <frugal/node/population.hpp>

namespace frugal {

//! Places nodes on threads and machines: `open(nodes)` gives a Session.
template <class E, class N>
concept Engine = requires(const E& engine, population<N>& nodes) {
    { engine.network } -> std::convertible_to<network_model>;
    { engine.open(nodes) } -> Session;
};

namespace detail {

template <class O>
constexpr bool is_collective() {
    if constexpr (requires { std::remove_cvref_t<O>::collective; }) {
        return std::remove_cvref_t<O>::collective;
    } else {
        return false;
    }
}

//! The bookkeeping of one run; engines differ in their session only.
template <Session S, StopRule Stop>
class runner final : public run_control {
public:
    runner(S& session, Stop stop) : session_(session), stop_(std::move(stop)), begin_(clock::now()) {
        status_.planned = planned_rounds_of(stop_);
        status_.nodes = session_.size();
        status_.threads = session_.threads();
        status_.ranks = session_.ranks();
        status_.rank = session_.rank();
        status_.per_node.resize(session_.size());
        status_.attach(*this, session_.first(), session_.last());
    }

    template <class... Observers>
    run_report operator()(Observers&... observers) {
        state_of_observers_ = [&](state_archive& a) { (save_or_restore(a, observers), ...); };
        observe(
            [&](auto& o) {
                if constexpr (requires { o.start(status_); }) {
                    o.start(status_);
                }
            },
            observers...);
        status_.reason = session_.agree(reason_of(stop_, status_), std::exchange(failure_, nullptr));
        while (status_.reason == stop_reason::none) {
            session_.play(status_.completed, records_);
            account();
            observe([&](auto& o) { o(status_); }, observers...);
            stop_reason reason = reason_of(stop_, status_);
            if (node_diverged_) {
                reason = stop_reason::diverged;
            }
            status_.reason = session_.agree(reason, std::exchange(failure_, nullptr));
        }
        status_.seconds = base_seconds_ + elapsed();
        digest();
        observe(
            [&](auto& o) {
                if constexpr (requires { o.finish(status_); }) {
                    o.finish(status_);
                }
            },
            observers...);
        session_.agree(stop_reason::none, std::exchange(failure_, nullptr));
        return status_;
    }

    std::span<const float> parameters(std::size_t node) const override { return session_.parameters(node); }

    checkpoint capture() override {
        checkpoint c;
        c.round = status_.completed;
        state_archive a(c.run);
        state(a);
        c.nodes.resize(session_.size());
        for (std::size_t i = session_.first(); i < session_.last(); ++i) {
            session_.save(i, c.nodes[i]);
        }
        session_.gather(c.nodes);
        return c;
    }

    void restore(const checkpoint& c) override {
        expect(c.nodes.size() == session_.size(), [&] {
            return "a checkpoint holds " + std::to_string(c.nodes.size()) + " nodes, but the run has " +
                   std::to_string(session_.size());
        });
        state_archive a{std::span<const std::byte>(c.run)};
        state(a);
        a.finish();
        expect_message(status_.completed == c.round && status_.per_node.size() == session_.size(),
                       "a checkpoint contradicts itself: it was altered");
        std::exception_ptr failure;
        try {
            for (std::size_t i = session_.first(); i < session_.last(); ++i) {
                session_.restore(i, c.nodes[i]);
            }
        } catch (...) {
            failure = std::current_exception();
        }
        session_.agree(stop_reason::none, failure);
        sum_up();
    }

    void parallel(std::size_t n, const std::function<void(std::size_t)>& f) override { session_.parallel(n, f); }
    void broadcast(std::vector<std::byte>& from_root) override { session_.broadcast(from_root); }
    void gather(std::vector<std::vector<std::byte>>& of_nodes) override { session_.gather(of_nodes); }

private:
    using clock = std::chrono::steady_clock;

    double elapsed() const { return std::chrono::duration<double>(clock::now() - begin_).count(); }

    template <class Call, class... Observers>
    void observe([[maybe_unused]] Call call, Observers&... observers) {
        [[maybe_unused]] const auto one = [&](auto& o) {
            if (status_.is_root() || is_collective<decltype(o)>()) {
                try {
                    call(o);
                } catch (...) {  // the other ranks must hear of it before this one leaves
                    if (!failure_) {
                        failure_ = std::current_exception();
                    }
                }
            }
        };
        (one(observers), ...);
    }

    void account() {
        ++status_.completed;
        status_.sent_now = {};
        status_.received_now = {};
        double slowest_link = 0, slowest_node = 0, loss = 0, samples = 0;
        read_records(
            records_,
            [&](const round_record& r) {
                node_totals& t = status_.per_node[r.node];
                status_.sent_now += r.sent;
                status_.received_now += r.received;
                t.sent += r.sent;
                t.received += r.received;
                t.compute_seconds += r.seconds - r.codec_seconds;
                t.codec_seconds += r.codec_seconds;
                slowest_link = std::max(slowest_link, r.network_seconds);
                slowest_node = std::max(slowest_node, r.seconds);
                node_diverged_ = node_diverged_ || r.diverged;
                loss += r.loss;
                samples += r.samples;
            },
            [&](const std::string& name, double value) {
                for (total& t : status_.counters) {
                    if (t.name == name) {
                        t.value += value;
                        return;
                    }
                }
                status_.counters.push_back({name, value});
            });
        status_.reported_loss = samples > 0;
        if (samples > 0) {
            status_.loss = loss / samples;
        }
        status_.network_seconds_now = slowest_link;
        status_.network_seconds += slowest_link;
        status_.parallel_seconds += slowest_node;
        status_.seconds = base_seconds_ + elapsed();
        sum_up();
    }

    void sum_up() {
        status_.sent = {};
        status_.received = {};
        status_.compute_seconds = 0;
        status_.codec_seconds = 0;
        for (const node_totals& t : status_.per_node) {
            status_.sent += t.sent;
            status_.received += t.received;
            status_.compute_seconds += t.compute_seconds;
            status_.codec_seconds += t.codec_seconds;
        }
    }

    //! At the end: one digest of all nodes' parameters, in node order.
    void digest() {
        std::vector<std::vector<std::byte>> digests(session_.size());
        for (std::size_t i = session_.first(); i < session_.last(); ++i) {
            std::uint64_t d = digest_of(session_.parameters(i));
            state_archive a(digests[i]);
            a(d);
        }
        session_.gather(digests);
        std::vector<std::byte> text;
        if (status_.is_root()) {
            std::vector<std::uint64_t> all;
            for (const auto& bytes : digests) {
                state_archive a{std::span<const std::byte>(bytes)};
                a(all.emplace_back());
            }
            for (const char c : combine_digests(all)) {
                text.push_back(static_cast<std::byte>(c));
            }
        }
        session_.broadcast(text);
        status_.parameters_digest.clear();
        for (const std::byte b : text) {
            status_.parameters_digest += static_cast<char>(b);
        }
    }

    template <class Named>
    static void state_of_named(state_archive& a, std::vector<Named>& values) {
        std::uint64_t count = values.size();
        a(count);
        if (!a.saving()) {
            values.clear();
        }
        for (std::uint64_t k = 0; k < count; ++k) {
            if (!a.saving()) {
                values.emplace_back();
            }
            Named& v = values[k];
            std::vector<char> name(v.name.begin(), v.name.end());
            a(name);
            v.name.assign(name.begin(), name.end());
            a(v.value);
            if constexpr (requires { v.round; }) {
                a(v.round);
            }
        }
    }
    void state(state_archive& a) {
        a(status_.completed);
        a(status_.per_node);
        a(status_.sent_now);
        a(status_.received_now);
        a(status_.loss);
        a(status_.reported_loss);
        a(status_.network_seconds);
        a(status_.network_seconds_now);
        a(status_.parallel_seconds);
        double seconds = base_seconds_ + elapsed();
        a(seconds);
        base_seconds_ = seconds - elapsed();
        state_of_named(a, status_.metrics);
        state_of_named(a, status_.counters);
        save_or_restore(a, stop_);
        state_of_observers_(a);
    }

    S& session_;
    Stop stop_;
    run_status status_;
    std::vector<std::byte> records_;
    double base_seconds_ = 0;  // of the runs before a resume
    clock::time_point begin_;
    bool node_diverged_ = false;
    std::function<void(state_archive&)> state_of_observers_;
    std::exception_ptr failure_;
};

}  // namespace detail

//! Runs `nodes` on `engine` until `stop`; calls `observers` (passed by reference, kept by the caller) as it goes.
//!
//! With `mpi_engine`, every rank calls it with a population made the same way; each builds and runs its own slice.
//! Returns totals, the reason it stopped and the digest of all parameters. An exception in a node or an observer ends
//! the run on every rank.
template <class E, class N, StopRule Stop, class... Observers>
run_report run(const E& engine, population<N>& nodes, Stop stop, Observers&&... observers) {
    static_assert(
        Engine<E, N>,
        "run: the first argument must be an engine that runs such nodes: tbb_engine and mpi_engine run programs "
        "(round(peer)), event_engine also reactors (begin(event_clock&), on(event, event_clock&))");
    engine.network.check();
    auto session = engine.open(nodes);
    return detail::runner<decltype(session), Stop>(session, std::move(stop))(observers...);
}

//! The same for nodes that exist: any vector of a Program, whole on every rank. seed: of the messages' randomness.
template <class E, class N, StopRule Stop, class... Observers>
run_report run(const E& engine, std::vector<N>& nodes, Stop stop, Observers&&... observers) {
    static_assert(Program<N> || Reactor<N>,
                  "run: a node is a program, task<> round(peer here), or a reactor, begin(event_clock&) and on(event, "
                  "event_clock&); "
                  "both have state(state_archive&)");
    population<N> listed{std::span<N>(nodes), 0};
    return run(engine, listed, std::move(stop), observers...);
}

}  // namespace frugal
