//! `source_coded`: half of the nodes send dithered symbols, the others only what is still unknown of theirs.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frugal/aggregate/mean.hpp>
#include <frugal/compress/coder/packed.hpp>
#include <frugal/compress/coder/range_coder.hpp>
#include <frugal/compress/identity.hpp>
#include <frugal/compress/message_interface.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/side_information_model.hpp>
#include <frugal/compress/syndrome_code.hpp>
#include <frugal/core/crc32c.hpp>
#include <frugal/exchange/downlink.hpp>
#include <frugal/exchange/exchange.hpp>
#include <frugal/quantize/dithered.hpp>

namespace frugal {

//! Distributed source coding of dithered symbols (DQSG+DSC; Abdi 2020, sec. 2.3.2): the mean that a `server` of
//! scalar_compressor{dithered{levels}, bucketed{max_norm{}, bucket}} computes, in fewer bits: the same floats where
//! weights are equal.
//!
//! 1. Nodes with odd numbers send their steps and symbols, range coded; those with even numbers only their steps.
//! 2. Number 0, the server, learns from the former what to expect of the latter (`side_information_model`), and tells each
//!    how many parity checks of each bit plane it needs: those of the conditional entropy, and a margin.
//! 3. They send those checks (`syndrome_code`), or the plane as it is where that is shorter, and a checksum; or their
//!    symbols range coded, where that took the former fewer bits.
//! 4. The server finds the symbols by belief propagation, plane by plane. Whoever's checksum fails is asked again,
//! 5. and sends its symbols range coded. The report counts "symbols asked for again".
//! 6. The mean goes to all.
//!
//! The margin of each plane, relative to its entropy, grows where decoding fails and shrinks slowly where it does not.
//! With fewer than three nodes besides the server, or fewer than `shortest` elements, all range code. The server
//! decodes on all threads that there are; it holds a byte an element of each node, and O(edges) for each thread.
template <Compressor Down = identity>
class source_coded {
    using plain = scalar_compressor<dithered, bucketed<max_norm>>;

public:
    static constexpr std::size_t shortest = 2048;

    //! levels: on each side of zero, up to 31; bucket: elements that share a step, 0: all.
    explicit source_coded(int levels = 3, std::size_t bucket = 0, Down down = Down())
        : quantizer_{levels},
          bucket_(bucket == 0 ? std::size_t{1} << 48 : bucket),
          as_plain_(quantizer_, bucketed<max_norm>{max_norm{}, bucket_}),
          down_(std::move(down), false) {
        expect(levels <= side_information_model::most_levels, "source_coded: levels must be from 1 to 31");
    }

    bool serves() const { return true; }
    bool exact() const { return down_.exact(); }
    //! What its messages decode to.
    const plain& compressor() const { return as_plain_; }

    void fit(const tensor_layout& layout) { down_.fit(layout); }
    void weigh(std::vector<float> weights) { weights_ = node_weights(std::move(weights)); }

    void begin(peer here, std::span<const float> x, std::span<float> echo = {}) {
        const peer up = here.lane(0);
        first_ = up.take_legs();
        if (here.self() == 0) {
            return;
        }
        const peer::codec_time time(here);
        quantize(up, x);
        if (!echo.empty()) {
            reconstruct(symbols_, steps_, key_of(up), echo);
        }
        up.send(0, written(up, first_, [&](payload_writer& w) {
                    for (const float step : steps_) {
                        w.number(step);
                    }
                    if (!sends_checks(here, here.self(), x.size())) {
                        write_symbols(w);
                    }
                }));
    }
    task<> end(peer here, std::span<float> x) { return end(here, x, no_update()); }
    template <class Update>
    task<> end(peer here, std::span<float> x, Update update) {
        if (here.self() == 0) {
            co_await collect_and_combine(here, x);
            update(std::size_t{0}, x);
        } else if (sends_checks(here, here.self(), x.size())) {
            co_await send_checks(here, x.size());
        }
        co_await spread(here, x);
    }
    //! At number 0: x <- the mean. Elsewhere x is sent and left as it is.
    task<> collect(peer here, std::span<float> x) {
        begin(here, x);
        if (here.self() == 0) {
            co_await collect_and_combine(here, x);
        } else if (sends_checks(here, here.self(), x.size())) {
            co_await send_checks(here, x.size());
        }
    }
    //! x <- number 0's x.
    task<> spread(peer here, std::span<float> x) {
        const peer down = here.lane(5);
        const std::uint32_t leg = down.take_legs();
        if (here.self() != 0) {
            const auto got = co_await down.receive(0);
            const peer::codec_time time(down);
            down_.decode(down, leg, got[0], x);
            co_return;
        }
        const peer::codec_time time(down);
        down_.prepare(down, x.size(), 1);
        letter_ref content = down.draft();
        down_.encode(down, leg, 0, 0, x, *content);
        down.send_to_others(std::move(content));
    }
    void state(state_archive& a) {
        a(margins_);
        a(symbols_);
        a(steps_);
        a(first_);
        down_.state(a);
    }

private:
    static constexpr std::size_t most_planes = 6;
    //! How a plane travels.
    enum class form : std::uint8_t { nothing, plain, checks };
    struct plan {
        form how = form::nothing;
        syndrome_shape shape{};
    };
    struct contribution {
        std::vector<std::uint8_t> symbols;
        std::vector<float> steps;
        std::size_t coded_bits = 0;  // of its symbols, where it sent them range coded
        std::vector<plan> plans;     // of its planes; none: range coded
        std::vector<std::uint32_t> places;
        bool found = false;
        std::size_t failed_plane = 0;
    };

    std::size_t alphabet_size() const { return quantizer_.symbols().size(); }
    unsigned planes() const { return bits_for(alphabet_size()); }
    static bool sends_checks(const peer& here, std::uint32_t i, std::size_t d) {
        return i % 2 == 0 && here.size() > 3 && d >= shortest;
    }
    static std::vector<std::uint32_t> checking(const peer& here, std::size_t d) {
        std::vector<std::uint32_t> numbers;
        for (std::uint32_t i = 1; i < here.size(); ++i) {
            if (sends_checks(here, i, d)) {
                numbers.push_back(i);
            }
        }
        return numbers;
    }
    random_key key_of(const peer& up) const { return up.key(first_, up.self()); }
    static random_key code_key(random_key of_message, std::size_t plane) {
        return of_message.for_purpose(static_cast<std::uint32_t>(plane) + 1);
    }

    void quantize(const peer& here, std::span<const float> x) {
        const workspace<message> sent;
        try {
            as_plain_.compress(x, key_of(here), *sent);
        } catch (const nonfinite_input& problem) {
            throw divergence(here.place() + ": " + problem.what());
        }
        payload_reader r(sent->payload());
        steps_.resize((x.size() - 1) / bucket_ + 1);
        for (float& step : steps_) {
            step = r.number();
        }
        symbols_.resize(x.size());
        packed().decode(r, alphabet_size(), std::span<std::uint8_t>(symbols_));
    }

    void reconstruct(std::span<const std::uint8_t> symbols, std::span<const float> steps, random_key key,
                     std::span<float> y) const {
        for (std::size_t at = 0, b = 0; at < y.size(); at += bucket_, ++b) {
            const std::size_t n = std::min(bucket_, y.size() - at);
            kernels::reconstruct(quantizer_, symbols.data() + at, steps[b], random_stream(key), at, y.subspan(at, n));
        }
    }

    // ------------------------------------------------------------------------------------------------- messages

    std::uint64_t scheme() const { return scheme_id("source_coded of " + as_plain_.name()); }
    template <class Write>
    letter_ref written(const peer& here, std::uint32_t leg, Write write) const {
        letter_ref content = here.draft();
        content->begin(scheme(), here.key(leg, here.self()), 1);
        payload_writer w(content->buffer());
        write(w);
        w.align();
        content->seal(w.cost());
        return content;
    }
    template <class Read>
    void read(const peer& here, std::uint32_t leg, const envelope& e, Read read_payload) const {
        try {
            check_message(*e.content, scheme(), here.key(leg, e.from), 1);
            payload_reader r(e.content->payload());
            read_payload(r);
            r.finish();
        } catch (const malformed_message& problem) {
            throw malformed_message("a message from node " + std::to_string(here.global(e.from)) + " to " +
                                    here.place() + ": " + problem.what());
        }
    }
    static void write_plan(const plan& p, payload_writer& w) {
        w.bits(static_cast<std::uint64_t>(p.how), 2);
        w.bits(p.shape.lift, 13);
        w.bits(p.shape.weight, 4);
        w.bits(p.shape.layers, 24);
    }
    plan read_plan(payload_reader& r, std::size_t d) const {
        plan p;
        const std::uint64_t how = r.bits(2);
        expect_message(how <= 2, "a plan of parity checks names a form that there is not: it was altered");
        p.how = static_cast<form>(how);
        p.shape.lift = r.bits(13);
        p.shape.weight = r.bits(4);
        p.shape.layers = r.bits(24);
        expect_message(p.shape.valid() && (p.how != form::checks || p.shape.checks() <= 2 * d + 65536),
                       "a plan of parity checks cannot be followed: it was altered");
        return p;
    }
    std::uint32_t checksum_of(std::span<const std::uint8_t> symbols) const { return crc32c(std::as_bytes(symbols)); }
    static void plane_of(std::span<const std::uint8_t> symbols, std::size_t plane, std::span<std::uint8_t> bits) {
        for (std::size_t i = 0; i < symbols.size(); ++i) {
            bits[i] = static_cast<std::uint8_t>(symbols[i] >> plane & 1u);
        }
    }

    // -------------------------------------------------------------------------------------- those who send checks

    task<> send_checks(peer here, std::size_t d) {
        const peer planned = here.lane(1), sent = here.lane(2), asked = here.lane(3), again = here.lane(4);
        const std::uint32_t plan_leg = planned.take_legs(), sent_leg = sent.take_legs(), asked_leg = asked.take_legs(),
                            again_leg = again.take_legs();
        {
            std::vector<plan> plans;
            const auto got = co_await planned.receive(0);
            const peer::codec_time time(here);
            read(planned, plan_leg, got[0], [&](payload_reader& r) {
                plans.resize(r.bits(1) != 0 ? planes() : 0);
                for (plan& p : plans) {
                    p = read_plan(r, d);
                }
            });
            sent.send(
                0, written(sent, sent_leg, [&](payload_writer& w) { write_planes(plans, key_of(here.lane(0)), w); }));
        }
        bool repeat = false;
        const auto verdict = co_await asked.receive(0);
        read(asked, asked_leg, verdict[0], [&](payload_reader& r) { repeat = r.bits(1) != 0; });
        if (repeat) {
            const peer::codec_time time(here);
            again.send(0, written(again, again_leg, [&](payload_writer& w) { write_symbols(w); }));
        }
    }
    void write_symbols(payload_writer& w) const {
        range_coder().encode(std::span<const std::uint8_t>(symbols_), alphabet_size(), w);
    }
    void read_symbols(payload_reader& r, contribution& c) const {
        const std::uint64_t before = r.remaining_bits();
        range_coder().decode(r, alphabet_size(), std::span<std::uint8_t>(c.symbols));
        c.coded_bits = before - r.remaining_bits();
        c.found = true;
    }
    void write_planes(const std::vector<plan>& plans, random_key key, payload_writer& w) const {
        if (plans.empty()) {
            write_symbols(w);
            return;
        }
        const auto bits = borrow<std::uint8_t>(symbols_.size());
        for (std::size_t plane = 0; plane < plans.size(); ++plane) {
            const plan& p = plans[plane];
            plane_of(symbols_, plane, bits);
            if (p.how == form::plain) {
                packed().encode(std::span<const std::uint8_t>(bits), 2, w);
            } else if (p.how == form::checks) {
                const auto checks = borrow<std::uint8_t>(p.shape.checks());
                syndrome_code(symbols_.size(), p.shape, code_key(key, plane)).syndrome(bits, checks);
                packed().encode(std::span<const std::uint8_t>(checks), 2, w);
            }
        }
        w.bits(checksum_of(symbols_), 32);
    }

    // ------------------------------------------------------------------------------------------------- the server

    task<> collect_and_combine(peer here, std::span<float> x) {
        const peer up = here.lane(0);
        std::vector<contribution> all(here.size());
        {
            const auto got = co_await up.receive_from_others();
            const peer::codec_time time(here);
            here.parallel(got.size(), [&](std::size_t k) { read_first(up, got[k], all[got[k].from], x.size()); });
        }
        const std::vector<std::uint32_t> partly = checking(here, x.size());
        if (!partly.empty()) {
            co_await find_symbols(here, partly, all);
        }
        const peer::codec_time time(here);
        combine(up, all, x);
    }
    void read_first(const peer& up, const envelope& e, contribution& c, std::size_t d) const {
        read(up, first_, e, [&](payload_reader& r) {
            c.steps.resize((d - 1) / bucket_ + 1);
            for (float& step : c.steps) {
                step = r.number();
                expect_message(step >= 0, "a message holds a scale that is negative: it was altered");
            }
            c.symbols.resize(d);
            if (!sends_checks(up, e.from, d)) {
                read_symbols(r, c);
            }
        });
    }
    task<> find_symbols(peer here, std::vector<std::uint32_t> partly, std::vector<contribution>& all) {
        const peer up = here.lane(0), planned = here.lane(1), sent = here.lane(2), asked = here.lane(3),
                   again = here.lane(4);
        const std::uint32_t plan_leg = planned.take_legs(), sent_leg = sent.take_legs(), asked_leg = asked.take_legs(),
                            again_leg = again.take_legs();
        const side_information_model model = learned(up, all);
        double usual = 0;  // bits of symbols range coded
        for (std::uint32_t i = 1; i < all.size(); i += 2) {
            usual += static_cast<double>(all[i].coded_bits) / static_cast<double>(all.size() / 2);
        }
        {
            const peer::codec_time time(here);
            here.parallel(partly.size(), [&](std::size_t k) {
                contribution& c = all[partly[k]];
                c.places.resize(c.symbols.size());
                model.places(c.steps, up.key(first_, partly[k]), c.places);
                c.plans = plans_of(model, c, usual);
            });
            for (const std::uint32_t i : partly) {
                planned.send(i, written(planned, plan_leg, [&](payload_writer& w) {
                                 w.bits(all[i].plans.empty() ? 0 : 1, 1);
                                 for (const plan& p : all[i].plans) {
                                     write_plan(p, w);
                                 }
                             }));
            }
        }
        std::vector<std::uint32_t> lost;
        {
            const auto got = co_await sent.receive(partly);
            const peer::codec_time time(here);
            here.parallel(got.size(), [&](std::size_t k) {
                contribution& c = all[got[k].from];
                read(sent, sent_leg, got[k],
                     [&](payload_reader& r) { decode(model, up.key(first_, got[k].from), r, c); });
            });
            for (const std::uint32_t i : partly) {
                adapt(all[i]);
                asked.send(i, written(asked, asked_leg, [&](payload_writer& w) { w.bits(all[i].found ? 0 : 1, 1); }));
                if (!all[i].found) {
                    lost.push_back(i);
                }
            }
        }
        if (lost.empty()) {
            co_return;
        }
        here.count("symbols asked for again", static_cast<double>(lost.size()));
        const auto got = co_await again.receive(lost);
        const peer::codec_time time(here);
        for (const envelope& e : got) {
            read(again, again_leg, e, [&](payload_reader& r) { read_symbols(r, all[e.from]); });
        }
    }
    side_information_model learned(const peer& up, const std::vector<contribution>& all) const {
        const peer::codec_time time(up);
        std::vector<side_information_model::sender> group;
        for (std::uint32_t i = 1; i < all.size(); i += 2) {
            group.push_back({all[i].symbols, all[i].steps, up.key(first_, i)});
        }
        return {quantizer_.levels, bucket_, group};
    }
    //! usual: what range coded symbols cost.
    std::vector<plan> plans_of(const side_information_model& model, const contribution& c, double usual) const {
        std::vector<plan> plans(planes());
        double cost = 0;
        const std::size_t d = c.symbols.size();
        for (unsigned plane = 0; plane < plans.size(); ++plane) {
            const double entropy = model.entropy(c.places, plane);
            plan& p = plans[plane];
            p.shape = syndrome_shape::of(d, entropy, margins_[plane]);
            p.how = p.shape.checks() < d ? form::checks : form::plain;
            if (entropy * static_cast<double>(d) < 1e-3) {
                p.how = form::nothing;
            } else {
                cost += static_cast<double>(std::min(p.shape.checks(), d));
            }
        }
        if (cost > usual) {
            plans.clear();
        }
        return plans;
    }
    void decode(const side_information_model& model, random_key key, payload_reader& r, contribution& c) const {
        if (c.plans.empty()) {
            read_symbols(r, c);
            return;
        }
        const std::size_t d = c.symbols.size();
        std::ranges::fill(c.symbols, std::uint8_t{0});
        c.found = true;
        c.failed_plane = c.plans.size();
        const auto bits = borrow<std::uint8_t>(d);
        const auto likelihoods = borrow<std::int16_t>(d);
        for (unsigned plane = 0; plane < c.plans.size(); ++plane) {
            const plan& p = c.plans[plane];
            const auto checks = borrow<std::uint8_t>(p.how == form::checks ? p.shape.checks() : 0);
            if (p.how == form::plain) {
                packed().decode(r, 2, std::span<std::uint8_t>(bits));
            } else {
                for (std::size_t i = 0; i < d; ++i) {
                    likelihoods[i] = model.likelihood(c.places[i], plane, c.symbols[i]);
                    bits[i] = likelihoods[i] < 0 ? 1 : 0;
                }
            }
            if (p.how == form::checks) {
                packed().decode(r, 2, std::span<std::uint8_t>(checks));
                if (c.found && !syndrome_code(d, p.shape, code_key(key, plane)).decode(likelihoods, checks, bits)) {
                    c.found = false;
                    c.failed_plane = plane;
                }
            }
            for (std::size_t i = 0; i < d; ++i) {
                c.symbols[i] = static_cast<std::uint8_t>(c.symbols[i] | bits[i] << plane);
            }
        }
        c.found = r.bits(32) == checksum_of(c.symbols) && c.found;
    }
    //! One failure in about fifty messages is what the steps balance at.
    void adapt(const contribution& c) {
        for (std::size_t plane = 0; plane < c.plans.size(); ++plane) {
            if (c.found || c.failed_plane != plane) {
                margins_[plane] = std::max(-0.3, margins_[plane] - 0.0005);
            } else {
                margins_[plane] = std::min(1.0, margins_[plane] + 0.025);
            }
        }
    }
    void combine(const peer& up, const std::vector<contribution>& all, std::span<float> x) {
        combine_(up, all.size() - 1, x, [&](std::size_t k, mean& part) {
            const auto i = static_cast<std::uint32_t>(k + 1);
            const auto decoded = borrow<float>(x.size());
            reconstruct(all[i].symbols, all[i].steps, up.key(first_, i), decoded);
            part.add(decoded, weights_.of(up.global(i)));
        });
    }

    dithered quantizer_;
    std::size_t bucket_;
    plain as_plain_;
    downlink<Down> down_;
    combiner<mean> combine_{mean(), combination()};
    node_weights weights_;
    std::array<double, most_planes> margins_{0.15, 0.15, 0.5, 0.5, 0.5, 0.5};
    std::vector<std::uint8_t> symbols_;  // of the exchange under way
    std::vector<float> steps_;
    std::uint32_t first_ = 0;
};

}  // namespace frugal
