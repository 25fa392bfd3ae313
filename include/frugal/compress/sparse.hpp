//! `sparse_compressor{selector, value_compressor}`: some coordinates travel, the others decode to zero.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frugal/compress/identity.hpp>
#include <frugal/compress/index_coding.hpp>
#include <frugal/compress/message_interface.hpp>
#include <frugal/compress/selector/proportional.hpp>
#include <frugal/compress/selector/random_k.hpp>
#include <frugal/compress/selector/selection.hpp>
#include <frugal/compress/selector/top_k.hpp>
#include <frugal/core/describe.hpp>

namespace frugal {

//! C(x)_i = V(x restricted to the selected coordinates) where i was selected, 0 elsewhere.
//!
//! Payload: the number of indices in bits_for(d + 1) bits (unless it follows from d), the indices (unless the receiver
//! draws them itself), then what the value compressor V writes for the selected values (nothing if there are none).
//! top_k with identity thus costs k (32 + ceil(log2 d)) bits. Unbiased where selector and V are; then
//! 1 + variance = (1 + variance of the selector) (1 + variance of V). decode_add touches only selected coordinates.
template <Selector S, Compressor V = identity, IndexCoding I = fixed_width_indices>
class sparse_compressor : public message_interface<sparse_compressor<S, V, I>> {
    static constexpr bool counts_from_dimension = requires(const S s, std::size_t d) { s.count_for(d); };
    static constexpr bool regenerates =
        requires(const S s, std::size_t d, random_key k, selection& chosen) { s.regenerate(d, k, chosen); };
    static constexpr bool bounded_values =
        requires(const V v, std::size_t n) { double(v.contraction(n)); } || requires(const V v, std::size_t n) {
            requires V::unbiased;
            double(v.variance(n));
        };
    static constexpr bool unbiased_by_default = [] {
        if constexpr (requires { S{}.is_unbiased(); }) {
            return S{}.is_unbiased() && V::unbiased;
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
                .otherwise(fixed_width_indices::describe().name));
    }

    explicit sparse_compressor(S selector, V values = {}, I indices = {})
        : selector_(std::move(selector)), values_(std::move(values)), indices_(std::move(indices)) {
        if constexpr (requires { selector_.validate(); }) {
            selector_.validate();
        }
    }

    const S& selector() const { return selector_; }
    const V& value_compressor() const { return values_; }
    std::string name() const { return described_name(*this); }

    bool is_unbiased() const { return selector_is_unbiased() && frugal::is_unbiased(values_); }
    //! E||C(x) - x||^2 <= variance(d) ||x||^2, for an unbiased V.
    double variance(std::size_t d) const
        requires requires(const S s, const V v, std::size_t n) {
            double(s.variance(n));
            double(v.variance(n));
        }
    {
        return (1 + selector_.variance(d)) * (1 + values_.variance(count_for(d))) - 1;
    }
    //! E||C(x) - x||^2 <= (1 - contraction(d)) ||x||^2; above 0 where this is a contraction.
    double contraction(std::size_t d) const
        requires requires(const S s, std::size_t n) { double(s.contraction(n)); } && bounded_values
    {
        const double lost_by_values = 1 - contraction_of_values(count_for(d));
        if constexpr (requires { double(selector_.variance(d)); }) {
            if (selector_is_unbiased()) {  // its values are scaled up before V sees them
                const double omega = selector_.variance(d);
                const double norm = std::sqrt(lost_by_values * (1 + omega)) + std::sqrt(omega);
                return 1 - (frugal::is_unbiased(values_) ? lost_by_values * (1 + omega) + omega : norm * norm);
            }
        }
        return selector_.contraction(d) * (1 - lost_by_values);
    }

    void encode(std::span<const float> x, random_key k, payload_writer& w) {
        expect(x.size() <= largest_dimension, "a sparse message has at most 2^32 - 1 coordinates: split the vector");
        chosen_.values.clear();
        selector_.select(x, selection_key(k), chosen_);
        const auto& indices = chosen_.indices;
        if (chosen_.values.empty()) {
            chosen_.values.resize(indices.size());
            for (std::size_t i = 0; i < indices.size(); ++i) {
                chosen_.values[i] = x[indices[i]];
            }
        }
        if constexpr (!counts_from_dimension) {
            w.bits(indices.size(), bits_for(std::uint64_t{x.size()} + 1));
        }
        if (!receiver_draws()) {
            indices_.encode(indices, x.size(), w);
        }
        if (!indices.empty()) {
            try {
                values_.encode(chosen_.values, value_key(k), w);
            } catch (const invalid_input&) {  // names an element of what was selected
                kernels::expect_all_finite(x);
                expect(kernels::first_nonfinite(chosen_.values) == chosen_.values.size(),
                       "the selected elements, scaled up to be unbiased, exceed the range of float: scale the vector "
                       "down");
                throw;
            }
        }
    }
    void decode(payload_reader& r, random_key k, std::span<float> y) {
        read(r, k, y.size());
        std::fill(y.begin(), y.end(), 0.0f);
        for (std::size_t i = 0; i < chosen_.indices.size(); ++i) {
            y[chosen_.indices[i]] = chosen_.values[i];
        }
    }
    void decode_add(payload_reader& r, random_key k, float weight, std::span<float> acc) {
        read(r, k, acc.size());
        for (std::size_t i = 0; i < chosen_.indices.size(); ++i) {
            float& a = acc[chosen_.indices[i]];
            a = multiply_add(weight, chosen_.values[i], a);
        }
    }
    void state(state_archive& a) { save_or_restore(a, values_); }

private:
    static constexpr std::size_t largest_dimension = std::numeric_limits<std::uint32_t>::max();

    static random_key value_key(random_key k) { return k.for_purpose(1); }
    static random_key selection_key(random_key k) { return k.for_purpose(2); }

    bool selector_is_unbiased() const {
        if constexpr (requires { selector_.is_unbiased(); }) {
            return selector_.is_unbiased();
        } else {
            return false;
        }
    }
    double contraction_of_values(std::size_t n) const {
        if constexpr (requires { double(values_.contraction(n)); }) {
            return values_.contraction(n);
        } else {
            return 1 - values_.variance(n);
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
    void read(payload_reader& r, random_key k, std::size_t d) {
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
                selector_.regenerate(d, selection_key(k), chosen_);
            }
        } else {
            expect_message(count * indices_.least_bits(d) <= r.remaining_bits(),
                           "the message ends before its content: it was truncated; send it again");
            chosen_.indices.resize(count);
            indices_.decode(r, d, chosen_.indices);
        }
        chosen_.values.resize(count);
        if (count > 0) {
            values_.decode(r, value_key(k), chosen_.values);
        }
    }

    S selector_;
    V values_;
    [[no_unique_address]] I indices_;
    selection chosen_;
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
