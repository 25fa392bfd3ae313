//! `contractive{C}`: an unbiased compressor divided by 1 + its variance, which makes it a contraction.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include <frugal/compress/agreement.hpp>
#include <frugal/compress/laws.hpp>
#include <frugal/compress/message_interface.hpp>
#include <frugal/compress/properties.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/core/tensor_layout.hpp>
#include <frugal/kernels/elementwise.hpp>

namespace frugal {

//! C'(x) = C(x) / (1 + omega), omega = C.variance(d): E||C'(x) - x||^2 <= (1 - 1 / (1 + omega)) ||x||^2 (Koloskova et
//! al. 2019). What error feedback and CHOCO need of an unbiased compressor with omega >= 1. The same bits as C. Throws
//! for a compressor that is biased or whose variance is not known.
template <Compressor C>
class contractive : public message_interface<contractive<C>> {
public:
    static constexpr bool unbiased = false;
    static constexpr auto describe() {
        return describes("contractive", "an unbiased compressor divided by 1 + its variance: a contraction",
                         part("compressor", &contractive::inner_, "unbiased, of known variance"));
    }

    explicit contractive(C inner) : inner_(std::move(inner)) {
        const laws l = laws_of(inner_, 1);
        expect(l.unbiased && l.variance.has_value(),
               [this] { return "contractive: " + inner_.name() + " is not an unbiased compressor of known variance"; });
    }

    C& inner() { return inner_; }
    void fit(const tensor_layout& layout) {
        fit_to(inner_, layout);
        this->scheme_ = {};
    }
    bool stateless() const { return is_stateless(inner_); }
    double contraction(std::size_t d) const { return 1 / (1 + laws_of(inner_, d).variance.value()); }
    laws laws_for(std::size_t d) const { return {.contraction = contraction(d), .linear = laws_of(inner_, d).linear}; }
    std::size_t agreement_size(std::size_t d) const { return agreement_size_of(inner_, d); }
    void share(std::span<const float> x, std::span<float> out) const { share_of(inner_, x, out); }
    void agree(std::span<const float> largest) { agree_with(inner_, largest); }
    std::string name() const { return described_name(*this); }

    void encode(std::span<const float> x, random_key k, payload_writer& w)
        requires(!encodes_const<C>)
    {
        inner_.encode(x, k, w);
    }
    void encode(std::span<const float> x, random_key k, payload_writer& w) const
        requires encodes_const<C>
    {
        inner_.encode(x, k, w);
    }
    void decode(payload_reader& r, random_key k, std::span<float> y) const {
        std::ranges::fill(y, 0.0f);
        decode_add(r, k, 1.0f, y);
    }
    void decode_add(payload_reader& r, random_key k, float weight, std::span<float> acc) const {
        inner_.decode_add(r, k, rounded(weight * static_cast<float>(contraction(acc.size()))), acc);
    }
    void state(state_archive& a) { save_or_restore(a, inner_); }

private:
    C inner_;
};

}  // namespace frugal
