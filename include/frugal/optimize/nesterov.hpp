//! `nesterov`: accelerated gradient (Nesterov 1983), in the two forms in use.
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

//! What the parameters handed to `nesterov::update` are.
enum class nesterov_form : std::uint8_t {
    //! v <- m v + d;  w <- w - eta (d + m v)   with d = g + weight_decay w (the form of PyTorch).
    corrected,
    //! w is the look-ahead point h = x + m v at which the gradient is taken:  v <- m v - eta d;  x <- x + v;  h <- x +
    //! m v (Lin 2022, eq. 12.1). The iterate is x = h - m v, see `position`.
    look_ahead,
};

//! Nesterov momentum. v starts at 0. O(d), one pass.
struct nesterov {
    schedule learning_rate = 0.01;
    float factor = 0.9f;  //!< m, in [0, 1)
    float weight_decay = 0;
    nesterov_form form = nesterov_form::corrected;
    std::vector<float> velocity{};  //!< state

    static constexpr auto describe() {
        return describes(
            "nesterov", "Nesterov momentum",
            option("learning_rate", &nesterov::learning_rate, "a number or a schedule"),
            option("factor", &nesterov::factor, "of the velocity that is kept").from(0).below(1),
            option("weight_decay", &nesterov::weight_decay, "of the l2 penalty added to the gradient").from(0),
            part("form", &nesterov::form, "where the gradient is taken").one_of("corrected", "look_ahead"));
    }
    void update(std::span<float> w, std::span<const float> g, std::uint64_t step) {
        validate();
        expect_same_length(w, g);
        expect_buffer(velocity, w.size());
        const auto eta = static_cast<float>(learning_rate(step));
        if (form == nesterov_form::corrected) {
            kernels::zip(
                w.size(),
                [eta, m = factor, decay = weight_decay](auto& x, auto& v, const auto& gradient) {
                    using T = std::remove_cvref_t<decltype(x)>;
                    const T d = multiply_add(T(decay), x, gradient);
                    v = multiply_add(T(m), v, d);
                    x = multiply_add(T(-eta), multiply_add(T(m), v, d), x);
                },
                w.data(), velocity.data(), g.data());
        } else {
            kernels::zip(
                w.size(),
                [eta, m = factor, decay = weight_decay](auto& h, auto& v, const auto& gradient) {
                    using T = std::remove_cvref_t<decltype(h)>;
                    const T d = multiply_add(T(decay), h, gradient);
                    const T x = multiply_add(T(-m), v, h);
                    v = multiply_add(T(-eta), d, rounded(T(T(m) * v)));
                    h = multiply_add(T(m), v, x + v);
                },
                w.data(), velocity.data(), g.data());
        }
    }
    //! The iterate x of the look-ahead form, from the point w = h that `update` works on.
    void position(std::span<const float> w, std::span<float> x) const {
        expect(w.size() == x.size(), "nesterov: position needs an output as long as the parameters");
        for (std::size_t i = 0; i < w.size(); ++i) {
            x[i] = velocity.empty() ? w[i] : multiply_add(-factor, velocity[i], w[i]);
        }
    }
    void state(state_archive& a) { a(velocity); }
    void validate() const { validate_described(*this); }
    std::string name() const { return described_name(*this); }
};

}  // namespace frugal
