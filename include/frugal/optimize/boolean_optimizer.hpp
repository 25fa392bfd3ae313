//! `boolean_optimizer`: trains truth values by inverting them, without real weights behind them (Leconte 2024, chapter
//! 3, algorithm 3; chapter 4, equations 4.3 and 4.4).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <frugal/core/describe.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/core/state.hpp>
#include <frugal/kernels/norms.hpp>
#include <frugal/kernels/zip.hpp>
#include <frugal/optimize/buffer.hpp>
#include <frugal/optimize/schedule.hpp>

namespace frugal {

//! When a weight is inverted. threshold: m w >= flip_threshold. sign: m w > 0, as algorithm 3 prints it beside a text
//! that says otherwise; a third of the weights then flip in every step and nothing is learnt.
enum class flip_rule { threshold, sign };

//! What beta is. kept: the fraction of weights that the step before left alone, as algorithm 3 counts. changed: the
//! fraction that it inverted, as equation 4.4 prints; as soon as nothing flips, nothing is remembered. constant:
//! `decay`.
enum class flip_memory { kept, changed, constant };

//! m <- beta m + eta g;  w <- -w and m <- 0 where m w >= flip_threshold;  beta <- the fraction of weights kept.
//!
//! w: -1 and +1 only; other values are refused. g: the variation of the loss, real; where m and w agree in sign,
//! inverting w lowers the loss. m starts at 0 and beta at 1. After a step m w < flip_threshold everywhere; below, m w
//! is bounded only by beta < 1. Only eta / flip_threshold matters; eta belongs to a reduction of g over the batch
//! (objectives take the mean; for the sum divide eta by the batch). One object for each layer, for beta is the layer's
//! (`optimizer_by_kind`). With {.memory = constant, .decay = 1 - gamma, .reset = false} and eta = gamma it is Bop
//! (Helwegen et al. 2019). d floats of memory; O(d), two passes.
struct boolean_optimizer {
    schedule learning_rate = 10;
    float flip_threshold = 1;
    flip_rule rule = flip_rule::threshold;
    flip_memory memory = flip_memory::kept;
    float decay = 1;                   //!< of the accumulator, where memory is constant
    bool reset = true;                 //!< is the accumulator of an inverted weight set to 0?
    float beta = 1;                    //!< state
    std::uint64_t flips = 0;           //!< state: weights inverted by the last step
    std::vector<float> accumulator{};  //!< state

    static constexpr auto describe() {
        return describes(
            "boolean", "inverts truth values whose accumulated gradient asks for it",
            option("learning_rate", &boolean_optimizer::learning_rate, "a number or a schedule"),
            option("flip_threshold", &boolean_optimizer::flip_threshold, "that the accumulator must reach").above(0),
            option("rule", &boolean_optimizer::rule, "when a weight is inverted").one_of("threshold", "sign"),
            option("memory", &boolean_optimizer::memory, "what the accumulator is multiplied by")
                .one_of("kept", "changed", "constant"),
            option("decay", &boolean_optimizer::decay, "of a constant memory").from(0).to(1),
            option("reset", &boolean_optimizer::reset, "whether an inverted weight starts anew"));
    }
    //! Throws `invalid_input`, and changes nothing, where w holds something else than -1 and +1 or g is not finite.
    void update(std::span<float> w, std::span<const float> g, std::uint64_t step) {
        validate();
        expect_same_length(w, g);
        expect_truth_values(w);
        kernels::expect_all_finite(g);
        expect_buffer(accumulator, w.size());
        kernels::zip(
            w.size(),
            [eta = static_cast<float>(learning_rate(step)), b = beta](auto& m, const auto& gradient) {
                using T = std::remove_cvref_t<decltype(m)>;
                m = multiply_add(T(b), m, rounded(T(T(eta) * gradient)));
            },
            accumulator.data(), g.data());
        flips = rule == flip_rule::threshold
                    ? invert_where(w, [t = flip_threshold](float agreement) { return agreement >= t; })
                    : invert_where(w, [](float agreement) { return agreement > 0; });
        const auto changed = static_cast<float>(static_cast<double>(flips) / static_cast<double>(w.size()));
        beta = memory == flip_memory::kept ? 1 - changed : memory == flip_memory::changed ? changed : decay;
    }
    void state(state_archive& a) {
        a(beta);
        a(flips);
        a(accumulator);
    }
    void validate() const { validate_described(*this); }
    std::string name() const { return described_name(*this); }

private:
    static void expect_truth_values(std::span<const float> w) {
        std::size_t wrong = 0;
        for (const float x : w) {
            wrong += x == 1 || x == -1 ? 0u : 1u;
        }
        expect(wrong == 0, [&] {
            return "boolean: " + std::to_string(wrong) + " of " + std::to_string(w.size()) +
                   " parameters are neither -1 nor +1: only truth values can be inverted, and their mean is none; "
                   "average with majority_vote, or train real parameters with another optimizer (optimizer_by_kind)";
        });
    }
    //! Returns how many.
    template <class Rule>
    std::uint64_t invert_where(std::span<float> w, Rule rule_holds) {
        std::uint64_t count = 0;
        for (std::size_t i = 0; i < w.size(); ++i) {
            const bool flip = rule_holds(accumulator[i] * w[i]);
            w[i] = flip ? -w[i] : w[i];
            accumulator[i] = flip && reset ? 0.0f : accumulator[i];
            count += flip ? 1u : 0u;
        }
        return count;
    }
};

}  // namespace frugal
