//! What a run tells: the status observers see after each round, and the report at the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <frugal/core/error.hpp>
#include <frugal/core/state.hpp>
#include <frugal/node/seat.hpp>

namespace frugal {

//! Why a run ended (or `none`: it goes on).
enum class stop_reason : std::uint8_t { none, finished, early, diverged };

//! A value recorded by an observer, such as an accuracy, and how many rounds were completed then.
struct metric {
    std::string name;
    double value = 0;
    std::uint64_t round = 0;
};

//! A number that nodes counted, summed over nodes and rounds.
struct total {
    std::string name;
    double value = 0;
};

//! Totals of one node since the start of the run.
struct node_totals {
    traffic sent;
    traffic received;
    double compute_seconds = 0;
    double codec_seconds = 0;

    void state(state_archive& a) {
        a(sent);
        a(received);
        a(compute_seconds);
        a(codec_seconds);
    }
};

//! Numbers about a run up to now; equal on every rank except for wall-clock seconds.
struct run_report {
    std::uint64_t completed = 0;  //!< rounds, those before a resume included
    std::uint64_t planned = 0;    //!< rounds after which the stopping rule will end it at the latest; 0: not known
    std::size_t nodes = 0;
    std::size_t threads = 1;
    std::size_t ranks = 1;
    std::size_t rank = 0;

    traffic sent;          //!< all nodes, since the start
    traffic received;      //!< all nodes, since the start
    traffic sent_now;      //!< in the last round
    traffic received_now;  //!< in the last round
    std::vector<node_totals> per_node;

    double loss = std::numeric_limits<double>::quiet_NaN();  //!< mean over the samples of the nodes that report one
    bool reported_loss = false;                              //!< did any node report a loss in the last round?
    double network_seconds = 0;      //!< simulated, by the engine's network_model, had all computing been free
    double network_seconds_now = 0;  //!< in the last round
    double parallel_seconds = 0;     //!< sum over rounds of the slowest node's work: with one machine per node
    double compute_seconds = 0;      //!< of all nodes: without compressing and decompressing
    double codec_seconds = 0;        //!< of all nodes: compressing and decompressing
    double seconds = 0;              //!< wall clock, since the start
    std::vector<total> counters;     //!< what nodes counted, such as "messages dropped"

    std::vector<metric> metrics;  //!< latest value of each
    stop_reason reason = stop_reason::none;
    std::string parameters_digest;  //!< hex digest of all nodes' parameters in node order; set at the end

    std::uint64_t round() const { return completed; }
    bool is_root() const { return rank == 0; }
    bool diverged() const { return reason == stop_reason::diverged; }
    //! The metric of that name, or nullptr.
    const metric* find(std::string_view name) const {
        for (const metric& m : metrics) {
            if (m.name == name) {
                return &m;
            }
        }
        return nullptr;
    }
    //! The total counted under that name; 0 if nobody counted.
    double counted(std::string_view name) const {
        for (const total& t : counters) {
            if (t.name == name) {
                return t.value;
            }
        }
        return 0;
    }
    //! Sets a metric for the last round.
    void record(std::string_view name, double value) {
        for (metric& m : metrics) {
            if (m.name == name) {
                m.value = value;
                m.round = completed;
                return;
            }
        }
        metrics.push_back({std::string(name), value, completed});
    }
};

//! The whole state of a run between two rounds, independent of the number of ranks and threads.
struct checkpoint {
    std::uint64_t configuration = 0;            //!< hash of everything the run was set up with, chosen by the caller
    std::uint64_t round = 0;                    //!< completed rounds
    std::vector<std::byte> run;                 //!< totals, metrics, stopping rule, observers
    std::vector<std::vector<std::byte>> nodes;  //!< per node: its state and the messages that wait for it
};

//! What an engine offers to observers. Calls marked collective must be made on every rank.
class run_control {
public:
    virtual std::span<const float> parameters(std::size_t node) const = 0;
    virtual checkpoint capture() = 0;                               //!< collective; complete on rank 0 only
    virtual void restore(const checkpoint& from) = 0;               //!< collective; complete on every rank
    virtual void broadcast(std::vector<std::byte>& from_root) = 0;  //!< collective
    //! f(0), ..., f(n - 1) on the engine's threads, in any order. Throws what one of them throws.
    virtual void parallel(std::size_t n, const std::function<void(std::size_t)>& f) = 0;
    //! Collective: each rank fills the elements of its nodes; afterwards rank 0 has all of them.
    virtual void gather(std::vector<std::vector<std::byte>>& of_nodes) = 0;

protected:
    run_control() = default;
    run_control(const run_control&) = default;
    run_control& operator=(const run_control&) = default;
    ~run_control() = default;
};

//! What observers see after each round: the report so far and access to the nodes.
//!
//! An observer is called as `observer(status)`, on rank 0 only, unless it has `static constexpr bool collective =
//! true`. Optional: `start(status)` before the first round, `finish(status)` after the last; `state(state_archive&)`:
//! what it remembers, rank 0's saved in checkpoints and given back to every rank by `resume`.
class run_status : public run_report {
public:
    //! The nodes in this process are first_node() <= i < last_node().
    std::size_t first_node() const { return first_; }
    std::size_t last_node() const { return last_; }
    //! Parameters of a node in this process.
    std::span<const float> parameters(std::size_t node) const {
        expect(first_ <= node && node < last_,
               "a run status only gives the parameters of nodes in this process: see first_node and last_node");
        return control_->parameters(node);
    }
    run_control& control() { return *control_; }

    //! For engines.
    void attach(run_control& control, std::size_t first, std::size_t last) {
        control_ = &control;
        first_ = first;
        last_ = last;
    }

private:
    run_control* control_ = nullptr;
    std::size_t first_ = 0;
    std::size_t last_ = 0;
};

}  // namespace frugal
