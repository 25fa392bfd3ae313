//! `side_information_mean`: the mean of messages of which some can only be decoded near the mean of the others.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frugal/aggregate/contribution.hpp>
#include <frugal/concepts.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/kernels/elementwise.hpp>

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
        sum_.assign(d, 0.0f);
        weight_ = 0;
        kept_count_ = 0;
        guard_.reset();
    }
    void add(std::span<const float> y, float weight) {
        expect(y.size() == sum_.size(),
               "side_information_mean: a vector's length differs from the dimension given to reset");
        expect_weight(weight);
        guard_.expect_whole();
        accumulate(y, weight);
    }
    template <Compressor C>
    void add(const C& compressor, const message& m, random_key k, float weight) {
        expect_weight(weight);
        guard_.expect_whole();
        if constexpr (SideInformationCompressor<C>) {
            if (compressor.needs_side_information(k)) {
                keep(compressor, m, k, weight);
                return;
            }
        }
        guard_([&] { compressor.decompress_add(m, k, weight, sum_); });
        weight_ += weight;
    }
    //! Adds what another of the same dimension was given.
    void merge(side_information_mean& other) {
        expect(other.sum_.size() == sum_.size(), "side_information_mean: only means of one dimension can be merged");
        other.guard_.expect_whole();
        kernels::add(sum_, other.sum_, sum_);
        weight_ += other.weight_;
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
        expect(out.size() == sum_.size(),
               "side_information_mean: the output's length differs from the dimension given to reset");
        expect(weight_ > 0,
               "side_information_mean: no message came that can be decoded alone: at least one sender must use plain "
               "dither");
        guard_.expect_whole();
        average(out);
        if (kept_count_ == 0) {
            return;
        }
        const auto decoded = borrow<float>(out.size());
        const std::span<kept_message> kept(kept_.data(), kept_count_);
        for (std::size_t i = 1; i < kept.size(); ++i) {  // most often they are in order already
            for (std::size_t j = i; j > 0 && kept[j].key.node < kept[j - 1].key.node; --j) {
                std::swap(kept[j], kept[j - 1]);
            }
        }
        for (const kept_message& m : kept) {
            guard_([&] { m.decode(m.compressor, m.content, m.key, out, decoded); });
            accumulate(decoded, m.weight);
            if (refine_) {
                average(out);
            }
        }
        kept_count_ = 0;
        average(out);
    }

private:
    struct kept_message {
        message content;
        random_key key;
        float weight = 0;
        const void* compressor = nullptr;
        void (*decode)(const void*, const message&, random_key, std::span<const float>, std::span<float>) = nullptr;
    };

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
    void accumulate(std::span<const float> y, float weight) {
        kernels::axpy(weight, y, sum_);
        weight_ += weight;
    }
    void average(std::span<float> out) const { kernels::scale(1.0f / weight_, sum_, out); }

    bool refine_;
    std::vector<float> sum_;
    float weight_ = 0;
    std::vector<kept_message> kept_;
    std::size_t kept_count_ = 0;
    add_guard guard_;
};

}  // namespace frugal
