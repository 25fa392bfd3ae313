//! `error_feedback{C}`: what a message lost is added to the next vector (Seide et al. 2014; Karimireddy et al. 2019).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <frugal/compress/message_interface.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/kernels/elementwise.hpp>
#include <frugal/kernels/norms.hpp>

namespace frugal {

//! z = x + r;  message = C(z);  r <- z - C(z).  The residual r starts at 0 and stays with the sender.
//!
//! Invariant: the sum of all decoded messages plus r is the sum of all inputs. Makes any contraction converge; do not
//! wrap an unbiased compressor of variance above 1 (its residual grows without bound). State: d floats per node. Each
//! message needs a fresh key: the last one again is refused, because its residual has already been updated. So is a
//! message
//! that only side information decodes: the sender cannot know what the receiver will make of it.
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
    double contraction(std::size_t d) const
        requires ContractiveCompressor<C>
    {
        return inner_.contraction(d);
    }

    void encode(std::span<const float> x, random_key k, payload_writer& w) {
        expect(last_key_ != k, "error feedback was given the same key twice: advance the round for each message");
        if constexpr (SideInformationCompressor<C>) {
            expect(!inner_.needs_side_information(k),
                   "error feedback cannot tell what a message loses that is decoded near a vector only the receiver "
                   "knows: give feedback to the compressors that need none");
        }
        if (residual_.size() != x.size()) {
            expect(residual_.empty(),
                   "error feedback holds a residual of another dimension: use one compressor per tensor");
            residual_.assign(x.size(), 0.0f);
        }
        corrected_.resize(x.size());
        kernels::add(x, residual_, corrected_);
        scratch_.clear();
        payload_writer part(scratch_);
        try {
            inner_.encode(corrected_, k, part);
        } catch (const invalid_input&) {
            kernels::expect_all_finite(x);
            expect(kernels::first_nonfinite(corrected_) == corrected_.size(),
                   "the input and what error feedback has kept exceed the range of float together: scale the vector "
                   "down");
            throw;
        }
        payload_reader sent(part.written());
        inner_.decode_add(sent, k, -1.0f, corrected_);
        std::swap(residual_, corrected_);
        last_key_ = k;
        const auto out = w.block(scratch_.size(), part.cost());
        std::copy(scratch_.begin(), scratch_.end(), out.begin());
    }
    void decode(payload_reader& r, random_key k, std::span<float> y) {
        r.align();
        inner_.decode(r, k, y);
    }
    void decode_add(payload_reader& r, random_key k, float weight, std::span<float> acc) {
        r.align();
        inner_.decode_add(r, k, weight, acc);
    }
    void state(state_archive& a) {
        a(residual_);
        a(last_key_);
        save_or_restore(a, inner_);
    }

private:
    C inner_;
    std::vector<float> residual_;
    std::vector<float> corrected_;
    std::vector<std::byte> scratch_;
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
