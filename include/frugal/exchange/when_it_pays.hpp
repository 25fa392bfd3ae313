//! `when_it_pays`: an exchange that is used if it is faster than sending floats.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <frugal/exchange/all_gather.hpp>
#include <frugal/exchange/exchange.hpp>
#include <frugal/kernels/elementwise.hpp>
#include <frugal/node/agree.hpp>

namespace frugal {

//! In its first round it measures: `trials` means by the inner exchange and as many of plain floats, by the engine's
//! own reduction (MPI_Allreduce, where each rank has one node and one thread) or `all_gather`. All nodes agree on the
//! sums of their times, and keep to what was faster from then on. The report counts "means of plain floats".
//!
//! What is chosen depends on the machine, and so do the bits; a checkpoint keeps the choice. Of exchanges without a
//! server.
template <AveragingExchange E>
class when_it_pays {
public:
    explicit when_it_pays(E inner, int trials = 3) : inner_(std::move(inner)), trials_(trials) {
        expect(!has_server(inner_), "when_it_pays: take an exchange in which every node contributes");
        expect(trials > 0, "when_it_pays: the number of trials must be at least 1");
    }

    decltype(auto) compressor() const { return inner_.compressor(); }
    laws laws_for(std::size_t d) const { return laws_of_sent(inner_, d); }
    bool exact() const { return inner_.exact(); }
    void fit(const tensor_layout& layout) { fit_to(inner_, layout); }
    void weigh(std::vector<float> weights) {
        expect(weights.empty() || std::all_of(weights.begin(), weights.end(), [&](float w) { return w == weights[0]; }),
               "when_it_pays: plain reductions know no weights; give all nodes the same");
        inner_.weigh(std::move(weights));
    }
    //! Whether the inner exchange is used; empty before the first round has ended.
    std::optional<bool> pays() const { return decided_ ? std::optional(pays_) : std::nullopt; }

    void begin(peer here, std::span<const float> x, std::span<float> echo = {}) {
        expect(echo.empty(), "when_it_pays may send plain floats: put feedback inside of it");
        if (decided_ && pays_) {
            inner_.begin(here.lane(0), x);
        }
    }
    task<> end(peer here, std::span<float> x) { return end(here, x, no_update()); }
    template <class Update>
    task<> end(peer here, std::span<float> x, Update update) {
        if (!decided_) {
            co_await decide(here, x);
            if (pays_) {
                inner_.begin(here.lane(0), x);
            }
        }
        if (pays_) {
            co_await inner_.end(here.lane(0), x, update);
            co_return;
        }
        co_await plain_mean(here.lane(2), x);
        here.count("means of plain floats");
        update(std::size_t{0}, x);
    }
    void state(state_archive& a) {
        inner_.state(a);
        a(decided_);
        a(pays_);
    }

private:
    task<> decide(peer here, std::span<const float> x) {
        double seconds[2] = {0, 0};
        borrowed_vector copy = here.borrow(x.size());
        E trial = inner_;
        for (int k = 0; k < trials_; ++k) {
            std::ranges::copy(x, copy.span().begin());
            const double begin = now();
            co_await mean_of(trial, here.lane(1), copy);
            const double middle = now();
            co_await plain_mean(here.lane(2), copy);
            seconds[0] += middle - begin;
            seconds[1] += now() - middle;
        }
        co_await agree_on_sum(here.lane(3), seconds);
        decided_ = true;
        pays_ = seconds[0] < seconds[1];
    }
    task<> plain_mean(peer here, std::span<float> x) {
        if (here.reduce(x)) {
            kernels::scale(1.0f / static_cast<float>(here.size()), x, x);
            co_return;
        }
        co_await mean_of(plain_, here, x);
    }
    static double now() {
        return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
    }

    E inner_;
    all_gather<> plain_;
    int trials_;
    bool decided_ = false;
    bool pays_ = true;
};

}  // namespace frugal
