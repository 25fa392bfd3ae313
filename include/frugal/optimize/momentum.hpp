//! `momentum`: heavy-ball momentum (Polyak 1964).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <frugal/core/describe.hpp>
#include <frugal/core/state.hpp>
#include <frugal/kernels/zip.hpp>
#include <frugal/optimize/buffer.hpp>
#include <frugal/optimize/schedule.hpp>

namespace frugal {

//! d = g + weight_decay w;  v <- factor v + d;  w <- w - eta v.  v starts at 0. No dampening. O(d), one pass.
struct momentum {
    schedule learning_rate = 0.01;
    float factor = 0.9f;  //!< in [0, 1)
    float weight_decay = 0;
    std::vector<float> velocity{};  //!< state

    static constexpr auto describe() {
        return describes(
            "momentum", "heavy ball", option("learning_rate", &momentum::learning_rate, "a number or a schedule"),
            option("factor", &momentum::factor, "of the velocity that is kept").from(0).below(1),
            option("weight_decay", &momentum::weight_decay, "of the l2 penalty added to the gradient").from(0));
    }
    void update(std::span<float> w, std::span<const float> g, std::uint64_t step) {
        validate();
        expect_same_length(w, g);
        expect_buffer(velocity, w.size());
        kernels::zip(
            w.size(),
            [eta = static_cast<float>(learning_rate(step)), m = factor, decay = weight_decay](auto& x, auto& v,
                                                                                              const auto& gradient) {
                using T = std::remove_cvref_t<decltype(x)>;
                const T d = multiply_add(T(decay), x, gradient);
                v = multiply_add(T(m), v, d);
                x = multiply_add(T(-eta), v, x);
            },
            w.data(), velocity.data(), g.data());
    }
    void state(state_archive& a) { a(velocity); }
    void validate() const { validate_described(*this); }
    std::string name() const { return described_name(*this); }
};

}  // namespace frugal
