//! `over_the_air`: all nodes transmit at once, and the channel adds up what they send (Abdi 2020, ch. 5).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <frugal/compress/identity.hpp>
#include <frugal/compress/laws.hpp>
#include <frugal/compress/random_linear.hpp>
#include <frugal/exchange/exchange.hpp>
#include <frugal/kernels/elementwise.hpp>
#include <frugal/kernels/normals.hpp>
#include <frugal/kernels/norms.hpp>
#include <frugal/node/agree.hpp>

namespace frugal {

//! Sub-channels that neither weaken nor strengthen.
struct no_fading {
    static constexpr bool flat = true;
    void gains(random_key, std::span<float> h) const { std::ranges::fill(h, 1.0f); }
};

//! Sub-channels that scatter: independent gains of a node and round, Rayleigh distributed, E h^2 = 1. Phases are taken
//! out by their sender, who knows its own gains.
struct rayleigh_fading {
    static constexpr bool flat = false;
    void gains(random_key k, std::span<float> h) const {
        const random_stream stream(k);
        for (std::size_t l = 0; l < h.size(); ++l) {
            h[l] = static_cast<float>(std::sqrt(stream.exponential(l)));
        }
    }
};

//! Settings of a multiple-access channel. Energies are in units of the noise that a channel use adds.
struct air_options {
    double snr_db = 18;    //!< mean energy that a node may spend on a channel use, over that of the noise
    double activity = 1;   //!< the probability pi that a node transmits in a round, in (0, 1]
    double weakest = 0.1;  //!< sub-channels whose gain is below are not used
    double amplitude = 0;  //!< the factor c of all nodes; 0: the largest that all powers allow, agreed in every round
};

//! x_i = c a_i (b_i / pi) (m / m_i) q_i .* z_i;   y = sum_i h_i .* x_i + noise;   mean = A' y / c.
//!
//! z_i = A g_i: the m numbers of node i's message by a linear code, drawn from a key that all nodes share, so that sums
//! of messages are messages (the law `linear`). a_i: its weight in the mean; b_i: whether it transmits; h_i: the gains
//! of its sub-channels, which it alone knows; q_i = 1 / h_i on the m_i sub-channels that it uses, 0 elsewhere.
//! Receivers need to know none of this. A round takes m channel uses, however many nodes there are.
//!
//! An unbiased code stays unbiased for any choice of sub-channels, and with `random_linear` (blocks of one size d)
//! E||mean - g||^2 = sum_i a_i^2 (d / (pi m_i) - 1) ||g_i||^2
//!     + sum_{i != j} a_i a_j (d m_ij / (m_i m_j) - 1) <g_i, g_j> + d / c^2,  m_ij the sub-channels that both use.
//! A biased one (`contractive{random_linear{}}`) is sent without the factors 1 / pi and m / m_i: put it into
//! `feedback`, which keeps what did not come through (the relaxed variant, remark 6).
//!
//! Power: c is the smallest of the nodes' sqrt(m P / (pi a_i^2 e_i)), e_i = ||x_i||^2 at c a_i = 1, P of `snr_db`; two
//! numbers a node are agreed on. With a fixed c, a node with an unbiased code uses as many of its strongest
//! sub-channels as its power allows ((5.8) is not monotone in m_i, so all numbers are tried) and is silent where it
//! allows none; one with a biased code turns itself down.
//!
//! Number 0 plays the channel: the others send it what would arrive, as 32-bit floats; it adds up in node order, adds
//! the noise, and sends y to all. The report counts "channel uses", "energy sent over the air" and "nodes out of
//! power". Fading: gains(key, h) fills h with positive gains. Memory: two vectors of m floats.
template <Compressor C = random_linear, class Fading = no_fading>
class over_the_air {
public:
    explicit over_the_air(C code = C(), air_options options = {}, Fading fading = {})
        : code_(std::move(code)), options_(options), fading_(std::move(fading)) {
        expect(laws_of(code_, 1024).linear, [&] {
            return detail::lacks_law("over_the_air", code_, "a linear compressor",
                                     "take random_linear, random_k with a shared seed, or identity");
        });
        expect(options.snr_db > -100 && options.snr_db < 300, "over_the_air: snr_db must lie between -100 and 300");
        expect(options.activity > 0 && options.activity <= 1, "over_the_air: the activity must be in (0, 1]");
        expect(options.weakest >= 0 && options.weakest < 1, "over_the_air: the weakest gain must be in [0, 1)");
        expect(options.amplitude >= 0 && options.amplitude <= largest_amplitude,
               "over_the_air: the amplitude must be from 0 to 2^60");
    }

    bool exact() const { return true; }
    const C& compressor() const { return code_; }

    //! Sets the weights of the nodes of the population in the mean; empty: equal.
    void weigh(std::vector<float> weights) { weights_ = node_weights(std::move(weights)); }

    void begin(peer here, std::span<const float> x, std::span<float> echo = {}) {
        const peer::codec_time time(here);
        leg_ = here.take_legs();
        symbols_of(here, x);
        energy_ = transmits(here, here.self()) ? load(here, x.size()) : 0;
        if (energy_ == 0) {
            std::ranges::fill(symbols_, 0.0f);
        }
        if (!echo.empty()) {
            decode(here, symbols_, echo);
        }
    }
    task<> end(peer here, std::span<float> x) { return end(here, x, no_update()); }
    template <class Update>
    task<> end(peer here, std::span<float> x, Update update) {
        std::vector<std::uint32_t> sources;
        for (std::uint32_t i = 0; i < here.size(); ++i) {
            if (transmits(here, i)) {
                sources.push_back(i);
            }
        }
        double amplitude = options_.amplitude;
        if (amplitude == 0) {
            amplitude = energy_ > 0 ? std::min(largest_amplitude, std::sqrt(budget() / energy_) / share(here))
                                    : largest_amplitude;
            co_await agree_on_smallest(here.lane(2), std::span(&amplitude, 1));
        }
        const bool sends = std::ranges::binary_search(sources, here.self());
        if (sends) {
            transmit(here, amplitude);
        }
        const peer up = here.lane(0), down = here.lane(1);
        const std::uint32_t leg = up.take_legs(), answer = down.take_legs();
        if (here.self() != 0) {
            if (sends) {
                letter_ref content = up.draft();
                air_.encode(up, leg, 0, symbols_, *content);
                up.send(0, std::move(content));
            }
            const auto got = co_await down.receive(0);
            air_.decode(down, answer, got[0], symbols_);
        } else {
            if (sends) {
                sources.erase(sources.begin());
            }
            const auto got = co_await up.receive(sources);
            const peer::codec_time time(up);
            for (const envelope& e : got) {
                air_.decode_add(up, leg, e, 1.0f, symbols_);
            }
            add_noise(here);
            here.count("channel uses", static_cast<double>(symbols_.size()));
            letter_ref content = down.draft();
            air_.encode(down, answer, 0, symbols_, *content);
            down.send_to_others(std::move(content));
        }
        const peer::codec_time time(here);
        kernels::scale(static_cast<float>(1 / amplitude), symbols_, symbols_);
        decode(here, symbols_, x);
        update(std::size_t{0}, x);
    }
    void state(state_archive& a) {
        save_or_restore(a, code_);
        a(symbols_);
        a(gains_);
        a(energy_);
        a(leg_);
    }

private:
    static constexpr double largest_amplitude = 0x1p60;
    //! What is drawn for a round, besides the code.
    enum draws : std::uint32_t { silence = 2, gains = 3, noise = 4 };

    double power() const { return std::pow(10.0, options_.snr_db / 10); }
    //! The energy that a node may spend in a round in which it transmits.
    double budget() const { return static_cast<double>(symbols_.size()) * power() / options_.activity; }
    double share(const peer& here) const {
        double total = 0;
        for (std::uint32_t i = 0; i < here.size(); ++i) {
            total += static_cast<double>(weights_.of(here.global(i)));
        }
        expect(total > 0, "over_the_air: the weights of all nodes are 0");
        return static_cast<double>(weights_.of(here.global(here.self()))) / total;
    }
    //! A pure function of seed and round, so that the channel need not be told who is silent.
    bool transmits(const peer& here, std::uint32_t i) const {
        return options_.activity == 1 ||
               random_stream(here.key(leg_, i).for_purpose(silence)).uniform_double(0) < options_.activity;
    }

    //! symbols_ <- A x.
    void symbols_of(const peer& here, std::span<const float> x) {
        const workspace<std::vector<std::byte>> bytes;
        bytes->clear();
        payload_writer w(*bytes);
        try {
            code_.encode(x, here.key(leg_, 0), w);
        } catch (const nonfinite_input& problem) {
            throw divergence(here.place() + ": " + problem.what());
        }
        const auto payload = w.written();
        expect(w.cost() == 32 * (payload.size() / sizeof(float)) && w.cost() == 8 * payload.size(), [&] {
            return "over_the_air: the messages of " + code_.name() +
                   " are no vectors of floats, which a channel adds up";
        });
        symbols_.resize(payload.size() / sizeof(float));
        std::memcpy(symbols_.data(), payload.data(), payload.size());
    }
    void decode(const peer& here, std::span<const float> symbols, std::span<float> y) const {
        payload_reader r(std::as_bytes(symbols));
        code_.decode(r, here.key(leg_, 0), y);
        r.finish();
    }

    //! Leaves the sub-channels that are not used empty and scales the rest such that the expectation is that of all,
    //! where that is promised. The energy of what is sent at c a_i = 1; 0 for a node that stays silent.
    double load(const peer& here, std::size_t d) {
        const bool unbiased = laws_of(code_, d).unbiased;
        gains_.resize(symbols_.size());
        fading_.gains(here.key(leg_, here.self()).for_purpose(gains), gains_);
        const std::size_t used = unbiased && options_.amplitude > 0 ? affordable(here) : worthwhile();
        if (used == 0) {
            here.count("nodes out of power");
            return 0;
        }
        double factor = 1;
        if (unbiased) {
            factor = static_cast<double>(symbols_.size()) / (options_.activity * static_cast<double>(used));
        } else if (options_.amplitude > 0) {
            const double most = options_.amplitude * share(here);
            factor = std::min(1.0, std::sqrt(budget() / std::max(energy(), 0x1p-900)) / most);
        }
        kernels::scale(static_cast<float>(factor), symbols_, symbols_);
        return energy();
    }
    double energy() const {
        double sum = 0;
        for (std::size_t l = 0; l < symbols_.size(); ++l) {
            const double x = gains_[l] > 0 ? static_cast<double>(symbols_[l]) / static_cast<double>(gains_[l]) : 0;
            sum += rounded(x * x);
        }
        return sum;
    }
    //! Keeps the sub-channels that are not too weak; how many.
    std::size_t worthwhile() {
        if (Fading::flat) {
            return symbols_.size();
        }
        std::size_t used = 0;
        for (std::size_t l = 0; l < symbols_.size(); ++l) {
            const bool uses = static_cast<double>(gains_[l]) >= options_.weakest && gains_[l] > 0;
            used += uses ? 1 : 0;
            symbols_[l] = uses ? symbols_[l] : 0.0f;
        }
        return used;
    }
    //! Keeps as many of the strongest sub-channels as the power allows at the given amplitude; how many.
    std::size_t affordable(const peer& here) {
        const std::size_t m = symbols_.size();
        const auto order = borrow<std::uint32_t>(m);
        std::iota(order.begin(), order.end(), 0u);
        std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
            return gains_[a] != gains_[b] ? gains_[a] > gains_[b] : a < b;
        });
        const double amplitude = options_.amplitude * share(here) / options_.activity;
        // The mean energy of a symbol, so that which sub-channels are used says nothing of what they carry.
        const double mean_energy = kernels::sum_squares(symbols_) / static_cast<double>(m);
        double inverses = 0;
        std::size_t used = 0;
        for (std::size_t n = 1; n <= m; ++n) {
            const auto gain = static_cast<double>(gains_[order[n - 1]]);
            if (gain < options_.weakest || gain == 0) {
                break;
            }
            inverses += 1 / (gain * gain);
            const double scale = amplitude * static_cast<double>(m) / static_cast<double>(n);
            if (scale * scale * mean_energy * inverses <= budget()) {
                used = n;
            }
        }
        for (std::size_t n = used; n < m; ++n) {
            symbols_[order[n]] = 0;
        }
        return used;
    }
    //! symbols_ <- what of them arrives.
    void transmit(const peer& here, double amplitude) {
        const auto factor = static_cast<float>(amplitude * share(here));
        double sent = 0;
        for (std::size_t l = 0; l < symbols_.size(); ++l) {
            const float x = symbols_[l] == 0 ? 0.0f : rounded(symbols_[l] * factor) / gains_[l];
            sent += rounded(static_cast<double>(x) * static_cast<double>(x));
            symbols_[l] = rounded(x * gains_[l]);
        }
        here.count("energy sent over the air", sent);
    }
    void add_noise(const peer& here) {
        const auto added = borrow<float>(symbols_.size());
        kernels::fill_normal(random_stream(here.key(leg_, 0).for_purpose(noise)), added);
        kernels::add(symbols_, added, symbols_);
    }

    C code_;
    air_options options_;
    [[no_unique_address]] Fading fading_;
    channel<identity> air_{identity()};
    node_weights weights_;
    std::vector<float> symbols_;  // of the exchange under way
    std::vector<float> gains_;
    double energy_ = 0;
    std::uint32_t leg_ = 0;
};

}  // namespace frugal
