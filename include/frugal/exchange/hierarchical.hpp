//! `hierarchical`: a mean within blocks of nodes, then among the first nodes of all blocks (Lin 2022, hierarchical
//! SGD).
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <frugal/exchange/exchange.hpp>
#include <frugal/exchange/server.hpp>

namespace frugal {

//! Blocks of `block_nodes` neighbouring numbers average by `Within`; in one round of `period` their first nodes then
//! average by `Across`, weighted by the sizes of their blocks where those differ, and tell their blocks. With equal
//! weights and period 1 this is the mean over all. Fast links within blocks carry most of the traffic, slow ones across
//! little.
template <AveragingExchange Within, AveragingExchange Across>
class hierarchical {
public:
    hierarchical(Within within, Across across, std::uint32_t block_nodes, std::uint64_t period = 1)
        : within_(std::move(within)), across_(std::move(across)), block_nodes_(block_nodes), period_(period) {
        expect(!has_server(within_) && !has_server(across_),
               "hierarchical: every node contributes, so its levels must be exchanges without a server");
        expect(block_nodes > 0 && period > 0, "hierarchical: blocks and the period must be at least 1");
    }

    bool exact() const { return within_.exact() && across_.exact(); }
    decltype(auto) compressor() const { return within_.compressor(); }
    laws laws_for(std::size_t d) const { return common_laws(laws_of_sent(within_, d), laws_of_sent(across_, d)); }

    void fit(const tensor_layout& layout) {
        fit_to(within_, layout);
        fit_to(across_, layout);
    }
    //! Weights within blocks only.
    void weigh(std::vector<float> weights) { within_.weigh(std::move(weights)); }
    void begin(peer here, std::span<const float> x, std::span<float> echo = {}) {
        find_block(here);
        within_.begin(here.among(block_).lane(0), x, echo);
    }
    task<> end(peer here, std::span<float> x) { return end(here, x, no_update()); }
    template <class Update>
    task<> end(peer here, std::span<float> x, Update update) {
        if constexpr (!std::same_as<Update, no_update>) {
            expect(
                period_ == 1,
                "hierarchical: with a period above 1 blocks have models of their own, so models must be averaged, not "
                "gradients or differences: use decentralized");
        }
        find_block(here);
        const peer near = here.among(block_);
        co_await within_.end(near.lane(0), x);
        if ((here.round() + 1) % period_ != 0) {
            co_return;
        }
        if (near.self() == 0) {
            if (share_ != 1) {
                kernels::scale(share_, x, x);
            }
            co_await mean_of(across_, here.among(leaders_).lane(1), x, update);
        }
        co_await tell_.spread(near.lane(2), x);
    }
    void state(state_archive& a) {
        within_.state(a);
        across_.state(a);
    }

private:
    void find_block(const peer& here) {
        if (block_.empty()) {
            const std::uint32_t first = here.self() / block_nodes_ * block_nodes_;
            for (std::uint32_t i = first; i < std::min(first + block_nodes_, here.size()); ++i) {
                block_.push_back(here.global(i));
            }
            for (std::uint32_t i = 0; i < here.size(); i += block_nodes_) {
                leaders_.push_back(here.global(i));
            }
            share_ = static_cast<float>(block_.size()) * static_cast<float>(leaders_.size()) /
                     static_cast<float>(here.size());
        }
    }

    Within within_;
    Across across_;
    server<> tell_;
    std::uint32_t block_nodes_;
    std::uint64_t period_;
    std::vector<std::uint32_t> block_;
    std::vector<std::uint32_t> leaders_;
    float share_ = 1;
};

}  // namespace frugal
