//! `error_feedback{C}`: what a message lost is added to the next vector (Seide et al. 2014; Karimireddy et al. 2019);
//! `weighted_error_feedback{C, beta}`: a part of it (Abdi 2020).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <frugal/compress/agreement.hpp>
#include <frugal/compress/laws.hpp>
#include <frugal/compress/message_interface.hpp>
#include <frugal/compress/properties.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/core/tensor_layout.hpp>
#include <frugal/kernels/elementwise.hpp>

namespace frugal {

namespace detail {

//! What `error_feedback` and `weighted_error_feedback` share:
//! z = x + taken r;  message = C(z);  r <- left r + z - C(z), with r = 0 at first.
template <class Derived, Compressor C>
class residual_feedback : public message_interface<Derived> {
public:
    static constexpr bool unbiased = false;

    C& inner() { return inner_; }
    void fit(const tensor_layout& layout) {
        fit_to(inner_, layout);
        this->scheme_ = {};
    }
    std::span<const float> residual() const { return residual_; }
    std::size_t granule() const { return granule_of(inner_); }
    std::size_t agreement_size(std::size_t d) const { return agreement_size_of(inner_, d); }
    //! Of x and what is kept back.
    void share(std::span<const float> x, std::span<float> out) const {
        if (residual_.empty()) {
            share_of(inner_, x, out);
            return;
        }
        check_dimension(x);
        const auto corrected = borrow<float>(x.size());
        kernels::scale(taken_, residual_, corrected);
        kernels::add(x, corrected, corrected);
        attributed(x, [&] { share_of(inner_, corrected, out); });
    }
    void agree(std::span<const float> largest) { agree_with(inner_, largest); }

    void encode(std::span<const float> x, random_key k, payload_writer& w) {
        check(x, k);
        w.align();
        attributed(x, [&] { encode_corrected(x, k, w); });
        w.align();
        last_key_ = k;
    }
    void encode(std::span<const float> x, random_key k, payload_writer& w, std::span<float> echo) {
        w.align();
        const std::uint64_t begin = w.position();
        encode(x, k, w);
        w.read_back(begin, [&](payload_reader& sent) { inner_.decode(sent, k, echo); });
    }
    void decode(payload_reader& r, random_key k, std::span<float> y) const {
        r.align();
        inner_.decode(r, k, y);
        r.align();
    }
    void decode_add(payload_reader& r, random_key k, float weight, std::span<float> acc) const {
        r.align();
        inner_.decode_add(r, k, weight, acc);
        r.align();
    }
    //! The message that was compressed under this key was lost, and is not sent again: what it carried is kept back, so
    //! that it arrives with later ones. Any message may be taken back, not the last one only, but each at most once.
    //! Throws what `decompress` throws; then nothing is taken back. O(d).
    void take_back(const message& lost, random_key k) {
        const auto carried = borrow<float>(lost.dimension());
        this->decompress(lost, k, carried);
        expect(residual_.size() == carried.size(), "error feedback has sent no message of this dimension");
        kernels::add(residual_, carried, residual_);
    }
    void state(state_archive& a) {
        a(residual_);
        a(last_key_);
        save_or_restore(a, inner_);
    }

protected:
    explicit residual_feedback(C inner, float taken, float left)
        : inner_(std::move(inner)), taken_(taken), left_(left) {}

    C inner_;
    float taken_;

private:
    void encode_corrected(std::span<const float> x, random_key k, payload_writer& w) {
        if (taken_ == 1 && left_ == 0) {
            encode_sum(inner_, x, residual_, k, w);
            return;
        }
        const auto lost = borrow<float>(x.size());
        kernels::scale(taken_, residual_, lost);
        encode_sum(inner_, x, lost, k, w);
        kernels::scale(left_, residual_, residual_);
        kernels::add(residual_, lost, residual_);
    }
    void check_dimension(std::span<const float> x) const {
        expect(residual_.size() == x.size(),
               "error feedback holds a residual of another dimension: use one compressor per tensor");
    }
    //! Throws unless this message may be sent.
    void check(std::span<const float> x, random_key k) {
        expect(last_key_ != k, "error feedback was given the same key twice: advance the round for each message");
        if constexpr (SideInformationCompressor<C>) {
            expect(!inner_.needs_side_information(k),
                   "error feedback cannot tell what a message loses that is decoded near a vector only the receiver "
                   "knows: give feedback to the compressors that need none");
        }
        if (residual_.empty()) {
            static_cast<const Derived&>(*this).check_laws(x.size());
            residual_.assign(x.size(), 0.0f);
        }
        check_dimension(x);
    }
    //! What is not finite in x + r is the fault of x only where x is not.
    template <class Encode>
    static void attributed(std::span<const float> x, Encode encode) {
        try {
            encode();
        } catch (const nonfinite_input& e) {
            expect(!is_finite(x[e.index]),
                   "the input and what error feedback has kept exceed the range of float together: scale the vector "
                   "down, or give feedback to a compressor that bounds what is kept (see bounds_residual)");
            throw;
        }
    }

    float left_;
    std::vector<float> residual_;
    std::optional<random_key> last_key_;
};

}  // namespace detail

//! z = x + decay r;  message = C(z);  r <- z - C(z).  The residual r starts at 0 and stays with the sender.
//!
//! Invariant of decay = 1: the sum of all decoded messages plus r is the sum of all inputs. r stays bounded around any
//! contraction, and around compressors whose error in a coordinate is always less than the largest magnitude
//! (`bounds_residual`: dithered rounding under the max-norm, whatever its variance); around TernGrad or QSGD in its
//! original form it may grow without bound, and an exception ends that when floats do. `require_bounded_residual` asks.
//! decay < 1 forgets, for residuals that would be stale when their turn comes (SparseLoCo, Sarfi et al. 2025). As x ->
//! C(x + r) depends on the past, this is no contraction, whatever C is. State: d floats per node. Each message needs a
//! fresh key: the last one again is refused, because its residual has already been updated. So is a message that only
//! side information decodes: the sender cannot know what the receiver will make of it.
template <Compressor C>
class error_feedback : public detail::residual_feedback<error_feedback<C>, C> {
    using base = detail::residual_feedback<error_feedback<C>, C>;
    friend base;

public:
    static constexpr auto describe() {
        return describes(
            "error_feedback", "adds what each message lost to the next vector",
            part("compressor", &error_feedback::inner_, "the compressor to correct"),
            option("decay", &error_feedback::taken_, "of what is kept").from(0).to(1).otherwise("1").unless_default());
    }

    explicit error_feedback(C inner, float decay = 1) : base(std::move(inner), decay, 0) { validate_described(*this); }

    std::string name() const { return described_name(*this); }

    laws laws_for(std::size_t d) const { return {.corrected = bounds_residual(laws_of(this->inner_, d))}; }

private:
    void check_laws(std::size_t) const {}
};

//! z = x + beta r;  message = C(z);  r <- (1 - beta) r + z - C(z)  (Abdi 2020, sec. 4.3): feedback of a part of what is
//! kept, for compressors that are unbiased and no contraction.
//!
//! Invariant of every beta: the sum of all decoded messages plus r is the sum of all inputs. With inputs independent of
//! r, E||r'||^2 <= ((1 - beta)^2 + beta^2 gamma) E||r||^2 + gamma E||x||^2 for an unbiased C of variance gamma, so r
//! stays bounded for beta < 2 / (1 + gamma), best with beta = 1 / (1 + gamma): gamma (1 + gamma) E||x||^2. Around a
//! contraction every beta will do and 1, which is `error_feedback`, does best. The first message is refused where the
//! laws of C say that r may grow. Otherwise as error_feedback.
template <Compressor C>
class weighted_error_feedback : public detail::residual_feedback<weighted_error_feedback<C>, C> {
    using base = detail::residual_feedback<weighted_error_feedback<C>, C>;
    friend base;

public:
    static constexpr auto describe() {
        return describes("weighted_error_feedback", "adds a part of what messages lost to the next vector",
                         part("compressor", &weighted_error_feedback::inner_, "the compressor to correct"),
                         option("beta", &weighted_error_feedback::taken_, "the part").above(0).to(1));
    }

    explicit weighted_error_feedback(C inner, float beta) : base(std::move(inner), beta, 1 - beta) {
        validate_described(*this);
    }

    //! The largest E||r||^2 / E||x||^2 in the long run, over vectors of d elements and inputs independent of r; empty
    //! where it is not bounded or not known.
    std::optional<double> residual_bound(std::size_t d) const {
        return bound(laws_of(this->inner_, d), double(this->taken_));
    }
    std::string name() const { return described_name(*this); }
    laws laws_for(std::size_t d) const { return {.corrected = residual_bound(d).has_value()}; }

private:
    static std::optional<double> bound(const laws& l, double beta) {
        const double left = 1 - beta;
        std::optional<double> result;
        if (l.contraction) {  // of 1 / (1 + gamma): gamma / (sqrt(gamma + 1 - left^2) - sqrt(gamma))^2
            const double gamma = 1 / *l.contraction - 1;
            const double root = std::sqrt(gamma + 1 - left * left) - std::sqrt(gamma);
            result = gamma / (root * root);
        }
        if (l.unbiased && l.variance) {
            const double shrinks = 1 - left * left - beta * beta * *l.variance;
            if (shrinks > 0) {
                result = std::min(*l.variance / shrinks, result.value_or(HUGE_VAL));
            }
        }
        return result;
    }
    void check_laws(std::size_t d) const {
        const laws l = laws_of(this->inner_, d);
        expect(!l.unbiased || !l.variance || (l.worst_case && *l.worst_case < 1) || bound(l, double(this->taken_)),
               [&] {
                   return "weighted_error_feedback: around " + this->inner_.name() +
                          " what is kept would grow: take beta below " + number_text(2 / (1 + *l.variance));
               });
    }
};

namespace detail {

//! Says in one sentence what is wrong with the argument of an error_feedback.
template <class C>
struct refused_feedback_argument {
    static_assert(Compressor<C>,
                  "error_feedback: its argument must be a Compressor, such as frugal::sparse_compressor{...}");
    using type = C;
};

}  // namespace detail

template <class C>
    requires(!Compressor<C>)
error_feedback(C) -> error_feedback<typename detail::refused_feedback_argument<C>::type>;

}  // namespace frugal
