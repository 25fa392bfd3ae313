//! `sparse_compressor{selector, value_compressor}`: some coordinates travel, the others decode to zero.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include <frugal/compress/agreement.hpp>
#include <frugal/compress/echo.hpp>
#include <frugal/compress/identity.hpp>
#include <frugal/compress/index_coding.hpp>
#include <frugal/compress/laws.hpp>
#include <frugal/compress/message_interface.hpp>
#include <frugal/compress/selector/proportional.hpp>
#include <frugal/compress/selector/random_k.hpp>
#include <frugal/compress/selector/selection.hpp>
#include <frugal/compress/selector/top_k.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/core/tensor_layout.hpp>
#include <frugal/kernels/elementwise.hpp>

namespace frugal {

//! C(x)_i = V(x restricted to the selected coordinates) where i was selected, 0 elsewhere.
//!
//! Payload: the number of indices in bits_for(d + 1) bits (unless it follows from d), the indices (unless the receiver
//! draws them itself), then what the value compressor V writes for the selected values (nothing if there are none).
//! top_k with identity thus costs k (32 + ceil(log2 d)) bits. Unbiased where selector and V are; then
//! 1 + variance = (1 + variance of the selector) (1 + variance of V). decode_add touches only selected coordinates.
template <Selector S, Compressor V = identity, IndexCoding I = default_indices<S>>
class sparse_compressor : public message_interface<sparse_compressor<S, V, I>> {
    static constexpr bool counts_from_dimension = requires(const S s, std::size_t d) { s.count_for(d); };
    static constexpr bool regenerates =
        requires(const S s, std::size_t d, random_key k, selection& chosen) { s.regenerate(d, k, chosen); };
    static constexpr bool remembers = !selects_const<S> || !encodes_const<V>;
    static constexpr bool selects_of_sum = requires(const S s, std::span<const float> x, random_key k,
                                                    selection& chosen) { s.select_of_sum(x, x, k, chosen); };
    static constexpr bool bounded_selector = requires(const S s, std::size_t n) { double(s.contraction(n)); } ||
                                             requires(const S s, std::size_t n) { double(s.variance(n)); };
    static constexpr bool bounded_values =
        requires(const V v, std::size_t n) { double(v.contraction(n)); } || requires(const V v, std::size_t n) {
            requires V::unbiased;
            double(v.variance(n));
        };
    static constexpr bool unbiased_by_default = [] {
        if constexpr (requires { typename std::bool_constant<(S{}.laws_for(1).unbiased)>; }) {
            return S{}.laws_for(1).unbiased && V::unbiased;
        } else {
            return false;
        }
    }();

public:
    static constexpr bool unbiased = unbiased_by_default;
    static constexpr auto describe() {
        return describes(
            "sparse", "some coordinates, their values by an inner compressor",
            part("selector", &sparse_compressor::selector_, "which coordinates"),
            part("values", &sparse_compressor::values_, "how their values travel").otherwise(identity::describe().name),
            part("indices", &sparse_compressor::indices_, "how their indices travel")
                .otherwise(default_indices<S>::describe().name));
    }

    explicit sparse_compressor(S selector, V values = {}, I indices = {})
        : selector_(std::move(selector)), values_(std::move(values)), indices_(std::move(indices)) {
        if constexpr (requires { selector_.validate(); }) {
            selector_.validate();
        }
    }

    S& selector() { return selector_; }
    const S& selector() const { return selector_; }
    const V& value_compressor() const { return values_; }
    std::string name() const { return described_name(*this); }
    void fit(const tensor_layout& layout) {
        fit_to(selector_, layout);
        this->scheme_ = {};
    }
    bool stateless() const { return selects_const<S> && is_stateless(values_); }

    laws laws_for(std::size_t d) const {
        const laws chosen = laws_of(selector_, d);
        const laws sent = laws_of(values_, count_for(d));
        laws result{.unbiased = chosen.unbiased && sent.unbiased,
                    .linear = regenerates && receiver_draws() && sent.linear};
        if (chosen.unbiased) {  // values are scaled up before V sees them
            if (chosen.variance && sent.variance) {
                result = laws_from_variance(sent.unbiased, variance_of(*chosen.variance, *sent.variance));
                result.linear = regenerates && receiver_draws() && sent.linear;
            } else if (chosen.variance && sent.contraction) {
                const double lost =
                    std::sqrt((1 - *sent.contraction) * (1 + *chosen.variance)) + std::sqrt(*chosen.variance);
                if (lost < 1) {
                    result.contraction = 1 - lost * lost;
                }
            }
            return result;
        }
        if (chosen.contraction && sent.contraction) {
            result.contraction = *chosen.contraction * *sent.contraction;
        }
        if (chosen.worst_case && sent.worst_case) {
            result.worst_case = std::max(*chosen.worst_case, *sent.worst_case);
        }
        return result;
    }
    //! E||C(x) - x||^2 <= variance(d) ||x||^2, for an unbiased V.
    double variance(std::size_t d) const
        requires requires(const S s, const V v, std::size_t n) {
            double(s.variance(n));
            double(v.variance(n));
        }
    {
        return variance_of(selector_.variance(d), values_.variance(count_for(d)));
    }
    //! E||C(x) - x||^2 <= (1 - contraction(d)) ||x||^2; 0 where that is all that is known.
    double contraction(std::size_t d) const
        requires bounded_selector && bounded_values
    {
        return laws_for(d).contraction.value_or(0);
    }
    //! Of the value compressor, over all of x: what is not sent offers no more. Throws for selectors that scale values
    //! up by what the key draws.
    std::size_t agreement_size(std::size_t d) const { return agreement_size_of(values_, count_for(d)); }
    void share(std::span<const float> x, std::span<float> out) const {
        expect(!laws_of(selector_, x.size()).unbiased,
               "senders cannot agree on the scale of values that a selector scales up: take top_k or threshold");
        share_of(values_, x, out);
    }
    void agree(std::span<const float> largest) { agree_with(values_, largest); }

    void encode(std::span<const float> x, random_key k, payload_writer& w)
        requires remembers
    {
        encode_by(*this, x, k, w);
    }
    void encode(std::span<const float> x, random_key k, payload_writer& w) const
        requires(!remembers)
    {
        encode_by(*this, x, k, w);
    }
    void encode(std::span<const float> x, random_key k, payload_writer& w, std::span<float> echo)
        requires remembers
    {
        encode_with_echo_by(*this, x, k, w, echo);
    }
    void encode(std::span<const float> x, random_key k, payload_writer& w, std::span<float> echo) const
        requires(!remembers)
    {
        encode_with_echo_by(*this, x, k, w, echo);
    }
    //! Reads x and the residual twice and writes the residual once, after all that may throw.
    void encode_sum(std::span<const float> x, std::span<float> residual, random_key k, payload_writer& w)
        requires(remembers && selects_of_sum)
    {
        encode_sum_by(*this, x, residual, k, w);
    }
    void encode_sum(std::span<const float> x, std::span<float> residual, random_key k, payload_writer& w) const
        requires(!remembers && selects_of_sum)
    {
        encode_sum_by(*this, x, residual, k, w);
    }
    void decode(payload_reader& r, random_key k, std::span<float> y) const {
        const workspace<selection> chosen;
        read(r, k, y.size(), *chosen);
        scatter(*chosen, y);
    }
    void decode_add(payload_reader& r, random_key k, float weight, std::span<float> acc) const {
        const workspace<selection> chosen;
        read(r, k, acc.size(), *chosen);
        for (std::size_t i = 0; i < chosen->indices.size(); ++i) {
            float& a = acc[chosen->indices[i]];
            a = multiply_add(weight, chosen->values[i], a);
        }
    }
    void state(state_archive& a) {
        save_or_restore(a, selector_);
        save_or_restore(a, values_);
    }

private:
    static constexpr std::size_t largest_dimension = std::numeric_limits<std::uint32_t>::max();

    static random_key value_key(random_key k) { return k.for_purpose(1); }
    static random_key selection_key(random_key k) { return k.for_purpose(2); }

    static double variance_of(double of_selector, double of_values) { return (1 + of_selector) * (1 + of_values) - 1; }
    static void scatter(const selection& chosen, std::span<float> y) {
        std::fill(y.begin(), y.end(), 0.0f);
        for (std::size_t i = 0; i < chosen.indices.size(); ++i) {
            y[chosen.indices[i]] = chosen.values[i];
        }
    }
    //! Self is const where nothing is remembered.
    template <class Self>
    static void encode_by(Self& self, std::span<const float> x, random_key k, payload_writer& w) {
        const workspace<selection> chosen;
        select(self, x, k, w, *chosen);
        if (!chosen->indices.empty()) {
            encode_finite([&] { self.values_.encode(chosen->values, value_key(k), w); });
        }
    }
    template <class Self>
    static void encode_with_echo_by(Self& self, std::span<const float> x, random_key k, payload_writer& w,
                                    std::span<float> echo) {
        const workspace<selection> chosen;
        select(self, x, k, w, *chosen);
        if (!chosen->indices.empty()) {
            encode_finite([&] { encode_with_echo(self.values_, chosen->values, value_key(k), w, chosen->values); });
        }
        scatter(*chosen, echo);
    }
    template <class Self>
    static void encode_sum_by(Self& self, std::span<const float> x, std::span<float> residual, random_key k,
                              payload_writer& w) {
        const workspace<selection> chosen;
        check_dimension(x.size());
        self.selector_.select_of_sum(x, residual, selection_key(k), *chosen);
        const auto& indices = chosen->indices;
        const auto sum = [&](std::uint32_t i) { return x[i] + residual[i]; };
        chosen->values.resize(indices.size());
        std::ranges::transform(indices, chosen->values.begin(), sum);
        self.write_indices(indices, x.size(), w);
        if (!indices.empty()) {
            encode_finite([&] { encode_with_echo(self.values_, chosen->values, value_key(k), w, chosen->values); });
        }
        kernels::add(x, residual, residual);
        for (std::size_t i = 0; i < indices.size(); ++i) {
            float& r = residual[indices[i]];
            r = multiply_add(-1.0f, chosen->values[i], r);
        }
    }
    //! The selector has seen that x is finite, so what is not was made by scaling.
    template <class Encode>
    static void encode_finite(Encode encode) {
        try {
            encode();
        } catch (const nonfinite_input&) {
            throw invalid_input(
                "the selected elements, scaled up to be unbiased, exceed the range of float: scale the vector down");
        }
    }
    static void check_dimension(std::size_t d) {
        expect(d <= largest_dimension, "a sparse message has at most 2^32 - 1 coordinates: split the vector");
    }
    //! Writes count and indices.
    template <class Self>
    static void select(Self& self, std::span<const float> x, random_key k, payload_writer& w, selection& chosen) {
        check_dimension(x.size());
        chosen.values.clear();
        self.selector_.select(x, selection_key(k), chosen);
        const auto& indices = chosen.indices;
        if (chosen.values.empty()) {
            chosen.values.resize(indices.size());
            for (std::size_t i = 0; i < indices.size(); ++i) {
                chosen.values[i] = x[indices[i]];
            }
        }
        self.write_indices(indices, x.size(), w);
    }
    void write_indices(std::span<const std::uint32_t> indices, std::size_t d, payload_writer& w) const {
        if constexpr (!counts_from_dimension) {
            w.bits(indices.size(), bits_for(std::uint64_t{d} + 1));
        }
        if (!receiver_draws()) {
            indices_.encode(indices, d, w);
        }
    }
    bool receiver_draws() const {
        if constexpr (regenerates) {
            return selector_.shared();
        } else {
            return false;
        }
    }
    //! How many values V sees: known or at most.
    std::size_t count_for(std::size_t d) const {
        if constexpr (counts_from_dimension) {
            return selector_.count_for(d);
        } else {
            return d;
        }
    }
    //! Indices and values of a message for dimension d.
    void read(payload_reader& r, random_key k, std::size_t d, selection& chosen) const {
        expect_message(d <= largest_dimension, "a sparse message has at most 2^32 - 1 coordinates");
        std::uint64_t count;
        if constexpr (counts_from_dimension) {
            count = selector_.count_for(d);
        } else {
            count = r.bits(bits_for(std::uint64_t{d} + 1));
            expect_message(count <= d, "a sparse message announces more coordinates than its dimension");
        }
        if (receiver_draws()) {
            if constexpr (regenerates) {
                selector_.regenerate(d, selection_key(k), chosen);
            }
        } else {
            expect_message(count * indices_.least_bits(d) <= r.remaining_bits(),
                           "the message ends before its content: it was truncated; send it again");
            chosen.indices.resize(count);
            indices_.decode(r, d, chosen.indices);
        }
        chosen.values.resize(count);
        if (count > 0) {
            values_.decode(r, value_key(k), chosen.values);
        }
    }

    S selector_;
    V values_;
    [[no_unique_address]] I indices_;
};

namespace detail {

//! Says in one sentence what is wrong with the arguments of a sparse_compressor.
template <class S, class V, class I>
struct refused_sparse_arguments {
    static constexpr bool copied = requires(const S s) { s.value_compressor(); };
    static constexpr bool value = !copied && !(Selector<S> && Compressor<V> && IndexCoding<I>);
    static_assert(Selector<S> || copied,
                  "sparse_compressor: its first argument must be a Selector, such as frugal::top_k{.count = 10}");
    static_assert(Compressor<V>, "sparse_compressor: its second argument must be a Compressor of the selected values");
    static_assert(IndexCoding<I>,
                  "sparse_compressor: its third argument must be an IndexCoding, such as frugal::rice_indices{}");
    using type = S;
};

}  // namespace detail

template <class S, class V = identity, class I = fixed_width_indices>
    requires detail::refused_sparse_arguments<S, V, I>::value
sparse_compressor(S, V = {}, I = {}) -> sparse_compressor<typename detail::refused_sparse_arguments<S, V, I>::type>;

}  // namespace frugal
