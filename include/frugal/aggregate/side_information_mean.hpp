//! `side_information_mean`: the mean of messages of which some can only be decoded near the mean of the others.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frugal/aggregate/contribution.hpp>
#include <frugal/aggregate/mean.hpp>
#include <frugal/concepts.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/loan.hpp>

namespace frugal {

//! Messages that need no side information are averaged as they come. The others are kept, compressed, and decoded in
//! node order against that average when the result is asked for (Abdi 2020, sec. 2.2); they then join it.
//!
//! refine: each message so decoded improves the side information of the next. Compressors given to `add` must live
//! until `result`. Memory: O(d) and the kept messages, whose buffers are reused after `reset`.
class side_information_mean {
public:
    static constexpr bool coordinatewise = false;  // messages are kept whole
    static constexpr auto describe() {
        return describes("side_information_mean", "decodes nested messages near the mean of the others",
                         option("refine", &side_information_mean::refine_, "1: each so decoded improves the next"));
    }
    std::string name() const { return described_name(*this); }

    explicit side_information_mean(bool refine = false) : refine_(refine) {}

    void reset(std::size_t d) {
        plain_.reset(d);
        kept_count_ = 0;
        guard_.reset();
    }
    void add(std::span<const float> y, float weight) {
        guard_.expect_whole();
        plain_.add(y, weight);
    }
    template <Compressor C>
    void add(const C& compressor, const message& m, random_key k, float weight) {
        guard_.expect_whole();
        if constexpr (SideInformationCompressor<C>) {
            if (compressor.needs_side_information(k)) {
                expect_weight(weight);
                keep(compressor, m, k, weight);
                return;
            }
        }
        plain_.add(compressor, m, k, weight);
    }
    //! Adds what another of the same dimension was given.
    void merge(side_information_mean& other) {
        other.guard_.expect_whole();
        plain_.merge(other.plain_);
        for (std::size_t i = 0; i < other.kept_count_; ++i) {
            if (kept_count_ == kept_.size()) {
                kept_.emplace_back();
            }
            std::swap(kept_[kept_count_++], other.kept_[i]);
        }
        other.kept_count_ = 0;
    }
    //! Throws `malformed_message` where a kept message is damaged, and then until `reset`. What was kept is in the mean
    //! from then on.
    void result(std::span<float> out) {
        expect_plain(plain_.weight());
        plain_.result(out);
        finish(std::span(this, 1), out);
    }
    //! The result of all parts, merged in order, in two halves: the part from coordinate `first` on of what needs no
    //! side information, by as many threads as one likes;
    static void result_of(std::span<const side_information_mean> parts, std::size_t first, std::span<float> out) {
        float weight = 0;
        for (const side_information_mean& part : parts) {
            weight += part.plain_.weight();
        }
        expect_plain(weight);
        mean::result_of(parts, first, out, [](const auto& part) -> const mean& { return part.plain_; });
    }
    //! and then what was kept, whose side information is in `out`.
    static void finish(std::span<side_information_mean> parts, std::span<float> out) {
        for (const side_information_mean& part : parts) {
            part.guard_.expect_whole();
        }
        if (std::ranges::all_of(parts, [](const auto& part) { return part.kept_count_ == 0; })) {
            return;
        }
        for (side_information_mean& part : parts.subspan(1)) {
            parts[0].merge(part);
        }
        parts[0].take_in_kept(out);
    }

private:
    struct kept_message {
        message content;
        random_key key;
        float weight = 0;
        const void* compressor = nullptr;
        void (*decode)(const void*, const message&, random_key, std::span<const float>, std::span<float>) = nullptr;
    };

    static void expect_plain(float weight) {
        expect(weight > 0,
               "side_information_mean: no message came that can be decoded alone: at least one sender must use plain "
               "dither");
    }
    void take_in_kept(std::span<float> out) {
        const auto decoded = borrow<float>(out.size());
        const std::span<kept_message> kept(kept_.data(), kept_count_);
        for (std::size_t i = 1; i < kept.size(); ++i) {  // most often they are in order already
            for (std::size_t j = i; j > 0 && kept[j].key.node < kept[j - 1].key.node; --j) {
                std::swap(kept[j], kept[j - 1]);
            }
        }
        for (const kept_message& m : kept) {
            guard_([&] { m.decode(m.compressor, m.content, m.key, out, decoded); });
            plain_.add(decoded, m.weight);
            if (refine_) {
                plain_.result(out);
            }
        }
        kept_count_ = 0;
        plain_.result(out);
    }
    template <class C>
    void keep(const C& compressor, const message& m, random_key k, float weight) {
        if (kept_count_ == kept_.size()) {
            kept_.emplace_back();
        }
        kept_message& slot = kept_[kept_count_++];
        slot.content = m;
        slot.key = k;
        slot.weight = weight;
        slot.compressor = &compressor;
        slot.decode = [](const void* c, const message& content, random_key key, std::span<const float> side,
                         std::span<float> y) { static_cast<const C*>(c)->decompress(content, key, side, y); };
    }

    bool refine_;
    mean plain_;
    std::vector<kept_message> kept_;
    std::size_t kept_count_ = 0;
    add_guard guard_;
};

}  // namespace frugal
