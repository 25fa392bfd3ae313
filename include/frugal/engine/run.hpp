//! `run(engine, nodes, stop, observers...)`: steps nodes until a rule stops them.
#pragma once

#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <frugal/engine/digest.hpp>
#include <frugal/engine/network.hpp>
#include <frugal/engine/node_group.hpp>
#include <frugal/engine/status.hpp>
#include <frugal/engine/stop.hpp>

namespace frugal {

//! Places nodes on threads and machines: `open(nodes)` gives a session that steps them and delivers their messages.
template <class E, class N>
concept Engine = requires(const E& engine, std::span<N> nodes) {
    { engine.network } -> std::convertible_to<network_model>;
    engine.open(nodes);
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
template <Node N, class Session, StopRule Stop>
class runner final : public run_control {
public:
    runner(Session& session, const network_model& network, Stop stop)
        : session_(session), network_(network), stop_(std::move(stop)), begin_(clock::now()) {
        auto& group = session_.group();
        status_.supersteps_per_round = supersteps_per_round_of<N>();
        status_.planned_supersteps = planned_supersteps_of(stop_, status_.supersteps_per_round);
        status_.nodes = group.size();
        status_.threads = group.threads();
        status_.ranks = session_.ranks();
        status_.rank = session_.rank();
        status_.per_node.resize(group.size());
        status_.attach(*this, group.first(), group.last());
    }

    template <class... Observers>
    run_report operator()(Observers&... observers) {
        auto state_of_observers = [&](state_archive& a) { (save_or_restore(a, observers), ...); };
        observers_ = &state_of_observers;
        state_of_observers_ = [](void* call, state_archive& a) {
            (*static_cast<decltype(state_of_observers)*>(call))(a);
        };
        observe(
            [&](auto& o) {
                if constexpr (requires { o.start(status_); }) {
                    o.start(status_);
                }
            },
            observers...);
        status_.reason = session_.agree(reason_of(stop_, status_), std::exchange(failure_, nullptr));
        while (status_.reason == stop_reason::none) {
            session_.step(status_.superstep);
            account(session_.exchange());
            observe([&](auto& o) { o(status_); }, observers...);
            stop_reason reason = reason_of(stop_, status_);
            if (node_diverged_) {
                reason = stop_reason::diverged;
            }
            status_.reason = session_.agree(reason, std::exchange(failure_, nullptr));
        }
        status_.seconds = base_seconds_ + elapsed();
        collect();
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

    std::span<const float> parameters(std::size_t node) const override {
        return session_.group().node(node).parameters();
    }

    checkpoint capture() override {
        checkpoint c;
        c.superstep = status_.superstep;
        state_archive a(c.run);
        state(a);
        auto& group = session_.group();
        c.nodes.resize(group.size());
        for (std::size_t i = group.first(); i < group.last(); ++i) {
            group.save(i, c.nodes[i]);
        }
        session_.gather(c.nodes);
        return c;
    }

    void restore(const checkpoint& c) override {
        auto& group = session_.group();
        expect(c.nodes.size() == group.size(), [&] {
            return "a checkpoint holds " + std::to_string(c.nodes.size()) + " nodes, but the run has " +
                   std::to_string(group.size());
        });
        state_archive a{std::span<const std::byte>(c.run)};
        state(a);
        a.finish();
        expect_message(status_.superstep == c.superstep && status_.per_node.size() == group.size(),
                       "a checkpoint contradicts itself: it was altered");
        std::exception_ptr failure;
        try {
            for (std::size_t i = group.first(); i < group.last(); ++i) {
                group.restore(i, c.nodes[i]);
            }
        } catch (...) {
            failure = std::current_exception();
        }
        session_.agree(stop_reason::none, failure);
        session_.exchange();  // what was in flight; it was counted before the checkpoint was taken
        sum_up();
    }

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

    void account(std::span<const node_record> records) {
        ++status_.superstep;
        status_.sent_now = {};
        status_.received_now = {};
        double slowest_link = 0, slowest_step = 0, loss = 0;
        std::size_t losses = 0;
        for (std::size_t i = 0; i < records.size(); ++i) {
            const node_record& r = records[i];
            node_totals& t = status_.per_node[i];
            status_.sent_now += r.sent;
            status_.received_now += r.received;
            t.sent += r.sent;
            t.received += r.received;
            t.compute_seconds += r.report.compute_seconds;
            t.codec_seconds += r.report.codec_seconds;
            slowest_link = std::max(slowest_link, network_.seconds(r.sent.messages + r.received.messages,
                                                                   r.sent.wire_bytes, r.received.wire_bytes));
            slowest_step = std::max(slowest_step, r.step_seconds);
            node_diverged_ = node_diverged_ || r.report.diverged;
            if (r.report.has_loss) {
                loss += r.report.loss;
                ++losses;
            }
        }
        status_.reported_loss = losses > 0;
        if (losses > 0) {
            status_.loss = loss / static_cast<double>(losses);
        }
        status_.network_seconds_now = slowest_link;
        status_.network_seconds += slowest_link;
        status_.parallel_seconds += slowest_step;
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

    //! At the end: digests of all nodes, and all nodes' states on rank 0.
    void collect() {
        auto& group = session_.group();
        if (session_.ranks() > 1) {
            std::vector<std::vector<std::byte>> states(group.size());
            for (std::size_t i = group.first(); i < group.last(); ++i) {
                state_archive a(states[i]);
                group.node(i).state(a);
            }
            session_.gather(states);
            for (std::size_t i = 0; i < group.size() && status_.is_root(); ++i) {
                if (!group.owns(i)) {
                    state_archive a{std::span<const std::byte>(states[i])};
                    group.node(i).state(a);
                }
            }
        }
        std::vector<std::vector<std::byte>> digests(group.size());
        for (std::size_t i = group.first(); i < group.last(); ++i) {
            std::uint64_t d = digest_of(group.node(i).parameters());
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

    void state(state_archive& a) {
        a(status_.superstep);
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
        std::uint64_t count = status_.metrics.size();
        a(count);
        if (!a.saving()) {
            status_.metrics.clear();
        }
        for (std::uint64_t k = 0; k < count; ++k) {
            if (!a.saving()) {
                status_.metrics.emplace_back();
            }
            metric& m = status_.metrics[k];
            std::vector<char> name(m.name.begin(), m.name.end());
            a(name);
            m.name.assign(name.begin(), name.end());
            a(m.value);
            a(m.superstep);
        }
        save_or_restore(a, stop_);
        state_of_observers_(observers_, a);
    }

    Session& session_;
    network_model network_;
    Stop stop_;
    run_status status_;
    double base_seconds_ = 0;  // of the runs before a resume
    clock::time_point begin_;
    bool node_diverged_ = false;
    void* observers_ = nullptr;  // what state_of_observers_ is called with
    void (*state_of_observers_)(void*, state_archive&) = nullptr;
    std::exception_ptr failure_;
};

}  // namespace detail

//! Runs `nodes` on `engine` until `stop`; calls `observers` (passed by reference, kept by the caller) as it goes.
//!
//! nodes: any vector of a Node; with `mpi_engine`, the same vector on every rank, each rank stepping its own slice.
//! Returns totals, the reason it stopped and the digest of all parameters. An exception in a node or an observer ends
//! the run on every rank.
template <class E, Node N, StopRule Stop, class... Observers>
run_report run(const E& engine, std::vector<N>& nodes, Stop stop, Observers&&... observers) {
    static_assert(Engine<E, N>, "run: the first argument must be an engine, such as frugal::tbb_engine{}");
    expect(!nodes.empty(), "run: there are no nodes");
    engine.network.check();
    auto session = engine.open(std::span<N>(nodes));
    return detail::runner<N, decltype(session), Stop>(session, engine.network, std::move(stop))(observers...);
}

}  // namespace frugal
