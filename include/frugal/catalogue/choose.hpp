//! `choose_compressor`: every codec of the catalogue on a vector of one's own, and which of them to take.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <oneapi/tbb/task_arena.h>

#include <frugal/catalogue.hpp>
#include <frugal/catalogue/units.hpp>
#include <frugal/compress/laws.hpp>
#include <frugal/compress/measure.hpp>
#include <frugal/core/error.hpp>

namespace frugal {

//! Settings of choose_compressor.
struct choose_options {
    double link_bits_per_second = 1e9;  //!< of a node, in each direction
    int repeat = 16;                    //!< messages that are averaged, and the number of nodes in mind
    std::uint64_t seed = 1;
    //! Squared error of the mean of `repeat` messages, relative to ||x||^2, beyond which no codec is recommended.
    double tolerated_error = 0.25;
    const tensor_layout* tensors = nullptr;    //!< if given, each codec is measured per tensor, too
    std::vector<std::string> candidates = {};  //!< expressions; empty: `candidate_compressors()`
    std::function<void(std::size_t done, std::size_t of)> progress = {};  //!< called before each codec
};

//! One line of the table. Errors are squared and relative to ||x||^2; bits are those of the wire.
struct measured_choice {
    std::string compressor;
    double bits_per_coordinate = 0;
    double relative_error = 0;
    double relative_error_of_mean = 0;
    double encode_gbps = 0;  //!< of float input, one thread
    double decode_gbps = 0;
    double seconds_per_round = 0;  //!< to encode, send over the link, and decode one message
    bool pareto = false;           //!< better than to send nothing, and no other has fewer bits and less error
    //! May a method rely on it? It is unbiased, or feedback makes good what it loses.
    bool converges = false;
};

//! What choose_compressor found.
struct choice {
    std::vector<measured_choice> codecs;  //!< by bits
    double seconds_uncompressed = 0;      //!< to send the floats over the link
    std::string recommended;              //!< an expression, one of `codecs`
    std::string reason;                   //!< a sentence
};

//! Squared error relative to the energy, of the best code at this rate for independent normal coordinates (Shannon
//! 1959). A vector of the same energy and any other distribution can do better, and no better code exists for normal
//! ones.
inline double gaussian_distortion(double bits_per_coordinate) {
    return std::exp2(-2 * bits_per_coordinate);
}

namespace detail {

//! The options of a policy that decide its rate, varied: `dithered(levels=1)`, `top_k(fraction=0.01)`.
template <class T>
std::vector<T> rates_of() {
    std::vector<T> all;
    if constexpr (requires(T t) { t.levels += 1; }) {
        for (const int levels : {1, 3, 15, 127}) {
            all.emplace_back().levels = levels;
        }
    } else if constexpr (requires(T t) { t.fraction += 1; }) {
        for (const double fraction : {0.001, 0.01, 0.1}) {
            all.emplace_back().fraction = fraction;
        }
    } else if constexpr (requires(T t) { t.epsilon += 1; }) {
        for (const double epsilon : {0.5, 2.0, 8.0}) {
            all.emplace_back().epsilon = static_cast<decltype(T::epsilon)>(epsilon);
        }
    } else if constexpr (std::is_default_constructible_v<T>) {
        all.emplace_back();
    }
    return all;
}

template <class T>
std::string default_scale_name() {
    if constexpr (Quantizer<T>) {
        return std::string(default_scale<T>::describe().name);
    } else {
        return {};
    }
}

//! An entry with its defaults and what must stand in it; other parameters that are required make it unusable.
template <class Value>
std::string entry_expression(const catalogue_entry<Value>& e) {
    std::string text(e.name);
    char separator = '(';
    for (const described_parameter& p : e.parameters) {
        if (!p.must_be.empty()) {
            text.append(1, separator).append(p.name).append("=").append(p.must_be);
            separator = ',';
        }
    }
    return separator == '(' ? text : text + ')';
}

inline void note_candidate(std::vector<std::string>& all, const std::string& expression) {
    try {
        const any_compressor c = parse<any_compressor>(expression);
        if (!c.ever_needs_side_information()) {
            note(all, c.name());
            const laws l = laws_of(c, std::size_t{1} << 20);
            if (!l.unbiased && bounds_residual(l)) {
                note(all, "error_feedback(" + c.name() + ")");
            }
        }
    } catch (const invalid_input&) {  // it needs what only its user can say
    }
}

}  // namespace detail

//! What the catalogue has to offer: each entry with its defaults; each quantizer at several rates, with one scale for
//! all and one for 512 coordinates, entropy coded; each coder; each selector at several rates, its values as they are
//! and in 4 bits; each alias. What is biased and can be corrected, with error feedback as well. Compressors that need
//! side information or parameters without a default are left out.
inline std::vector<std::string> candidate_compressors() {
    std::vector<std::string> all;
    for (const auto& e : entries<any_compressor>()) {
        detail::note_candidate(all, detail::entry_expression(e));
    }
    const auto each_rate = [&]<class... T>(policy_list<T...>, auto use) {
        const auto of = [&](const auto& policies) {
            for (const auto& policy : policies) {
                use(policy.name(), detail::default_scale_name<std::remove_cvref_t<decltype(policy)>>());
            }
        };
        (of(detail::rates_of<T>()), ...);
    };
    each_rate(quantizers{}, [&](const std::string& q, const std::string& scale) {
        detail::note_candidate(all, "scalar(" + q + ",coder=rans)");
        detail::note_candidate(all, "scalar(" + q + ",bucketed(" + scale + ",512),rans)");
    });
    for (const auto& coder : entries<any_coder>()) {
        detail::note_candidate(all, "scalar(stochastic(levels=3),max_norm," + std::string(coder.name) + ")");
    }
    each_rate(selectors{}, [&](const std::string& s, const std::string&) {
        detail::note_candidate(all, "sparse(" + s + ",identity,rice_indices)");
        detail::note_candidate(all, "sparse(" + s + ",scalar(dithered(levels=7),bucketed(max_norm,512)),rice_indices)");
    });
    for (const catalogue_alias& a : catalogue_of<any_compressor>::aliases) {
        detail::note_candidate(all, std::string(a.expression));
    }
    return all;
}

namespace detail {

//! Time for the same progress: a step along a direction of squared error rho is 1 / (1 + rho) as good as an exact one.
inline double effort(const measured_choice& c) {
    return c.seconds_per_round * (1 + c.relative_error_of_mean);
}

inline std::string milliseconds_text(double seconds) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3g ms", seconds * 1e3);
    return text;
}

inline void recommend(choice& found, const choose_options& o) {
    const measured_choice* best = nullptr;
    for (const measured_choice& c : found.codecs) {
        if (c.converges && c.relative_error_of_mean <= o.tolerated_error && (!best || effort(c) < effort(*best))) {
            best = &c;
        }
    }
    const std::string none = "a round takes " + milliseconds_text(found.seconds_uncompressed) + " without compression";
    const std::string link = " at " + bit_rate{o.link_bits_per_second}.name();
    if (best == nullptr || effort(*best) >= found.seconds_uncompressed) {
        found.recommended = identity{}.name();
        found.reason =
            none + link +
            (best == nullptr ? ", and no codec measured keeps the error within bounds"
                             : ", and no codec gains more time than it costs: the best, " + best->compressor +
                                   ", takes " + milliseconds_text(best->seconds_per_round));
        return;
    }
    char error[32];
    std::snprintf(error, sizeof error, "%.2g %%", 100 * best->relative_error_of_mean);
    found.recommended = best->compressor;
    found.reason = none + link + " and " + milliseconds_text(best->seconds_per_round) + " with it, and the mean of " +
                   std::to_string(o.repeat) + " messages is off by " + error +
                   " of ||x||^2: of the codecs that are unbiased or corrected by feedback it has the least time per "
                   "progress";
}

}  // namespace detail

//! Measures the candidates on x (a gradient, best one from training) and recommends the one with the least time per
//! progress: seconds_per_round (1 + relative_error_of_mean), among those that converge and whose mean is within the
//! tolerated error; plain floats where none is faster than them.
//!
//! Speeds are this machine's, on one thread, while nothing else runs. A codec that refuses x (what it sends exceeds the
//! range of float), or needs more bits than floats have, is left out. Throws `invalid_input` for an empty x, elements
//! that are not finite, a link without speed, and expressions that mean nothing. O(candidates repeat d).
inline choice choose_compressor(std::span<const float> x, const choose_options& o = {}) {
    expect(!x.empty(), "choose: the vector is empty");
    expect(o.link_bits_per_second > 0 && std::isfinite(o.link_bits_per_second), "choose: a link needs a speed above 0");
    if (const std::size_t i = kernels::first_nonfinite(x); i < x.size()) {
        throw nonfinite_input(i);
    }
    choice found;
    const double d = static_cast<double>(x.size());
    found.seconds_uncompressed = 32 * d / o.link_bits_per_second;
    const std::vector<std::string> candidates = o.candidates.empty() ? candidate_compressors() : o.candidates;
    const std::size_t ways = o.tensors != nullptr ? 2 : 1;
    std::size_t done = 0;
    for (const std::string& expression : candidates) {
        any_compressor whole = parse<any_compressor>(expression);
        const std::string name = whole.name();
        if (o.tensors != nullptr) {
            whole.fit(*o.tensors);
        }
        for (std::size_t way = 0; way < ways; ++way) {
            if (o.progress) {
                o.progress(done++, candidates.size() * ways);
            }
            if (way == 1 && whole.name() != name) {
                continue;  // it treats tensors apart itself
            }
            try {
                const any_compressor c = way == 0 ? whole : per_tensor(whole, *o.tensors);
                codec_measurement m;
                oneapi::tbb::task_arena(1).execute(
                    [&] { m = measure_codec(c, x, {.repeat = o.repeat, .seed = o.seed}); });
                const double wire_bits = 8 * static_cast<double>(m.wire_bytes);
                if (static_cast<double>(m.payload_bits) > 33 * d) {
                    continue;
                }
                found.codecs.push_back(
                    {.compressor = way == 0 ? name : composition("per_tensor", {name}),
                     .bits_per_coordinate = wire_bits / d,
                     .relative_error = m.relative_error(),
                     .relative_error_of_mean = m.relative_error_of_mean(),
                     .encode_gbps = 4e-9 * d / m.seconds_encode,
                     .decode_gbps = 4e-9 * d / m.seconds_decode,
                     .seconds_per_round = m.seconds_encode + wire_bits / o.link_bits_per_second + m.seconds_decode,
                     .converges = averages(laws_of(c, x.size()))});
            } catch (const invalid_input& problem) {
                expect(o.candidates.empty(), [&] { return name + " refuses this vector: " + problem.what(); });
            }
        }
    }
    std::ranges::stable_sort(found.codecs, {}, &measured_choice::bits_per_coordinate);
    for (measured_choice& c : found.codecs) {
        c.pareto =
            c.relative_error < 1 && std::ranges::none_of(
                                        found.codecs,
                                        [&](const measured_choice& other) {
                                            const bool no_worse = other.bits_per_coordinate <= c.bits_per_coordinate &&
                                                                  other.relative_error <= c.relative_error;
                                            return no_worse && (other.bits_per_coordinate < c.bits_per_coordinate ||
                                                                other.relative_error < c.relative_error);
                                        });
    }
    detail::recommend(found, o);
    return found;
}

}  // namespace frugal
