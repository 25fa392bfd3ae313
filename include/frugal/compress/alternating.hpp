//! `alternating{A, B}`: even nodes use one compressor, odd nodes another.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>
#include <utility>

#include <frugal/compress/agreement.hpp>
#include <frugal/compress/laws.hpp>
#include <frugal/compress/message_interface.hpp>
#include <frugal/compress/properties.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/tensor_layout.hpp>

namespace frugal {

//! C(x) = A(x) for messages of even `key.node`, B(x) for odd ones; receivers tell by the key, so no bit is spent on it.
//!
//! With A = a dithered and B = a nested_dithered compressor this is the half-and-half protocol of Abdi 2020, sec. 2.2:
//! B's messages are decoded near the mean of A's (`side_information_mean`). A sender must then have an even number.
template <Compressor A, Compressor B>
class alternating : public message_interface<alternating<A, B>> {
    static constexpr bool encodes_as_const = encodes_const<A> && encodes_const<B>;

public:
    static constexpr bool unbiased = A::unbiased && B::unbiased;
    static constexpr auto describe() {
        return describes("alternating", "one compressor for even nodes, another for odd ones",
                         part("even", &alternating::even_, "for nodes 0, 2, 4, ..."),
                         part("odd", &alternating::odd_, "for nodes 1, 3, 5, ..."));
    }

    alternating(A even, B odd) : even_(std::move(even)), odd_(std::move(odd)) {}

    A& even() { return even_; }
    B& odd() { return odd_; }
    std::string name() const { return described_name(*this); }
    void fit(const tensor_layout& layout) {
        fit_to(even_, layout);
        fit_to(odd_, layout);
        this->scheme_ = {};
    }
    bool stateless() const { return is_stateless(even_) && is_stateless(odd_); }
    laws laws_for(std::size_t d) const { return common_laws(laws_of(even_, d), laws_of(odd_, d)); }
    double variance(std::size_t d) const
        requires requires(const A a, const B b, std::size_t n) {
            double(a.variance(n));
            double(b.variance(n));
        }
    {
        return std::max(even_.variance(d), odd_.variance(d));
    }
    double contraction(std::size_t d) const
        requires requires(const A a, const B b, std::size_t n) {
            double(a.contraction(n));
            double(b.contraction(n));
        }
    {
        return std::min(even_.contraction(d), odd_.contraction(d));
    }
    //! Where both may be cut.
    std::size_t granule() const {
        const std::size_t a = granule_of(even_);
        const std::size_t b = granule_of(odd_);
        return a == 0 || b == 0 ? 0 : std::lcm(a, b);
    }
    //! The numbers of the even compressor, then those of the odd one: all senders agree on both.
    std::size_t agreement_size(std::size_t d) const { return agreement_size_of(even_, d) + agreement_size_of(odd_, d); }
    void share(std::span<const float> x, std::span<float> out) const {
        const std::size_t n = agreement_size_of(even_, x.size());
        share_of(even_, x, out.first(n));
        share_of(odd_, x, out.subspan(n));
    }
    void agree(std::span<const float> largest) {
        const std::size_t n = agreement_size_of(even_, 1);  // no compressor's depends on the dimension
        agree_with(even_, largest.first(n));
        agree_with(odd_, largest.subspan(n));
    }
    bool needs_side_information(random_key k) const
        requires SideInformationCompressor<A> || SideInformationCompressor<B>
    {
        return is_even(k) ? needs(even_, k) : needs(odd_, k);
    }

    void encode(std::span<const float> x, random_key k, payload_writer& w)
        requires(!encodes_as_const)
    {
        is_even(k) ? even_.encode(x, k, w) : odd_.encode(x, k, w);
    }
    void encode(std::span<const float> x, random_key k, payload_writer& w) const
        requires encodes_as_const
    {
        is_even(k) ? even_.encode(x, k, w) : odd_.encode(x, k, w);
    }
    void encode(std::span<const float> x, random_key k, payload_writer& w, std::span<float> echo)
        requires(!encodes_as_const)
    {
        is_even(k) ? encode_with_echo(even_, x, k, w, echo) : encode_with_echo(odd_, x, k, w, echo);
    }
    void encode(std::span<const float> x, random_key k, payload_writer& w, std::span<float> echo) const
        requires encodes_as_const
    {
        is_even(k) ? encode_with_echo(even_, x, k, w, echo) : encode_with_echo(odd_, x, k, w, echo);
    }
    void decode(payload_reader& r, random_key k, std::span<float> y) const {
        is_even(k) ? even_.decode(r, k, y) : odd_.decode(r, k, y);
    }
    void decode_add(payload_reader& r, random_key k, float weight, std::span<float> acc) const {
        is_even(k) ? even_.decode_add(r, k, weight, acc) : odd_.decode_add(r, k, weight, acc);
    }
    //! Decodes near `side` where this node's messages need it, and without it where they do not.
    void decode(payload_reader& r, random_key k, std::span<const float> side, std::span<float> y) const
        requires SideInformationCompressor<A> || SideInformationCompressor<B>
    {
        is_even(k) ? decode_near(even_, r, k, side, y) : decode_near(odd_, r, k, side, y);
    }
    using message_interface<alternating>::decompress;
    void decompress(const message& m, random_key k, std::span<const float> side, std::span<float> y) const
        requires SideInformationCompressor<A> || SideInformationCompressor<B>
    {
        read_message(*this, this->scheme_, m, k, y.size(), [&](payload_reader& r) { decode(r, k, side, y); });
    }
    void state(state_archive& a) {
        save_or_restore(a, even_);
        save_or_restore(a, odd_);
    }

private:
    static bool is_even(random_key k) { return k.node % 2 == 0; }
    template <class C>
    static bool needs(const C& c, random_key k) {
        if constexpr (SideInformationCompressor<C>) {
            return c.needs_side_information(k);
        } else {
            return false;
        }
    }
    template <class C>
    static void decode_near(const C& c, payload_reader& r, random_key k, std::span<const float> side,
                            std::span<float> y) {
        if constexpr (SideInformationCompressor<C>) {
            c.decode(r, k, side, y);
        } else {
            c.decode(r, k, y);
        }
    }

    A even_;
    B odd_;
};

}  // namespace frugal
