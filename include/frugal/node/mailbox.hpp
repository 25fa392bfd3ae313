//! What has come for one node, by lane and source, and what it waits for.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frugal/core/error.hpp>
#include <frugal/node/letter.hpp>

namespace frugal {

//! A message received: its sender's number in the group that received it. Valid until the node's next await.
struct envelope {
    std::uint32_t from = 0;
    const message* content = nullptr;
};

//! Messages of one source on one lane keep their order; those of different sources or lanes do not meet.
class mailbox {
public:
    //! A message that has come.
    struct arrival {
        std::uint32_t source = 0;  //!< the node, whatever its number in a group is
        letter_ref content;
        double time = 0;  //!< when its last bit reaches the receiver's link, in simulated seconds
    };

    //! A message has come. Whether it is the last that the node waited for.
    bool put(std::uint32_t lane, arrival a) {
        auto& items = queue(lane).items;
        const std::uint32_t source = a.source;
        auto at = items.end();  // most often the order of arrival is that of the sources
        while (at != items.begin() && std::prev(at)->source > source) {
            --at;
        }
        items.insert(at, std::move(a));
        if (!waiting_ || lane != lane_) {
            return false;
        }
        const auto found = std::lower_bound(sources_.begin(), sources_.end(), source);
        if (found == sources_.end() || *found != source) {
            return false;
        }
        auto& present = present_[static_cast<std::size_t>(found - sources_.begin())];
        if (present != 0) {
            return false;
        }
        present = 1;
        return --missing_ == 0;
    }

    //! Begins to wait for the next message of each of `sources`, whose order must be increasing: fill the vector that
    //! this gives, then call `complete`.
    std::vector<std::uint32_t>& await(std::uint32_t lane) {
        lane_ = lane;
        sources_.clear();
        return sources_;
    }
    //! Whether all that is waited for is here.
    bool complete() {
        waiting_ = true;
        missing_ = sources_.size();
        present_.assign(sources_.size(), 0);
        std::size_t k = 0;
        for (const arrival& a : queue(lane_).items) {
            while (k < sources_.size() && sources_[k] < a.source) {
                ++k;
            }
            if (k < sources_.size() && sources_[k] == a.source && present_[k] == 0) {
                present_[k] = 1;
                --missing_;
            }
        }
        return missing_ == 0;
    }
    //! What was waited for, by increasing source; valid until the next call.
    std::span<const arrival> take() {
        waiting_ = false;
        taken_.clear();
        auto& items = queue(lane_).items;
        std::size_t k = 0, kept = 0;
        for (std::size_t i = 0; i < items.size(); ++i) {
            while (k < sources_.size() && sources_[k] < items[i].source) {
                ++k;
            }
            if (k < sources_.size() && sources_[k] == items[i].source) {
                taken_.push_back(std::move(items[i]));
                ++k;
            } else {
                if (kept != i) {
                    items[kept] = std::move(items[i]);
                }
                ++kept;
            }
        }
        items.resize(kept);
        return taken_;
    }

    bool waiting() const { return waiting_; }
    std::uint32_t awaited_lane() const { return lane_; }
    //! The first source whose message is missing, while waiting.
    std::uint32_t missing_source() const {
        const auto k = static_cast<std::size_t>(std::find(present_.begin(), present_.end(), 0) - present_.begin());
        return k < sources_.size() ? sources_[k] : 0;
    }

    //! Messages on this lane may be received in a later round than they were sent in.
    void keep(std::uint32_t lane) { queue(lane).lasting = true; }
    //! Calls f(lane, arrival) for every message that nobody received, on lanes that are kept or on all others.
    template <class F>
    void for_undelivered(bool lasting, F f) const {
        for (const lane_queue& q : lanes_) {
            if (q.lasting == lasting) {
                for (const arrival& a : q.items) {
                    f(q.lane, a);
                }
            }
        }
    }
    bool empty() const {
        return std::all_of(lanes_.begin(), lanes_.end(), [](const lane_queue& q) { return q.items.empty(); });
    }
    //! At the end of a round: lets go of what was taken last.
    void release() { taken_.clear(); }
    //! For rounds whose times begin at 0: what stays has left before the next one begins.
    void forget_times() {
        for (lane_queue& q : lanes_) {
            for (arrival& a : q.items) {
                a.time = 0;
            }
        }
    }
    //! Forgets everything, as at the end of a round that failed.
    void clear() {
        waiting_ = false;
        taken_.clear();
        for (lane_queue& q : lanes_) {
            q.items.clear();
        }
    }

private:
    struct lane_queue {
        std::uint32_t lane;
        bool lasting = false;
        std::vector<arrival> items;  // by increasing source, then by arrival
    };
    lane_queue& queue(std::uint32_t lane) {  // a node uses few lanes
        for (lane_queue& q : lanes_) {
            if (q.lane == lane) {
                return q;
            }
        }
        return lanes_.emplace_back(lane_queue{lane, false, {}});
    }

    std::vector<lane_queue> lanes_;
    std::uint32_t lane_ = 0;
    std::vector<std::uint32_t> sources_;
    std::vector<std::uint8_t> present_;
    std::size_t missing_ = 0;
    bool waiting_ = false;
    std::vector<arrival> taken_;
};

}  // namespace frugal
