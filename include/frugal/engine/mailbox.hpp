//! What nodes exchange with their engine: an `inbox` of received messages and an `outbox` to post to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frugal/core/message.hpp>

namespace frugal {

//! A message received: who posted it, and the bytes (owned by the engine, valid during the step).
struct envelope {
    std::uint32_t source = 0;
    const message* content = nullptr;
};

//! Messages posted to a node in the previous superstep, by increasing source, then in order of posting.
class inbox {
public:
    inbox() = default;
    explicit inbox(std::span<const envelope> envelopes) : envelopes_(envelopes) {}
    auto begin() const { return envelopes_.begin(); }
    auto end() const { return envelopes_.end(); }
    std::size_t size() const { return envelopes_.size(); }
    bool empty() const { return envelopes_.empty(); }
    const envelope& operator[](std::size_t i) const { return envelopes_[i]; }

private:
    std::span<const envelope> envelopes_;
};

//! Where a node posts. A posted message goes to one or many destinations; message buffers are recycled between
//! supersteps, so posting allocates nothing once warm.
class outbox {
public:
    struct post_record {
        message content;
        std::vector<std::uint32_t> destinations;
    };

    //! A message for one node, to be filled before the next call of `post` (which may move it).
    message& post(std::uint32_t destination) {
        post_record& r = next();
        r.destinations.assign(1, destination);
        return r.content;
    }
    //! One message for several nodes (sent once on a network with multicast; see engine/network.hpp).
    message& post(std::span<const std::uint32_t> destinations) {
        post_record& r = next();
        r.destinations.assign(destinations.begin(), destinations.end());
        return r.content;
    }

    //! Takes back the last post, when filling it turned out to be impossible.
    void retract() { --used_; }

    //! For engines: what was posted since `clear`.
    std::span<const post_record> posted() const { return {records_.data(), used_}; }
    void clear() { used_ = 0; }

private:
    post_record& next() {
        if (used_ == records_.size()) {
            records_.emplace_back();
        }
        post_record& r = records_[used_++];
        r.content.clear();
        return r;
    }
    std::vector<post_record> records_;
    std::size_t used_ = 0;
};

}  // namespace frugal
