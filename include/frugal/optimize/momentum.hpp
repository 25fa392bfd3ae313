//! `momentum`: heavy-ball momentum (Polyak 1964).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

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

    void update(std::span<float> w, std::span<const float> g, std::uint64_t step) {
        expect(factor >= 0 && factor < 1, "momentum: the factor must be in [0, 1)");
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
    std::string name() const {
        return composition("momentum", {"learning_rate=" + learning_rate.name(), "factor=" + number_text(factor),
                                        "weight_decay=" + number_text(weight_decay)});
    }
};

}  // namespace frugal
