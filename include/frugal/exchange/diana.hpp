//! `diana`: compressed differences to a memory that learns the vector (Mishchenko et al. 2019).
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <frugal/compress/laws.hpp>
#include <frugal/exchange/exchange.hpp>
#include <frugal/kernels/elementwise.hpp>
#include <frugal/kernels/zip.hpp>

namespace frugal {

//! Node i sends C(x_i - h_i), h_i <- h_i + alpha C(x_i - h_i); who combines gets H + mean, H <- H + alpha mean, the
//! mean of all h_i. The differences vanish as x_i settles, so an unbiased C of any variance omega adds no noise in the
//! limit; alpha <= 1 / (1 + omega). d floats at every node. All nodes must take part in every round: of a cohort, H is
//! no longer the mean of the h_i.
template <AveragingExchange E>
class diana {
public:
    diana(E inner, float alpha) : inner_(std::move(inner)), alpha_(alpha) {
        expect(alpha > 0 && alpha <= 1, "diana: alpha must be in (0, 1]; 1 / (1 + the compressor's variance) is safe");
        require_unbiased(inner_.compressor(), 1024, "diana");
    }

    E& inner() { return inner_; }
    bool serves() const { return has_server(inner_); }
    decltype(auto) compressor() const { return inner_.compressor(); }
    bool exact() const { return inner_.exact(); }

    void fit(const tensor_layout& layout) { fit_to(inner_, layout); }
    void weigh(std::vector<float> weights) { inner_.weigh(std::move(weights)); }
    void begin(peer here, std::span<const float> x, std::span<float> echo = {}) {
        expect(echo.empty(), "diana keeps what its compressor loses by itself: give it no feedback");
        own_.resize(x.size());
        mean_.resize(x.size());
        if (serves() && here.self() == 0) {
            inner_.begin(here, x);
            return;
        }
        borrowed_vector difference = here.borrow(x.size()), sent = here.borrow(x.size());
        kernels::subtract(x, own_, difference);
        inner_.begin(here, difference, sent);
        kernels::axpy(alpha_, sent, own_);
    }
    task<> end(peer here, std::span<float> x) { return end(here, x, no_update()); }
    template <class Update>
    task<> end(peer here, std::span<float> x, Update update) {
        return inner_.end(here, x, [this, update](std::size_t first, std::span<float> part) mutable {
            kernels::zip(
                part.size(),
                [alpha = alpha_]<class T>(T& v, T& h) {
                    const T difference = v;
                    v = h + difference;
                    h = multiply_add(T(alpha), difference, h);
                },
                part.data(), mean_.data() + first);
            update(first, part);
        });
    }
    void state(state_archive& a) {
        inner_.state(a);
        a(own_);
        a(mean_);
    }

private:
    E inner_;
    float alpha_;
    std::vector<float> own_;
    std::vector<float> mean_;  // of all own_, where this node reduces
};

}  // namespace frugal
