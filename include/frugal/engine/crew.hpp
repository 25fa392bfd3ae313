//! `crew<N>`: the nodes of one process: what every engine for programs needs.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <frugal/core/state.hpp>
#include <frugal/engine/session.hpp>
#include <frugal/engine/stage.hpp>
#include <frugal/node/population.hpp>
#include <frugal/node/speed.hpp>

namespace frugal {

//! Nodes first <= i < last of a population, on a stage.
template <Program N>
class crew {
public:
    crew(population<N>& nodes, std::size_t first, std::size_t last, std::size_t threads, const network_model& network,
         transport* elsewhere = nullptr)
        : nodes_(nodes), stage_(first, last, threads, elsewhere), everyone_(nodes.size()) {
        std::iota(everyone_.begin(), everyone_.end(), 0u);
        stage_.network = network;
        stage_.seed = nodes.seed();
        nodes_.build(first, last);
    }

    //! Steps take time: each node's rounds follow each other in simulated time, and begin with one step.
    void simulate(const speed_law& speed) {
        if (!speed.free()) {
            speed_ = speed;
            clocks_.resize(nodes_.size());
        }
    }

    frugal::stage& stage() { return stage_; }
    population<N>& nodes() { return nodes_; }
    std::size_t size() const { return nodes_.size(); }
    bool owns(std::size_t i) const { return stage_.first() <= i && i < stage_.last(); }

    //! Begins a round: every node that takes part runs until it waits.
    void open(std::uint64_t round) {
        std::span<const std::uint32_t> group = everyone_;
        if (nodes_.cohort()) {
            nodes_.cohort()(nodes_.seed(), round, members_);
            expect(!members_.empty() && members_.back() < nodes_.size(),
                   "a cohort must name at least one node, and no node beyond the population");
            group = members_;
        }
        all_work_ = group.size() == nodes_.size();
        stage_.open(round, group, [&](std::uint32_t i, peer here) {
            if (!clocks_.empty()) {
                here.busy(clocks_[i] + speed_.seconds(nodes_.seed(), i, round));
            }
            return nodes_[i].round(here);
        });
    }
    //! Ends a round and appends what happened to this process's nodes; if a node failed, throws that, unless it
    //! diverged.
    void close(std::vector<std::byte>& records) {
        const std::exception_ptr failure = stage_.failure();
        bool fatal = false;
        try {
            if (failure) {
                std::rethrow_exception(failure);
            }
        } catch (const divergence&) {
        } catch (...) {
            fatal = true;
        }
        if (fatal || failure) {
            stage_.close(true, all_work_);
            if (fatal) {
                std::rethrow_exception(failure);
            }
        } else {
            stage_.close(false, all_work_);
        }
        const double before = latest_;
        for (std::size_t k = 0; k < stage_.participants().size(); ++k) {
            if (!clocks_.empty()) {
                round_record& r = stage_.seat_at(k).record;
                latest_ = std::max(latest_, clocks_[r.node] = r.network_seconds);
                r.network_seconds = std::max(0.0, r.network_seconds - before);
            }
            if (clocks_.empty()) {
                stage_.seat_at(k).inbox.forget_times();
            }
            append_record(records, stage_.seat_at(k).record, stage_.seat_at(k).counters);
        }
    }
    //! Leaves a round that cannot be ended.
    void abandon() { stage_.close(true, all_work_); }

    //! The state of node i and the messages that wait for it.
    void save(std::size_t i, std::vector<std::byte>& out) {
        state_archive a(out);
        nodes_[i].state(a);
        state_of_clock(a, i);
        std::uint64_t count = 0;
        seat* const s = stage_.find_seat(i);
        if (s != nullptr && all_work_) {
            s->inbox.for_undelivered(true, [&](std::uint32_t, const mailbox::arrival&) { ++count; });
        }
        a(count);
        if (count > 0) {
            s->inbox.for_undelivered(true, [&](std::uint32_t lane, const mailbox::arrival& waits) {
                std::uint32_t where = lane, source = waits.source;
                std::vector<std::byte> bytes(waits.content->bytes().begin(), waits.content->bytes().end());
                a(where);
                a(source);
                a(bytes);
                double time = waits.time;
                a(time);
            });
        }
    }
    void restore(std::size_t i, std::span<const std::byte> in) {
        state_archive a(in);
        nodes_[i].state(a);
        state_of_clock(a, i);
        std::uint64_t count = 0;
        a(count);
        for (std::uint64_t k = 0; k < count; ++k) {
            std::uint32_t lane = 0, source = 0;
            double time = 0;
            std::vector<std::byte> bytes;
            a(lane);
            a(source);
            a(bytes);
            a(time);
            expect_message(source < nodes_.size(), "a checkpoint holds a message of a node that does not exist");
            seat& s = stage_.make_seat(i);
            letter_ref content = s.letters.take();
            content->assign(bytes);
            s.inbox.keep(lane);
            s.inbox.put(lane, {source, std::move(content), time});
        }
        a.finish();
    }

private:
    void state_of_clock(state_archive& a, std::size_t i) {
        if (!clocks_.empty()) {
            a(clocks_[i]);
            latest_ = std::max(latest_, clocks_[i]);
        }
    }

    population<N>& nodes_;
    frugal::stage stage_;
    std::vector<std::uint32_t> everyone_;
    std::vector<std::uint32_t> members_;
    bool all_work_ = true;
    speed_law speed_;
    std::vector<double> clocks_;  // simulated seconds at which each node's last round ended; empty: rounds begin at 0
    double latest_ = 0;
};

}  // namespace frugal
