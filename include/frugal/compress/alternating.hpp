//! `alternating{A, B}`: even nodes use one compressor, odd nodes another.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include <frugal/compress/message_interface.hpp>
#include <frugal/core/describe.hpp>

namespace frugal {

//! C(x) = A(x) for messages of even `key.node`, B(x) for odd ones; receivers tell by the key, so no bit is spent on it.
//!
//! With A = a dithered and B = a nested_dithered compressor this is the half-and-half protocol of Abdi 2020, sec. 2.2:
//! B's
//! messages are decoded near the mean of A's (`side_information_mean`). A sender must then have an even number.
template <Compressor A, Compressor B>
class alternating : public message_interface<alternating<A, B>> {
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
    bool is_unbiased() const { return frugal::is_unbiased(even_) && frugal::is_unbiased(odd_); }
    double variance(std::size_t d) const
        requires UnbiasedCompressor<A> && UnbiasedCompressor<B>
    {
        return std::max(even_.variance(d), odd_.variance(d));
    }
    double contraction(std::size_t d) const
        requires ContractiveCompressor<A> && ContractiveCompressor<B>
    {
        return std::min(even_.contraction(d), odd_.contraction(d));
    }
    bool needs_side_information(random_key k) const
        requires SideInformationCompressor<A> || SideInformationCompressor<B>
    {
        return is_even(k) ? needs(even_, k) : needs(odd_, k);
    }

    void encode(std::span<const float> x, random_key k, payload_writer& w) {
        is_even(k) ? even_.encode(x, k, w) : odd_.encode(x, k, w);
    }
    void decode(payload_reader& r, random_key k, std::span<float> y) {
        is_even(k) ? even_.decode(r, k, y) : odd_.decode(r, k, y);
    }
    void decode_add(payload_reader& r, random_key k, float weight, std::span<float> acc) {
        is_even(k) ? even_.decode_add(r, k, weight, acc) : odd_.decode_add(r, k, weight, acc);
    }
    //! Decodes near `side` where this node's messages need it, and without it where they do not.
    void decode(payload_reader& r, random_key k, std::span<const float> side, std::span<float> y)
        requires SideInformationCompressor<A> || SideInformationCompressor<B>
    {
        is_even(k) ? decode_near(even_, r, k, side, y) : decode_near(odd_, r, k, side, y);
    }
    using message_interface<alternating>::decompress;
    void decompress(const message& m, random_key k, std::span<const float> side, std::span<float> y)
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
    static void decode_near(C& c, payload_reader& r, random_key k, std::span<const float> side, std::span<float> y) {
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
