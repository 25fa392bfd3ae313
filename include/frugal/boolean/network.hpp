//! A trained network of truth values as a device needs it: packed weights, integer thresholds, nothing of its training.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <frugal/core/bit_matrix.hpp>
#include <frugal/core/error.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/core/unfolding.hpp>

namespace frugal {

//! Real numbers to bits: x_i >= level_i. The begin of a network that reads truth values, or what follows a real layer.
struct threshold_stage {
    std::vector<float> level;  //!< one for each input

    std::size_t inputs() const { return level.size(); }
    std::size_t outputs() const { return level.size(); }
    friend bool operator==(const threshold_stage&, const threshold_stage&) = default;
};

//! Real weights: y_j = bias_j + sum_i weight_ji x_i, of real numbers or of bits, which count as -1 and +1.
struct real_stage {
    std::size_t width = 0;      //!< inputs
    std::vector<float> weight;  //!< outputs x inputs
    std::vector<float> bias;    //!< one for each output

    std::size_t inputs() const { return width; }
    std::size_t outputs() const { return bias.size(); }
    friend bool operator==(const real_stage&, const real_stage&) = default;
};

//! Boolean weights on bits: s_j = sum_i w_ji x_i of {-1, +1}, then the bit (s_j >= threshold_j) XOR flip_j. A bias, a
//! normalisation and the level of the activation are all in the threshold and the flip: see `integer_step_of`.
//! Without thresholds and flips the sums themselves go on as real numbers.
struct boolean_stage {
    bit_matrix weight;  //!< outputs x inputs
    std::vector<std::int32_t> threshold;
    bit_vector flip;

    std::size_t inputs() const { return weight.columns(); }
    std::size_t outputs() const { return weight.rows(); }
    bool has_threshold() const { return !threshold.empty(); }
    friend bool operator==(const boolean_stage&, const boolean_stage&) = default;
};

//! Boolean weights on the patches of an image of bits, channel by channel and row by row: of filter f at each place
//! s_f = sum of w_fi x_i over the patch, then as in a `boolean_stage`. Bits outside the image are 0. Outputs are images
//! again, one for each filter.
struct convolution_stage {
    //! Bits of an unfolded image at most, which is what inference keeps of one.
    static constexpr std::size_t largest_matrix = std::size_t{1} << 25;

    unfolding images;
    bit_matrix weight;  //!< filters x values of a patch
    std::vector<std::int32_t> threshold;
    bit_vector flip;

    std::size_t inputs() const { return images.size(); }
    //! 0 where the kernel does not fit.
    std::size_t outputs() const { return images.valid() ? weight.rows() * images.places() : 0; }
    bool has_threshold() const { return !threshold.empty(); }
    friend bool operator==(const convolution_stage&, const convolution_stage&) = default;
};

//! The largest bit of every window of an image of bits, channel by channel: images.kernel is the window's side, without
//! padding. Rows and columns that fill no window are left out.
struct pooling_stage {
    unfolding images;

    std::size_t inputs() const { return images.size(); }
    //! 0 where the window does not fit.
    std::size_t outputs() const { return images.valid() ? images.channels * images.places() : 0; }
    friend bool operator==(const pooling_stage&, const pooling_stage&) = default;
};

//! Real numbers normalised within each sample: y_i = scale_i (x_i - mean) / sqrt(variance + epsilon) + shift_i. It
//! stands between Boolean sums and a `threshold_stage` where training normalises: unlike fixed statistics it is in no
//! threshold.
struct normalization_stage {
    float epsilon = 0;         //!< positive
    std::vector<float> scale;  //!< one for each input
    std::vector<float> shift;

    std::size_t inputs() const { return scale.size(); }
    std::size_t outputs() const { return scale.size(); }
    friend bool operator==(const normalization_stage&, const normalization_stage&) = default;
};

using network_stage =
    std::variant<threshold_stage, real_stage, boolean_stage, normalization_stage, convolution_stage, pooling_stage>;

//! Stages one after the other; the last one's outputs are real numbers, a score for each class.
struct boolean_network {
    //! Of inputs or outputs of a stage: all sums of bits are then exact as floats.
    static constexpr std::size_t largest_width = std::size_t{1} << 24;

    std::vector<network_stage> stages;

    std::size_t inputs() const { return stages.empty() ? 0 : inputs_of(stages.front()); }
    std::size_t outputs() const { return stages.empty() ? 0 : outputs_of(stages.back()); }

    static std::size_t inputs_of(const network_stage& stage) {
        return std::visit([](const auto& s) { return s.inputs(); }, stage);
    }
    static std::size_t outputs_of(const network_stage& stage) {
        return std::visit([](const auto& s) { return s.outputs(); }, stage);
    }
    //! Whether a stage's outputs are bits.
    static bool makes_bits(const network_stage& stage) {
        return std::visit(
            []<class Stage>(const Stage& s) {
                if constexpr (requires { s.has_threshold(); }) {
                    return s.has_threshold();
                } else {
                    return std::is_same_v<Stage, threshold_stage> || std::is_same_v<Stage, pooling_stage>;
                }
            },
            stage);
    }
    //! Whether a stage's inputs must be bits.
    static bool takes_bits(const network_stage& stage) {
        return std::holds_alternative<boolean_stage>(stage) || images_of(stage) != nullptr;
    }
    //! What a stage sees of an image; null if it is no stage of images.
    static const unfolding* images_of(const network_stage& stage) {
        return std::visit(
            []<class Stage>(const Stage& s) -> const unfolding* {
                if constexpr (requires { s.images; }) {
                    return &s.images;
                } else {
                    return nullptr;
                }
            },
            stage);
    }

    //! What is wrong with the network, one sentence; empty if nothing is. O(size).
    std::string problem() const;

    friend bool operator==(const boolean_network&, const boolean_network&) = default;
};

namespace detail {

inline bool all_finite(std::span<const float> values) {
    for (const float x : values) {
        if (!is_finite(x)) {
            return false;
        }
    }
    return true;
}

inline std::string problem_of(const threshold_stage& s) {
    return all_finite(s.level) ? "" : "has a level that is not finite";
}
inline std::string problem_of(const real_stage& s) {
    if (s.weight.size() != s.inputs() * s.outputs()) {
        return "has " + std::to_string(s.weight.size()) + " weights, but outputs times inputs were expected";
    }
    return all_finite(s.weight) && all_finite(s.bias) ? "" : "has a weight or bias that is not finite";
}
//! Of weights with or without a threshold for each of their rows.
template <class Stage>
std::string problem_of_weights(const Stage& s) {
    const std::size_t expected = s.has_threshold() ? s.weight.rows() : 0;
    if (s.threshold.size() != expected || s.flip.size() != expected) {
        return "has " + std::to_string(s.threshold.size()) + " thresholds and " + std::to_string(s.flip.size()) +
               " flips, but one of each for every output or none were expected";
    }
    return has_clear_padding(s.weight) && has_clear_padding(bit_view(s.flip)) ? "" : "has bits beyond its last column";
}
inline std::string problem_of(const boolean_stage& s) {
    return problem_of_weights(s);
}

//! Whether an unfolded image of this kind has at most `convolution_stage::largest_matrix` bits. For any numbers: the
//! order of the tests keeps products from overflowing.
constexpr bool can_unfold(const unfolding& u) {
    constexpr std::size_t most = convolution_stage::largest_matrix;
    for (const std::size_t n : {u.channels, u.rows, u.columns, u.kernel, u.stride, u.padding}) {
        if (n > most) {
            return false;
        }
    }
    return u.valid() && u.rows * u.columns <= most && u.kernel * u.kernel <= most && u.size() <= most &&
           u.places() <= most && u.patch() <= most && u.places() * u.patch() <= most;
}
inline std::string problem_of(const convolution_stage& s) {
    if (s.weight.columns() != s.images.patch()) {
        return "has " + std::to_string(s.weight.columns()) + " weights for a patch of " +
               std::to_string(s.images.patch()) + " bits";
    }
    return problem_of_weights(s);
}

inline std::string problem_of(const pooling_stage& s) {
    return s.images.padding == 0 ? "" : "pools windows beyond the edge of its images, but no padding was expected";
}

inline std::string problem_of(const normalization_stage& s) {
    if (s.shift.size() != s.scale.size()) {
        return "has " + std::to_string(s.shift.size()) + " shifts, but one for every scale was expected";
    }
    return all_finite(s.scale) && all_finite(s.shift) && s.epsilon > 0 && is_finite(s.epsilon)
               ? ""
               : "has a scale or shift that is not finite, or an epsilon that is not positive";
}

}  // namespace detail

inline std::string boolean_network::problem() const {
    if (stages.empty()) {
        return "a Boolean network has no stages";
    }
    for (std::size_t i = 0; i < stages.size(); ++i) {
        const auto say = [i](const std::string& what) {
            return "stage " + std::to_string(i) + " of a Boolean network " + what;
        };
        const unfolding* images = images_of(stages[i]);
        if (images != nullptr && !detail::can_unfold(*images)) {
            return say("has a kernel that does not fit its images, or images that unfold to more than 2^25 bits");
        }
        for (const std::size_t n : {inputs_of(stages[i]), outputs_of(stages[i])}) {
            if (n == 0 || n > largest_width) {
                return say("has a width of " + std::to_string(n) + ", but 1 to 2^24 were expected");
            }
        }
        const std::string own = std::visit([](const auto& s) { return detail::problem_of(s); }, stages[i]);
        if (!own.empty()) {
            return say(own);
        }
        if (i > 0 && inputs_of(stages[i]) != outputs_of(stages[i - 1])) {
            return say("takes " + std::to_string(inputs_of(stages[i])) + " inputs, but the one before it makes " +
                       std::to_string(outputs_of(stages[i - 1])));
        }
        const bool bits = i > 0 && makes_bits(stages[i - 1]);
        if (takes_bits(stages[i]) && !bits) {
            return say("takes bits, but is given real numbers: put a threshold before it");
        }
        if (bits && (std::holds_alternative<threshold_stage>(stages[i]) ||
                     std::holds_alternative<normalization_stage>(stages[i]))) {
            return say("takes real numbers, but is given bits: leave it out");
        }
    }
    return makes_bits(stages.back()) ? "a Boolean network ends with bits, but real scores were expected" : "";
}

//! A truth value of an integer that changes at one place: (s >= threshold) XOR flip.
struct integer_step {
    std::int32_t threshold;
    bool flip;

    bool operator()(std::int32_t s) const { return (s >= threshold) != flip; }
};

//! The step that equals f on all integers from `lowest` to `highest`, for an f that changes once at most. Whatever lies
//! between a sum and its bit (bias, normalisation, level), called as it was trained, becomes a threshold that agrees
//! with it on every sum. O(log(highest - lowest)) calls.
template <std::predicate<std::int32_t> F>
integer_step integer_step_of(std::int32_t lowest, std::int32_t highest, F f) {
    const bool first = f(lowest);
    if (f(highest) == first) {
        return {std::numeric_limits<std::int32_t>::min(), !first};
    }
    std::int64_t same = lowest;  // f(same) == first != f(other)
    std::int64_t other = highest;
    while (other - same > 1) {
        const std::int64_t middle = (same + other) >> 1;
        (f(static_cast<std::int32_t>(middle)) == first ? same : other) = middle;
    }
    return {static_cast<std::int32_t>(other), first};
}

}  // namespace frugal
