//! `contractive{C}`: an unbiased compressor divided by 1 + its variance, which makes it a contraction.
#pragma once

#include <string>
#include <utility>

#include <frugal/compress/message_interface.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/core/expression.hpp>

namespace frugal {

//! C'(x) = C(x) / (1 + omega), omega = C.variance(d): E||C'(x) - x||^2 <= (1 - 1 / (1 + omega)) ||x||^2 (Koloskova et al.
//! 2019). What error feedback and CHOCO need of an unbiased compressor with omega >= 1. The same bits as C.
template <UnbiasedCompressor C>
class contractive : public message_interface<contractive<C>> {
public:
    static constexpr bool unbiased = false;

    explicit contractive(C inner) : inner_(std::move(inner)) {}

    C& inner() { return inner_; }
    std::string name() const { return composition("contractive", {inner_.name()}); }
    double contraction(std::size_t d) const { return 1 / (1 + inner_.variance(d)); }

    void encode(std::span<const float> x, random_key k, payload_writer& w) { inner_.encode(x, k, w); }
    void decode(payload_reader& r, random_key k, std::span<float> y) {
        inner_.decode(r, k, y);
        const float factor = factor_for(y.size());
        for (float& v : y) {
            v = rounded(factor * v);
        }
    }
    void decode_add(payload_reader& r, random_key k, float weight, std::span<float> acc) {
        inner_.decode_add(r, k, rounded(weight * factor_for(acc.size())), acc);
    }
    void state(state_archive& a) { save_or_restore(a, inner_); }

private:
    float factor_for(std::size_t d) const { return static_cast<float>(contraction(d)); }

    C inner_;
};

}  // namespace frugal
