//! `adam`: adaptive moments (Kingma, Ba 2015), with decoupled weight decay (Loshchilov, Hutter 2019) on request.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <frugal/core/describe.hpp>
#include <frugal/core/state.hpp>
#include <frugal/kernels/zip.hpp>
#include <frugal/optimize/buffer.hpp>
#include <frugal/optimize/schedule.hpp>
#include <frugal/quantize/rounding.hpp>

namespace frugal {

//! m <- b1 m + (1 - b1) g;  v <- b2 v + (1 - b2) g^2;  w <- w - eta mh / (sqrt(vh) + epsilon), where mh = m / (1 -
//! b1^t) and vh = v / (1 - b2^t) correct the start at 0, t = 1, 2, ... counts this optimizer's own updates. O(d), one
//! pass.
struct adam {
    schedule learning_rate = 0.001;
    float beta_1 = 0.9f;    //!< in [0, 1)
    float beta_2 = 0.999f;  //!< in [0, 1)
    float epsilon = 1e-8f;  //!< > 0
    float weight_decay = 0;
    bool decoupled = false;       //!< w <- w - eta weight_decay w beside the step instead of g <- g + weight_decay w
    std::uint64_t updates = 0;    //!< state
    double power_1 = 1;           //!< state: beta_1^updates
    double power_2 = 1;           //!< state: beta_2^updates
    std::vector<float> first{};   //!< state
    std::vector<float> second{};  //!< state

    static constexpr auto describe() {
        return describes("adam", "adaptive moments; decoupled: AdamW",
                         option("learning_rate", &adam::learning_rate, "a number or a schedule"),
                         option("beta_1", &adam::beta_1, "decay of the first moment").from(0).below(1),
                         option("beta_2", &adam::beta_2, "decay of the second moment").from(0).below(1),
                         option("epsilon", &adam::epsilon, "added to the root").above(0),
                         option("weight_decay", &adam::weight_decay, "of the l2 penalty added to the gradient").from(0),
                         part("decoupled", &adam::decoupled, "whether weight decay is").one_of("coupled", "decoupled"));
    }
    void update(std::span<float> w, std::span<const float> g, std::uint64_t step) {
        validate();
        expect_same_length(w, g);
        expect_buffer(first, w.size());
        expect_buffer(second, w.size());
        ++updates;
        power_1 *= double(beta_1);
        power_2 *= double(beta_2);
        const double eta = learning_rate(step);
        kernels::zip(
            w.size(),
            [scale = static_cast<float>(eta / (1 - power_1)), root = static_cast<float>(1 / std::sqrt(1 - power_2)),
             most = std::numeric_limits<float>::max(), b1 = beta_1, b2 = beta_2, e = epsilon,
             coupled = decoupled ? 0.0f : weight_decay,
             keep = decoupled ? static_cast<float>(1 - eta * double(weight_decay)) : 1.0f](auto& x, auto& m, auto& v,
                                                                                           const auto& gradient) {
                using std::sqrt;
                using T = std::remove_cvref_t<decltype(x)>;
                const T d = multiply_add(T(coupled), x, gradient);
                m = multiply_add(T(b1), m, rounded(T(T(1 - b1) * d)));
                v = multiply_add(T(b2), v, rounded(T(rounded(T(T(1 - b2) * d)) * d)));
                v = select(v < T(most), v, T(most));  // infinity would hold the coordinate still for ever
                const T denominator = multiply_add(T(sqrt(v)), T(root), T(e));
                x = rounded(T(T(keep) * x)) - rounded(T(T(T(scale) * m) / denominator));
            },
            w.data(), first.data(), second.data(), g.data());
    }
    void state(state_archive& a) {
        a(updates);
        a(power_1);
        a(power_2);
        a(first);
        a(second);
    }
    void validate() const { validate_described(*this); }
    std::string name() const { return described_name(*this); }
};

}  // namespace frugal
