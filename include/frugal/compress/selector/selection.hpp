//! Selectors: which coordinates of a vector a `sparse_compressor` sends.
//!
//! | selector                      | sends                             | law                             | indices |
//! |-------------------------------|-----------------------------------|---------------------------------|---------|
//! | top_k{.fraction, .count}      | the k largest magnitudes          | contraction k / d               | travel  |
//! | chunked_top_k{.count, .chunk} | the largest of each chunk         | contraction count / chunk       | travel  |
//! | random_k{.fraction, .count}   | k at random, times d / k          | unbiased, variance d / k - 1    | do not  |
//! | random_k{.unbiased = false}   | k at random, as they are          | contraction k / d in the mean   | do not  |
//! | threshold{.value}             | magnitudes of at least `value`    | none: needs `error_feedback`    | travel  |
//! | variance_budget{.epsilon}     | x_i / p_i, p_i ~ lambda |x_i|     | unbiased, variance epsilon      | travel  |
//! | random_sparse{.count}         | the same for an expected count    | unbiased, variance <= d / k - 1 | travel  |
//! | loss_mask{.density}           | what was sent while the loss fell | none; is told losses            | travel  |
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <frugal/compress/laws.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/error.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/core/random.hpp>

namespace frugal {

//! What a selector chose; its vectors are reused from message to message.
//!
//! indices: distinct and increasing. values: what is sent for them; left empty, the coordinates themselves are sent.
//! scratch: memory for the selector's own use.
struct selection {
    std::vector<std::uint32_t> indices;
    std::vector<float> values;
    std::vector<std::uint64_t> scratch;
};

//! select(x, k, chosen): fills `chosen` (which arrives with old indices and without values); throws `invalid_input` for
//!     elements that are not finite. name(): its textual name.
//! Optional: `std::size_t count_for(d) const`, when the number of indices depends on d alone (then it is not sent);
//!     `bool shared() const` with `regenerate(d, k, chosen)`, when the receiver can draw the same indices from the key;
//!     `laws laws_for(d) const`, or `double variance(d) const` and `double contraction(d) const` (compress/laws.hpp),
//!     of
//!     the compressor that sends the values as they are chosen; `void validate() const`; `void state(state_archive&)`,
//!     of a selector that remembers, whose `select` may then change it; `select_of_sum(x, y, k, chosen) const`, which
//!     selects from x + y without writing it and sends the coordinates themselves.
template <class S>
concept Selector =
    std::copyable<S> && requires(S s, const S cs, std::span<const float> x, random_key k, selection& chosen) {
        s.select(x, k, chosen);
        { cs.name() } -> std::convertible_to<std::string>;
    };

//! Does selecting leave the selector as it was?
template <class S>
inline constexpr bool selects_const =
    requires(const S s, std::span<const float> x, random_key k, selection& chosen) { s.select(x, k, chosen); };

namespace detail {

//! k = max(1, floor(fraction d)), or count, at most d. The fraction is what was meant: of a float that is the nearest
//! to a number of at most six decimals, that number; and a product that the rounding of a double keeps from an integer
//! reaches it.
constexpr std::size_t selected_count(double fraction, std::size_t count, std::size_t d) {
    if (count > 0) {
        return std::min(d, count);
    }
    if (const double decimal = static_cast<double>(static_cast<std::int64_t>(rounded(fraction * 1e6) + 0.5)) / 1e6;
        static_cast<double>(static_cast<float>(fraction)) == fraction &&
        static_cast<float>(decimal) == static_cast<float>(fraction)) {
        fraction = decimal;
    }
    const double product = rounded(fraction * static_cast<double>(d));
    const auto k = static_cast<std::size_t>(product + rounded(product * 0x1p-51));
    return std::min(d, std::max<std::size_t>(1, k));
}

inline void check_selected_count(const char* selector, double fraction, std::size_t count) {
    expect((count > 0) != (fraction != 0),
           [&] { return std::string(selector) + ": give either a count or a fraction"; });
    expect(count > 0 || (fraction > 0 && fraction <= 1),
           [&] { return std::string(selector) + ": the fraction must be above 0 and at most 1"; });
}

//! The two fields of a selector that takes a fraction or a count.
template <class S>
constexpr auto fraction_field() {
    return option("fraction", &S::fraction, "share of the coordinates, unless 0").from(0).to(1).unless_default();
}
template <class S>
constexpr auto count_field() {
    return option("count", &S::count, "their number, unless 0: one of the two is given")
        .from(0)
        .to(static_cast<double>(1ull << 48))
        .unless_default();
}

}  // namespace detail
}  // namespace frugal
