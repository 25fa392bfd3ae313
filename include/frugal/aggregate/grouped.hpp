//! `grouped{A}`: an aggregator that decodes many messages in parallel.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <oneapi/tbb/parallel_for.h>

#include <frugal/aggregate/contribution.hpp>
#include <frugal/concepts.hpp>

namespace frugal {

//! Messages are noted when added and decoded when the result is asked for: in order, in at most `groups` runs of equal
//! length, each by an A of its own in parallel with the others; then these are merged in order. The grouping depends on
//! the
//! number of messages only, so the result has the same bits for any number of threads (but, as another order of
//! additions,
//! not those of A alone). Vectors are added at once, to the first group.
//!
//! A needs `merge` (`mean`, `side_information_mean` and `minimax_mean` have it). Compressors and messages must live
//! until `result`; one compressor may decode them all. Memory: `groups` times that of A.
template <Aggregator A>
class grouped {
public:
    static constexpr bool coordinatewise = is_coordinatewise<A>;

    explicit grouped(A prototype, std::size_t groups = 4) : parts_(groups, prototype) {
        expect(groups > 0, "grouped: the number of groups must be at least 1");
    }

    void reset(std::size_t d) {
        dimension_ = d;
        guard_.reset();
        entries_.clear();
        parts_[0].reset(d);
    }
    void add(std::span<const float> y, float weight) { parts_[0].add(y, weight); }
    template <Compressor C>
    void add(const C& compressor, const message& m, random_key k, float weight) {
        entries_.push_back({&compressor, &m, k, weight, [](A& part, const entry& e) {
                                part.add(*static_cast<const C*>(e.compressor), *e.content, e.key, e.weight);
                            }});
    }
    //! Throws what decoding throws. Once per reset.
    void result(std::span<float> out) {
        guard_([&] { decode_all(); });
        parts_[0].result(out);
    }
    //! The aggregator that holds the result.
    A& inner() { return parts_[0]; }

private:
    void decode_all() {
        const std::size_t n = entries_.size();
        const std::size_t groups = std::clamp<std::size_t>(n / 2, 1, parts_.size());  // fewer would not pay for merging
        oneapi::tbb::parallel_for(std::size_t{0}, groups, [&](std::size_t g) {
            if (g > 0) {
                parts_[g].reset(dimension_);
            }
            for (std::size_t i = g * n / groups; i < (g + 1) * n / groups; ++i) {
                entries_[i].add(parts_[g], entries_[i]);
            }
        });
        for (std::size_t g = 1; g < groups; ++g) {
            parts_[0].merge(parts_[g]);
        }
        entries_.clear();
    }
    struct entry {
        const void* compressor;
        const message* content;
        random_key key;
        float weight;
        void (*add)(A&, const entry&);
    };

    std::vector<A> parts_;
    std::vector<entry> entries_;
    std::size_t dimension_ = 0;
    add_guard guard_;
};

}  // namespace frugal
