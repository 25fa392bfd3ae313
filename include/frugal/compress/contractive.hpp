//! `contractive{C}`: an unbiased compressor divided by 1 + its variance, which makes it a contraction.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <frugal/compress/message_interface.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/exact.hpp>

namespace frugal {

//! C'(x) = C(x) / (1 + omega), omega = C.variance(d): E||C'(x) - x||^2 <= (1 - 1 / (1 + omega)) ||x||^2 (Koloskova et
//! al.
//! 2019). What error feedback and CHOCO need of an unbiased compressor with omega >= 1. The same bits as C. Throws for
//! a
//! compressor that is biased or whose variance is not known, which only the options of some (`any_compressor`) tell.
template <Compressor C>
    requires requires(const C c, std::size_t d) { std::optional<double>(c.variance(d)); }
class contractive : public message_interface<contractive<C>> {
public:
    static constexpr bool unbiased = false;
    static constexpr auto describe() {
        return describes("contractive", "an unbiased compressor divided by 1 + its variance: a contraction",
                         part("compressor", &contractive::inner_, "unbiased, of known variance"));
    }

    explicit contractive(C inner) : inner_(std::move(inner)) {
        expect(is_unbiased(inner_) && std::optional<double>(inner_.variance(1)).has_value(),
               "contractive: " + inner_.name() + " is not an unbiased compressor of known variance");
    }

    C& inner() { return inner_; }
    std::string name() const { return described_name(*this); }
    double contraction(std::size_t d) const { return 1 / (1 + *std::optional<double>(inner_.variance(d))); }

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
