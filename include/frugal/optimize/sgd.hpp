//! `sgd`: plain stochastic gradient descent.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include <frugal/core/describe.hpp>
#include <frugal/core/state.hpp>
#include <frugal/kernels/zip.hpp>
#include <frugal/optimize/buffer.hpp>
#include <frugal/optimize/schedule.hpp>

namespace frugal {

//! w <- w - eta (g + weight_decay w). No state. O(d), one pass.
struct sgd {
    schedule learning_rate = 0.01;
    float weight_decay = 0;

    static constexpr auto describe() {
        return describes("sgd", "plain stochastic gradient descent",
                         option("learning_rate", &sgd::learning_rate, "a number or a schedule"),
                         option("weight_decay", &sgd::weight_decay, "of the l2 penalty added to the gradient").from(0));
    }
    void update(std::span<float> w, std::span<const float> g, std::uint64_t step) {
        validate();
        expect_same_length(w, g);
        kernels::zip(
            w.size(),
            [eta = static_cast<float>(learning_rate(step)), decay = weight_decay](auto& x, const auto& gradient) {
                using T = std::remove_cvref_t<decltype(x)>;
                const T d = multiply_add(T(decay), x, gradient);
                x = multiply_add(T(-eta), d, x);
            },
            w.data(), g.data());
    }
    void state(state_archive&) {}
    void validate() const { validate_described(*this); }
    std::string name() const { return described_name(*this); }
};

}  // namespace frugal
