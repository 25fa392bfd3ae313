//! What a run tells: reports of nodes, the status observers see after each superstep, and the report at the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <frugal/core/error.hpp>
#include <frugal/core/state.hpp>

namespace frugal {

//! Messages counted. A message posted to several nodes is sent once and received several times.
struct traffic {
    std::uint64_t messages = 0;
    std::uint64_t payload_bits = 0;  //!< the algorithms' own cost, what papers count
    std::uint64_t wire_bytes = 0;    //!< what travels: header, padding and checksum included

    traffic& operator+=(const traffic& t) {
        messages += t.messages;
        payload_bits += t.payload_bits;
        wire_bytes += t.wire_bytes;
        return *this;
    }
    void state(state_archive& a) {
        a(messages);
        a(payload_bits);
        a(wire_bytes);
    }
    friend constexpr bool operator==(const traffic&, const traffic&) = default;
};

//! What a node may tell its engine after a step, through an optional `node_report report() const`.
struct node_report {
    double loss = 0;  //!< its latest training loss, if has_loss
    bool has_loss = false;
    bool diverged = false;       //!< it met numbers that are not finite and cannot go on: the run stops
    double compute_seconds = 0;  //!< of its last step: gradients and updates
    double codec_seconds = 0;    //!< of its last step: compressing and decompressing
};

//! Why a run ended (or `none`: it goes on).
enum class stop_reason : std::uint8_t { none, finished, early, diverged };

//! A value recorded by an observer, such as an accuracy, and the superstep it belongs to.
struct metric {
    std::string name;
    double value = 0;
    std::uint64_t superstep = 0;
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
    std::uint64_t superstep = 0;             //!< completed supersteps, those before a resume included
    std::uint64_t supersteps_per_round = 1;  //!< of the algorithm
    std::uint64_t planned_supersteps = 0;    //!< where the stopping rule will end it at the latest; 0: not known
    std::size_t nodes = 0;
    std::size_t threads = 1;
    std::size_t ranks = 1;
    std::size_t rank = 0;

    traffic sent;          //!< all nodes, since the start
    traffic received;      //!< all nodes, since the start
    traffic sent_now;      //!< in the last superstep
    traffic received_now;  //!< in the last superstep
    std::vector<node_totals> per_node;

    double loss = std::numeric_limits<double>::quiet_NaN();  //!< mean over the nodes that report one
    bool reported_loss = false;                              //!< did any node report a loss in the last superstep?
    double network_seconds = 0;                              //!< simulated, by the engine's network_model
    double network_seconds_now = 0;                          //!< in the last superstep
    double parallel_seconds = 0;  //!< sum over supersteps of the slowest node's step: with one machine per node
    double compute_seconds = 0;   //!< reported by nodes, summed over nodes
    double codec_seconds = 0;     //!< reported by nodes, summed over nodes
    double seconds = 0;           //!< wall clock, since the start

    std::vector<metric> metrics;  //!< latest value of each
    stop_reason reason = stop_reason::none;
    std::string parameters_digest;  //!< hex digest of all nodes' parameters in node order; set at the end

    std::uint64_t round() const { return superstep / supersteps_per_round; }
    bool round_complete() const { return superstep % supersteps_per_round == 0; }
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
    //! Sets a metric for the last superstep.
    void record(std::string_view name, double value) {
        for (metric& m : metrics) {
            if (m.name == name) {
                m.value = value;
                m.superstep = superstep;
                return;
            }
        }
        metrics.push_back({std::string(name), value, superstep});
    }
};

//! The whole state of a run between two supersteps, independent of the number of ranks and threads.
struct checkpoint {
    std::uint64_t configuration = 0;            //!< hash of everything the run was set up with, chosen by the caller
    std::uint64_t superstep = 0;                //!< completed supersteps
    std::vector<std::byte> run;                 //!< totals, metrics, stopping rule, observers
    std::vector<std::vector<std::byte>> nodes;  //!< per node: its state and the messages it posted, not yet delivered
};

//! What an engine offers to observers. Calls marked collective must be made on every rank.
class run_control {
public:
    virtual std::span<const float> parameters(std::size_t node) const = 0;
    virtual checkpoint capture() = 0;                               //!< collective; complete on rank 0 only
    virtual void restore(const checkpoint& from) = 0;               //!< collective; complete on every rank
    virtual void broadcast(std::vector<std::byte>& from_root) = 0;  //!< collective
    //! Collective: each rank fills the elements of its nodes; afterwards rank 0 has all of them.
    virtual void gather(std::vector<std::vector<std::byte>>& of_nodes) = 0;

protected:
    run_control() = default;
    run_control(const run_control&) = default;
    run_control& operator=(const run_control&) = default;
    ~run_control() = default;
};

//! What observers see after each superstep: the report so far and access to the nodes.
//!
//! An observer is called as `observer(status)`, on rank 0 only, unless it has `static constexpr bool collective =
//! true`.
//! Optional: `start(status)` before the first superstep, `finish(status)` after the last; `state(state_archive&)`: what
//! it
//! remembers, rank 0's saved in checkpoints and given back to every rank by `resume`.
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
