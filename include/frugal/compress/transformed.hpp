//! `transformed{T, C}`: a compressor behind a random linear transform, such as a rotation.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <frugal/compress/agreement.hpp>
#include <frugal/compress/echo.hpp>
#include <frugal/compress/laws.hpp>
#include <frugal/compress/message_interface.hpp>
#include <frugal/compress/properties.hpp>
#include <frugal/compress/transform/hadamard.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/kernels/elementwise.hpp>
#include <frugal/kernels/norms.hpp>

namespace frugal {

//! C'(x) = T' C(T x), T drawn anew from each key. Payload: that of C.
//!
//! Behind a rotation every law of C holds as it is: T' undoes T and keeps lengths. Behind a T that keeps k of n rows
//! the error of an unbiased C is exactly (n / k - 1) ||x||^2 + (n / k) E||C(T x) - T x||^2 (Abdi 2020, thm. 7). And
//! since T x is flat whatever x is, two bounds get much better:
//!   peak_variance (max-norm quantizers): E max (T x)_i^2 <= 3 ln m / (m - 1) ||x||^2 for m coordinates that share a
//!     scale (Abdi 2020, D.9), so 7 dithered levels have a variance of ln(n) / 36 in place of n / 108;
//!   mean_contraction (sign with mean_abs; Vargaftik et al. 2021, DRIVE): E|(T x)_i| >= ||x|| / sqrt(2 n) (Szarek 1976),
//!     so sign is a contraction of 1/2 in place of 1/n.
//! C should have one scale for each `size` coordinates (`bucketed`). Borrows the transformed vector. C must not be one
//! whose senders agree on numbers: what they would offer depends on the key.
template <Transform T, Compressor C>
class transformed : public message_interface<transformed<T, C>> {
public:
    static constexpr bool unbiased = C::unbiased;
    static constexpr auto describe() {
        return describes("transformed", "a compressor behind a random rotation or projection",
                         part("transform", &transformed::transform_, "what is done to the vector"),
                         part("compressor", &transformed::inner_, "of the transformed vector"));
    }

    explicit transformed(T transform, C inner) : transform_(std::move(transform)), inner_(std::move(inner)) {
        if constexpr (requires { transform_.validate(); }) {
            transform_.validate();
        }
        expect(agreement_size_of(inner_, 1) == 0, [this] {
            return "transformed: senders cannot agree on the scale of what each transforms by its own key, as " +
                   inner_.name() + " asks them to";
        });
    }

    C& inner() { return inner_; }
    const C& inner() const { return inner_; }
    const T& transform() const { return transform_; }
    std::string name() const { return described_name(*this); }
    bool stateless() const { return is_stateless(inner_); }
    std::size_t granule() const {
        const std::size_t g = granule_of(inner_);
        const transform_block b = transform_.block();
        return g == 0 ? 0 : std::lcm(g, b.kept) / b.kept * b.order;
    }
    laws laws_for(std::size_t d) const {
        const transform_block b = transform_.block();
        const std::size_t length = transform_.length(d);
        const std::size_t g = granule_of(inner_);
        const std::size_t shared = g == 0 ? length : std::min(g, length);  // numbers of T x that share a scale
        if (d % b.order == 0) {
            return behind(b, length, shared);
        }
        const transform_block rest = transform_.rest(d);
        const bool apart = g != 0 && b.kept % g == 0;  // the rest has scales of its own
        const laws last = behind(rest, apart ? rest.kept : length, apart ? std::min(g, rest.kept) : shared);
        return d < b.order ? last : common_laws(behind(b, length, shared), last);
    }

    void encode(std::span<const float> x, random_key k, payload_writer& w)
        requires(!encodes_const<C>)
    {
        encode_by(*this, x, k, w);
    }
    void encode(std::span<const float> x, random_key k, payload_writer& w) const
        requires encodes_const<C>
    {
        encode_by(*this, x, k, w);
    }
    void encode(std::span<const float> x, random_key k, payload_writer& w, std::span<float> echo)
        requires(!encodes_const<C>)
    {
        encode_by(*this, x, k, w, echo);
    }
    void encode(std::span<const float> x, random_key k, payload_writer& w, std::span<float> echo) const
        requires encodes_const<C>
    {
        encode_by(*this, x, k, w, echo);
    }
    void decode(payload_reader& r, random_key k, std::span<float> y) const {
        decode_by(k, y.size(), copy_to(y), [&](std::span<float> z) { inner_.decode(r, inner_key(k), z); });
    }
    void decode_add(payload_reader& r, random_key k, float weight, std::span<float> acc) const {
        const auto add = [&](std::size_t first, std::span<const float> part) {
            kernels::axpy(weight, part, acc.subspan(first, part.size()));
        };
        decode_by(k, acc.size(), add, [&](std::span<float> z) { inner_.decode(r, inner_key(k), z); });
    }
    //! Near T side, where C decodes near a vector that receivers know.
    bool needs_side_information(random_key k) const
        requires SideInformationCompressor<C>
    {
        return inner_.needs_side_information(inner_key(k));
    }
    void decode(payload_reader& r, random_key k, std::span<const float> side, std::span<float> y) const
        requires SideInformationCompressor<C>
    {
        expect(side.size() == y.size(), "side information differs in length from the output");
        decode_by(k, y.size(), copy_to(y), [&](std::span<float> z) {
            const auto near = borrow<float>(z.size());
            transform_.forward(side, transform_key(k), near);
            inner_.decode(r, inner_key(k), near, z);
        });
    }
    using message_interface<transformed>::decompress;
    void decompress(const message& m, random_key k, std::span<const float> side, std::span<float> y) const
        requires SideInformationCompressor<C>
    {
        read_message(*this, this->scheme_, m, k, y.size(), [&](payload_reader& r) { decode(r, k, side, y); });
    }
    void state(state_archive& a) { save_or_restore(a, inner_); }

private:
    //! So that T' finds nothing too large, also where C makes numbers larger.
    static constexpr float largest_sent = 1e26f;

    static random_key inner_key(random_key k) { return k.for_purpose(1); }
    static random_key transform_key(random_key k) { return k.for_purpose(2); }

    //! Of blocks that are all `b`, where C sees `length` numbers of which `shared` have one scale.
    laws behind(const transform_block& b, std::size_t length, std::size_t shared) const {
        const laws inner = laws_of(inner_, length);
        const double lost = static_cast<double>(b.order) / static_cast<double>(b.kept);
        laws result{.unbiased = inner.unbiased, .linear = inner.linear};
        const bool aligned = shared % b.kept == 0 || b.kept % shared == 0 || shared == length;
        const std::size_t m = std::min(shared, b.kept);
        std::optional<double> variance = inner.variance;
        if (inner.peak_variance && aligned && m > 1) {
            const double peak = 3 * std::log(static_cast<double>(m)) / static_cast<double>(m - 1);
            const double flat = *inner.peak_variance * std::min(1.0, peak);
            variance = std::min(flat, variance.value_or(flat));
        }
        if (inner.unbiased && variance) {
            result = laws_from_variance(true, lost * (1 + *variance) - 1);
            result.linear = inner.linear;
        }
        result.corrected = b.kept == b.order && inner.corrected;
        if (b.kept == b.order && inner.contraction) {
            result.contraction = std::max(result.contraction.value_or(0), *inner.contraction);
        }
        if (b.kept == b.order && inner.mean_contraction && aligned) {
            const double blocks = std::max(1.0, static_cast<double>(shared) / static_cast<double>(b.kept));
            result.contraction = std::max(result.contraction.value_or(0), *inner.mean_contraction / (2 * blocks));
        }
        return result;
    }

    static auto copy_to(std::span<float> y) {
        return
            [y](std::size_t first, std::span<const float> part) { std::ranges::copy(part, y.subspan(first).begin()); };
    }
    template <class Use, class Decode>
    void decode_by(random_key k, std::size_t d, Use use, Decode decode) const {
        const auto z = borrow<float>(transform_.length(d));
        decode(std::span<float>(z));
        const float largest = std::numeric_limits<float>::max() / (4 * static_cast<float>(transform_.block().order));
        expect_message(kernels::max_abs(z) <= largest, "a message decodes to numbers beyond the range of float");
        transform_.adjoint(z, transform_key(k), d, use);
    }
    //! Self is const where C can be. echo: none, or filled with what receivers decode.
    template <class Self, class... Echo>
    static void encode_by(Self& self, std::span<const float> x, random_key k, payload_writer& w, Echo... echo) {
        const auto z = borrow<float>(self.transform_.length(x.size()));
        if (!(self.transform_.forward(x, transform_key(k), z) <= largest_sent)) {
            kernels::expect_all_finite(x);
            throw invalid_input("the transformed vector exceeds 1e26: scale the vector down");
        }
        if constexpr (sizeof...(Echo) == 0) {
            self.inner_.encode(z, inner_key(k), w);
        } else {
            encode_with_echo(self.inner_, z, inner_key(k), w, z);
            self.transform_.adjoint(z, transform_key(k), x.size(), copy_to(echo...));
        }
    }

    T transform_;
    C inner_;
};

}  // namespace frugal
