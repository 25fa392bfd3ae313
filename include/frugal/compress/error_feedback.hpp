//! `error_feedback{C}`: what a message lost is added to the next vector (Seide et al. 2014; Karimireddy et al. 2019).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <frugal/compress/agreement.hpp>
#include <frugal/compress/message_interface.hpp>
#include <frugal/compress/properties.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/kernels/elementwise.hpp>

namespace frugal {

//! z = x + r;  message = C(z);  r <- z - C(z).  The residual r starts at 0 and stays with the sender.
//!
//! Invariant: the sum of all decoded messages plus r is the sum of all inputs. r stays bounded around any contraction,
//! and
//! around compressors whose error in a coordinate is always less than the largest magnitude (`bounds_residual`:
//! dithered
//! rounding under the max-norm, whatever its variance); around TernGrad or QSGD in its original form it may grow
//! without
//! bound, and an exception ends that when floats do. `require_bounded_residual` asks. As x -> C(x + r) depends on the
//! past, this is no contraction, whatever C is. State: d floats per node. Each message needs a fresh key: the last one
//! again is refused, because its residual has already been updated. So is a message that only side information decodes:
//! the sender cannot know what the receiver will make of it.
template <Compressor C>
class error_feedback : public message_interface<error_feedback<C>> {
public:
    static constexpr bool unbiased = false;
    static constexpr auto describe() {
        return describes("error_feedback", "adds what each message lost to the next vector",
                         part("compressor", &error_feedback::inner_, "the compressor to correct"));
    }

    explicit error_feedback(C inner) : inner_(std::move(inner)) {}

    C& inner() { return inner_; }
    std::span<const float> residual() const { return residual_; }
    std::string name() const { return described_name(*this); }
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
        kernels::add(x, residual_, corrected);
        attributed(x, [&] { share_of(inner_, corrected, out); });
    }
    void agree(std::span<const float> largest) { agree_with(inner_, largest); }

    void encode(std::span<const float> x, random_key k, payload_writer& w) {
        check(x, k);
        w.align();
        attributed(x, [&] { encode_sum(inner_, x, residual_, k, w); });
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
    void state(state_archive& a) {
        a(residual_);
        a(last_key_);
        save_or_restore(a, inner_);
    }

private:
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

    C inner_;
    std::vector<float> residual_;
    std::optional<random_key> last_key_;
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
