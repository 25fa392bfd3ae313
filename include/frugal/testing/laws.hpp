//! The laws of a Compressor, checked: for compressors of one's own, under any test framework or none.
//!
//! | check                 | what must hold                                                                            |
//! |-----------------------|-------------------------------------------------------------------------------------------|
//! | check_unbiased        | E C(x) = x                                                                                |
//! | check_variance        | E||C(x) - x||^2 <= variance ||x||^2, and equals `expected_error(x)` where there is one    |
//! | check_contraction     | E||C(x) - x||^2 <= (1 - contraction) ||x||^2                                              |
//! | check_roundtrip_size  | lengths around those of vectors and words come back whole, in the bits that were counted  |
//! | check_deterministic   | one key, one message, to the bit: in every copy, at any address, whatever came before     |
//! | check_hostile_input   | what is no vector or no message is refused by name; nothing decodes to what is not finite |
//!
//!     for (const auto& r : frugal::testing::check_all(my_compressor{}, x)) {
//!         if (!r) { std::cerr << r.sentence << '\n'; }
//!     }
//!
//! Each check works on copies of the compressor and leaves it as it was; where senders agree on numbers first, it
//! agrees with itself. Expectations are over keys: sample means against closed forms, in standard errors of fixed
//! seeds, so that a check passes always or never. Nothing here throws what a compressor throws: an exception out of
//! place is a broken law.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frugal/compress/agreement.hpp>
#include <frugal/compress/laws.hpp>
#include <frugal/concepts.hpp>
#include <frugal/core/error.hpp>
#include <frugal/core/expression.hpp>
#include <frugal/core/message.hpp>
#include <frugal/testing/altered.hpp>
#include <frugal/testing/moments.hpp>

namespace frugal::testing {

//! What a check found. `sentence` names the compressor, the law, what was measured and what was expected.
struct check_result {
    bool holds = false;
    std::string sentence;
    explicit operator bool() const { return holds; }
};

//! Settings of the checks.
struct check_options {
    std::size_t draws = 200;      //!< keys that expectations are taken over
    std::uint64_t seed = 1;       //!< of the keys, and of the vectors that checks make themselves
    double limit = z_limit;       //!< standard errors that a sample mean may be off
    std::size_t dimension = 100;  //!< of the vectors that checks make themselves, where the length is not the point
};

//! n elements of N(0, 1).
inline std::vector<float> normal_vector(std::size_t n, std::uint64_t seed) {
    const random_stream stream({.seed = seed, .purpose = purposes::data});
    std::vector<float> x(n);
    for (std::size_t i = 0; i < n; ++i) {
        x[i] = stream.normal(i);
    }
    return x;
}

//! n elements of which one in eight is the product of three normal numbers and the others are 0: heavy tails.
inline std::vector<float> sparse_vector(std::size_t n, std::uint64_t seed) {
    const std::vector<float> factors = normal_vector(3 * n, seed);
    std::vector<float> x(n);
    for (std::size_t i = 0; i < n; i += 8) {
        x[i] = factors[i] * factors[n + i] * factors[2 * n + i];
    }
    return x;
}

namespace detail {

struct broken_law {
    std::string how;
};

template <class Text>
void hold(bool condition, Text how) {
    if (!condition) {
        throw broken_law{how()};
    }
}

//! Runs body() -> what was found; what it throws becomes the result.
template <class C, class Body>
check_result checked(const C& c, const char* law, Body body) {
    const std::string about = std::string(c.name()) + ": " + law + ": ";
    try {
        return {true, about + body()};
    } catch (const broken_law& broken) {
        return {false, about + broken.how};
    } catch (const std::exception& e) {
        return {false, about + "it threw \"" + e.what() + "\""};
    }
}

//! Agrees on what is x's own, where senders must agree first.
template <class C>
void agree_alone(C& c, std::span<const float> x) {
    if (const std::size_t n = agreement_size_of(c, x.size()); n > 0) {
        std::vector<float> numbers(n);
        share_of(c, x, numbers);
        agree_with(c, numbers);
    }
}
template <class C>
C ready_copy(const C& c, std::span<const float> x) {
    C copy = c;
    agree_alone(copy, x);
    return copy;
}

inline random_key key_of(const check_options& o, std::uint64_t round, std::uint32_t node = 0) {
    return {.seed = o.seed, .node = node, .round = round, .purpose = purposes::message};
}

inline bool all_finite(std::span<const float> x) {
    return std::all_of(x.begin(), x.end(), [](float v) { return v - v == 0.0f; });
}

inline bool same_bits(std::span<const float> a, std::span<const float> b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

inline double dot(std::span<const double> a, std::span<const double> b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        sum += a[i] * b[i];
    }
    return sum;
}

//! C(x) - x of one fresh copy for each key.
template <class C>
std::vector<std::vector<double>> errors_of(const C& c, std::span<const float> x, const check_options& o) {
    const C fresh = ready_copy(c, x);
    std::vector<std::vector<double>> errors;
    std::vector<float> y(x.size());
    message m;
    for (std::size_t draw = 0; draw < o.draws; ++draw) {
        C sender = fresh;
        sender.compress(x, key_of(o, draw), m);
        sender.decompress(m, key_of(o, draw), y);
        auto& e = errors.emplace_back(x.size());
        for (std::size_t i = 0; i < x.size(); ++i) {
            e[i] = double(y[i]) - double(x[i]);
        }
    }
    return errors;
}

inline double squared_norm(std::span<const float> x) {
    double sum = 0;
    for (const float v : x) {
        sum += double(v) * double(v);
    }
    return sum;
}

inline moments relative_errors(const std::vector<std::vector<double>>& errors, double norm2) {
    moments relative;
    for (const auto& e : errors) {
        relative.add(dot(e, e) / norm2);
    }
    return relative;
}

//! Rounding of floats alone: relative to ||x||^2.
inline constexpr double negligible = 1e-11;

//! The mean relative error must not exceed `bound`, or be `expected`.
inline std::string hold_error(const moments& relative, const check_options& o, double bound,
                              std::optional<double> expected = {}) {
    const auto found = [&] {
        return "E||C(x) - x||^2 / ||x||^2 is " + number_text(relative.mean()) + " +- " +
               number_text(relative.standard_error());
    };
    const double allowance = o.limit * relative.standard_error() + negligible;
    hold(relative.mean() <= bound * (1 + 1e-6) + allowance,
         [&] { return found() + ", above the bound " + number_text(bound); });
    hold(!expected || std::fabs(relative.mean() - *expected) <= *expected * 1e-5 + allowance,
         [&] { return found() + ", but expected_error says " + number_text(*expected); });
    return found() + ", the bound " + number_text(bound);
}

//! Decodes in each way there is: either all refuse by `malformed_message`, or all give finite numbers, and the same.
template <class C>
void decode_or_refuse(const C& c, const message& m, random_key k, std::size_t d, const char* what) {
    const auto attempt = [](auto decode) {
        try {
            decode();
            return true;
        } catch (const malformed_message&) {
            return false;
        }
    };
    std::vector<float> y(d, -1.0f), sum(d, 0.0f), near = normal_vector(d, 1);
    const bool accepted = attempt([&] { c.decompress(m, k, y); });
    const bool added = attempt([&] { c.decompress_add(m, k, 1.0f, sum); });
    hold(accepted == added, [&] { return std::string(what) + ": decompress and decompress_add disagree"; });
    if constexpr (SideInformationCompressor<C>) {
        const bool near_accepted = attempt([&] { c.decompress(m, k, near, near); });
        hold(accepted == near_accepted, [&] { return std::string(what) + ": side information changes what is read"; });
        hold(!accepted || all_finite(near), [&] { return std::string(what) + ": it decodes to what is not finite"; });
    }
    if (accepted) {
        hold(all_finite(y), [&] { return std::string(what) + ": it decodes to what is not finite"; });
        hold(std::ranges::equal(sum, y), [&] { return std::string(what) + ": decompress_add differs"; });
    }
}

//! Must throw Expected and leave `m` empty.
template <class Expected, class C>
void hold_refused(C& c, std::span<const float> x, random_key k, message& m, const std::string& what,
                  const std::string& named = {}) {
    try {
        c.compress(x, k, m);
    } catch (const Expected& e) {
        hold(std::string(e.what()).find(named) != std::string::npos,
             [&] { return what + " is refused without saying \"" + named + "\": " + e.what(); });
        hold(m.empty(), [&] { return what + " is refused, but leaves a message behind"; });
        return;
    }
    throw broken_law{what + " is not refused"};
}

template <class C>
void hold_message_refused(const C& c, const message& m, random_key k, std::size_t d, const std::string& what) {
    std::vector<float> y(d);
    const auto refused = [](auto decode) {
        try {
            decode();
            return false;
        } catch (const malformed_message&) {
            return true;
        }
    };
    bool all = refused([&] { c.decompress(m, k, y); }) && refused([&] { c.decompress_add(m, k, 1.0f, y); });
    if constexpr (SideInformationCompressor<C>) {
        all = all && refused([&] { c.decompress(m, k, y, y); });
    }
    hold(all, [&] { return what + " is not refused by malformed_message"; });
}

inline constexpr std::array<std::size_t, 10> awkward_lengths{1, 2, 31, 32, 33, 63, 64, 65, 127, 200};

}  // namespace detail

//! E C(x) = x, whatever c says of itself.
//!
//! Two statistics over n draws of e = C(x) - x: the mean of <e, x> in standard errors; and the mean of <e_i, e_j> over
//! the pairs i != j, whose expectation is ||E e||^2, in standard errors sqrt(2 E<e_i, e_j>^2 / (n (n - 1))). Where a
//! single coin decides all of e, the second is (z^2 - 1) / sqrt(2) of the first's kind, and so is its limit. O(n^2 d).
template <Compressor C>
    requires std::copy_constructible<C>
check_result check_unbiased(const C& c, std::span<const float> x, check_options o = {}) {
    return detail::checked(c, "unbiased", [&] {
        const auto errors = detail::errors_of(c, x, o);
        const double norm2 = detail::squared_norm(x);
        const double n = static_cast<double>(errors.size());
        const std::vector<double> direction(x.begin(), x.end());
        std::vector<double> sum(x.size());
        moments along, energy, square_of_product;
        for (std::size_t i = 0; i < errors.size(); ++i) {
            along.add(detail::dot(errors[i], direction));
            energy.add(detail::dot(errors[i], errors[i]));
            for (std::size_t j = 0; j < i; ++j) {
                const double product = detail::dot(errors[i], errors[j]);
                square_of_product.add(product * product);
            }
            for (std::size_t k = 0; k < sum.size(); ++k) {
                sum[k] += errors[i][k];
            }
        }
        const double of_pairs = (detail::dot(sum, sum) - n * energy.mean()) / (n * (n - 1));
        const double deviation = std::sqrt(2 * square_of_product.mean() / (n * (n - 1)));
        if (energy.mean() <= detail::negligible * norm2) {
            return std::string("C(x) is x up to the rounding of floats");
        }
        const double z_along = along.z_of(0);
        const double z_any = of_pairs / deviation;
        const std::string found = "the mean of C(x) - x over " + std::to_string(errors.size()) + " draws is " +
                                  number_text(z_along) + " standard errors from 0 along x, " + number_text(z_any) +
                                  " in all directions together";
        detail::hold(z_along <= o.limit && z_any <= (o.limit * o.limit - 1) / std::sqrt(2.0), [&] { return found; });
        return found;
    });
}

//! E||C(x) - x||^2 <= variance ||x||^2 for this x; by default the variance that c claims (`laws_of`). Where c has
//! `expected_error(x)`, that must be the mean.
template <Compressor C>
    requires std::copy_constructible<C>
check_result check_variance(const C& c, std::span<const float> x, check_options o = {},
                            std::optional<double> variance = {}) {
    return detail::checked(c, "variance", [&] {
        const std::optional<double> bound = variance ? variance : laws_of(c, x.size()).variance;
        detail::hold(bound.has_value(), [] { return "none is claimed (variance(d) or laws_for(d)) and none given"; });
        const double norm2 = detail::squared_norm(x);
        std::optional<double> expected;
        if constexpr (requires { double(c.expected_error(x)); }) {
            expected = c.expected_error(x) / norm2;
        }
        return detail::hold_error(detail::relative_errors(detail::errors_of(c, x, o), norm2), o, *bound, expected);
    });
}

//! E||C(x) - x||^2 <= (1 - contraction) ||x||^2 for this x; by default the contraction that c claims.
template <Compressor C>
    requires std::copy_constructible<C>
check_result check_contraction(const C& c, std::span<const float> x, check_options o = {},
                               std::optional<double> contraction = {}) {
    return detail::checked(c, "contraction", [&] {
        const std::optional<double> claim = contraction ? contraction : laws_of(c, x.size()).contraction;
        detail::hold(claim.has_value(),
                     [] { return "none is claimed (contraction(d) or laws_for(d)) and none given"; });
        detail::hold(*claim > 0 && *claim <= 1, [&] { return number_text(*claim) + " does not lie in (0, 1]"; });
        return detail::hold_error(detail::relative_errors(detail::errors_of(c, x, o), detail::squared_norm(x)), o,
                                  1 - *claim);
    });
}

//! For lengths from 1 to 200: the message survives its own bytes, is charged no more bits than it has, decodes whole
//! and the same by all ways, `echo` included, also in place and by a receiver that never sent.
template <Compressor C>
    requires std::copy_constructible<C>
check_result check_roundtrip_size(const C& c, check_options o = {}) {
    return detail::checked(c, "round trip and size", [&] {
        double bits = 0;
        for (const std::size_t d : detail::awkward_lengths) {
            const std::string about = "of " + std::to_string(d) + " elements, ";
            const auto hold = [&](bool condition, const char* how) {
                detail::hold(condition, [&] { return about + how; });
            };
            const std::vector<float> x = normal_vector(d, o.seed);
            const C fresh = detail::ready_copy(c, x);
            for (std::uint32_t node = 0; node < 2; ++node) {
                const random_key k = detail::key_of(o, 5, node);
                C sender = fresh;
                message m;
                sender.compress(x, k, m);
                hold(m.dimension() == d, "the message has another dimension");
                const message received = message::parse(m.bytes());
                const auto payload = received.payload();
                hold(received.payload_bits() <= 8 * payload.size(), "more bits are charged than the message has");
                bits = static_cast<double>(received.payload_bits()) / static_cast<double>(d);
                std::vector<float> y(d, std::numeric_limits<float>::quiet_NaN());
                fresh.decompress(received, k, y);
                hold(detail::all_finite(y), "decompress leaves elements as they were, or not finite");
                detail::decode_or_refuse(fresh, received, k, d, "its own message");
                if constexpr (SideInformationCompressor<C>) {
                    if (fresh.needs_side_information(k)) {
                        continue;  // no sender knows what its receivers will see
                    }
                }
                C told = fresh;
                C in_place = fresh;
                message n;
                std::vector<float> echo(d, -1.0f), both = x;
                told.compress(x, k, n, echo);
                hold(std::ranges::equal(m.bytes(), n.bytes()), "compress with echo writes another message");
                hold(std::ranges::equal(echo, y), "echo is not what receivers decode");
                in_place.compress(both, k, n, both);
                hold(std::ranges::equal(m.bytes(), n.bytes()), "compress with x as echo writes another message");
                hold(std::ranges::equal(both, y), "echo in place is not what receivers decode");
            }
        }
        return number_text(bits) + " bits an element of " + std::to_string(detail::awkward_lengths.back());
    });
}

//! One key, one message, to the bit: from every copy, for x at any address, into any message object, over several
//! rounds; and it decodes to the same bits in every copy, whatever was decoded before.
template <Compressor C>
    requires std::copy_constructible<C>
check_result check_deterministic(const C& c, check_options o = {}) {
    return detail::checked(c, "deterministic", [&] {
        const std::size_t d = o.dimension;
        C sender = c;
        C other = c;
        const C receiver = c;
        message used;
        for (std::uint64_t round = 0; round < 4; ++round) {
            const std::string about = "in round " + std::to_string(round) + ", ";
            const auto hold = [&](bool condition, const char* how) {
                detail::hold(condition, [&] { return about + how; });
            };
            const std::vector<float> x = normal_vector(d, o.seed + round);
            detail::agree_alone(sender, x);
            detail::agree_alone(other, x);
            std::vector<float> shifted(d + 1);
            std::ranges::copy(x, shifted.begin() + 1);
            const random_key k = detail::key_of(o, round, 1);
            message fresh;
            sender.compress(x, k, used);
            other.compress(std::span(shifted).subspan(1), k, fresh);
            hold(std::ranges::equal(used.bytes(), fresh.bytes()), "two copies write different messages");
            std::vector<float> y(d), z(d + 1);
            receiver.decompress(used, k, y);
            sender.decompress(fresh, k, std::span(z).subspan(1));
            hold(detail::same_bits(y, std::span(z).subspan(1)), "two copies decode one message differently");
            const C late = receiver;
            z.assign(d, 3.0f);
            late.decompress(used, k, z);
            hold(detail::same_bits(y, z), "what was decoded before changes what is decoded");
        }
        return std::string("four rounds of two copies are the same");
    });
}

//! Refuses the empty vector, and by its index an element that is not finite; takes zeros and numbers of any size, or
//! refuses them; refuses messages of another key, dimension or composition; and decodes a payload that is cut,
//! prolonged, altered or made up to finite numbers, by all ways the same, or refuses it by `malformed_message`. (That
//! nothing is read out of bounds is for sanitizers to see.) About 10^3 messages of `dimension` elements.
template <Compressor C>
    requires std::copy_constructible<C>
check_result check_hostile_input(const C& c, check_options o = {}) {
    return detail::checked(c, "hostile input", [&] {
        const std::size_t d = o.dimension;
        const random_key k = detail::key_of(o, 5, 1);
        const std::vector<float> good = normal_vector(d, o.seed);
        const C fresh = detail::ready_copy(c, good);
        C sender = fresh;
        message m;

        detail::hold_refused<invalid_input>(sender, {}, k, m, "an empty vector");
        constexpr float infinity = std::numeric_limits<float>::infinity();
        for (const float bad : {std::numeric_limits<float>::quiet_NaN(), infinity, -infinity}) {
            for (const std::size_t at : {std::size_t{0}, d / 2, d - 1}) {
                std::vector<float> x = good;
                x[at] = bad;
                detail::hold_refused<invalid_input>(sender, x, k, m, "an element that is not finite",
                                                    "element " + std::to_string(at) + " ");
            }
        }
        message expected;
        C(fresh).compress(good, k, expected);
        sender.compress(good, k, m);
        detail::hold(std::ranges::equal(m.bytes(), expected.bytes()),
                     [] { return "what was refused changes the messages after it"; });

        constexpr float largest = std::numeric_limits<float>::max();
        for (const float size : {0.0f, -0.0f, std::numeric_limits<float>::denorm_min(), 1e-42f, 1e-38f, 1e-30f, 1e30f,
                                 1e38f, 2.5e38f, largest, -largest}) {
            for (const int pattern : {0, 1, 2}) {  // everywhere, at every other element, once among normal values
                std::vector<float> x = pattern == 2 ? good : std::vector<float>(d, size);
                for (std::size_t i = 0; pattern == 1 && i < d; i += 2) {
                    x[i] = 0.0f;
                }
                x[d / 2] = -size;
                C of_extremes = c;
                message of_extreme;
                try {
                    of_extremes = detail::ready_copy(c, x);
                    of_extremes.compress(x, k, of_extreme);
                } catch (const invalid_input&) {
                    detail::hold(std::fabs(size) > 1e25f && of_extreme.empty(),
                                 [&] { return "elements of " + number_text(size) + " are refused"; });
                    continue;
                }
                std::vector<float> y(d);
                of_extremes.decompress(message::parse(of_extreme.bytes()), k, y);
                detail::hold(detail::all_finite(y),
                             [&] { return "elements of " + number_text(size) + " decode to what is not finite"; });
                detail::decode_or_refuse(of_extremes, of_extreme, k, d, "a vector of extreme numbers");
            }
        }

        for (const std::size_t wrong : {std::size_t{0}, d - 1, d + 1, 64 * d}) {
            detail::hold_message_refused(fresh, m, k, wrong, "a message of another dimension");
        }
        for (const random_key& other :
             {random_key{k.seed, k.node + 1, k.round, k.purpose}, random_key{k.seed, k.node, k.round + 1, k.purpose},
              random_key{k.seed, k.node, k.round, k.purpose + 1}}) {
            detail::hold_message_refused(fresh, m, other, d, "a message of another key");
        }
        const auto payload = m.payload();
        detail::hold_message_refused(fresh, message_around(m.scheme() + 1, k, d, payload), k, d,
                                     "a message of another composition");
        detail::hold_message_refused(fresh, message{}, k, d, "an empty message");
        detail::hold_message_refused(fresh, message_around(m.scheme(), k, 0, {}), k, 0, "a message of no elements");
        std::vector<std::byte> longer(payload.begin(), payload.end());
        longer.push_back(std::byte{0});
        detail::hold_message_refused(fresh, with_payload(m, longer), k, d, "a payload with a byte too many");
        for (std::size_t n = 0; n < payload.size(); n += 1 + payload.size() / 128) {
            detail::decode_or_refuse(fresh, with_payload(m, payload.first(n)), k, d, "a payload cut short");
        }
        for (std::size_t bit = 0; bit < payload.size() * 8; bit += 1 + payload.size() / 64) {
            detail::decode_or_refuse(fresh, with_payload(m, with_bit_flipped(payload, bit)), k, d,
                                     "a payload with a bit flipped");
        }
        const random_stream random({.seed = o.seed, .purpose = purposes::user});
        std::uint64_t next = 0;
        for (const std::size_t length : {std::size_t{1}, std::size_t{33}, d}) {
            for (int repeat = 0; repeat < 20; ++repeat) {
                std::vector<std::byte> made_up(random.below(3 * length + 20, next++));
                for (std::byte& b : made_up) {
                    b = static_cast<std::byte>(random.word64(next++));
                }
                if (repeat % 2 == 0 && made_up.size() >= 4) {  // half of them begin with a plausible number
                    const float scale = 1.5f;
                    std::memcpy(made_up.data(), &scale, 4);
                }
                detail::decode_or_refuse(fresh, message_around(m.scheme(), k, length, made_up), k, length,
                                         "a payload of random bytes");
            }
        }
        return std::string("all refused, or decoded to finite numbers");
    });
}

//! All checks that apply: those of the laws that c claims for vectors of x's length, on x; then the other three.
template <Compressor C>
    requires std::copy_constructible<C>
std::vector<check_result> check_all(const C& c, std::span<const float> x, check_options o = {}) {
    std::vector<check_result> results;
    const laws claims = laws_of(c, x.size());
    if (claims.unbiased) {
        results.push_back(check_unbiased(c, x, o));
    }
    if (claims.variance) {
        results.push_back(check_variance(c, x, o));
    }
    if (claims.contraction) {
        results.push_back(check_contraction(c, x, o));
    }
    results.push_back(check_roundtrip_size(c, o));
    results.push_back(check_deterministic(c, o));
    results.push_back(check_hostile_input(c, o));
    return results;
}

}  // namespace frugal::testing
