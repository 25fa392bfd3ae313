//! `proximal_step`: a step that is held near where its round began (Li et al. 2020, FedProx).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <frugal/core/loan.hpp>
#include <frugal/kernels/zip.hpp>
#include <frugal/work/work.hpp>

namespace frugal {

//! Adds (mu / 2) ||x - anchor||^2 to the objective of an inner gradient step; `begin(x)` sets the anchor.
template <class Step>
class proximal_step {
public:
    //! mu >= 0; 0 is the inner step.
    proximal_step(Step inner, float mu) : inner_(std::move(inner)), mu_(mu) {
        expect(mu >= 0 && mu - mu == 0, "proximal_step: mu must be finite and not negative");
    }

    std::size_t dimension() const { return inner_.dimension(); }
    //! The anchor must outlive the steps that follow.
    void begin(std::span<const float> x) { anchor_ = x; }
    work_report step(std::span<float> x, std::uint64_t t) {
        const auto g = borrow<float>(x.size());
        const work_report seen = inner_.gradient(x, t, g);
        kernels::zip(
            x.size(),
            [mu = mu_]<class T>(T& gradient, const T& v, const T& from) {
                gradient = multiply_add(T(mu), T(v - from), gradient);
            },
            g.data(), static_cast<const float*>(x.data()), anchor_.data());
        inner_.apply(x, g, t);
        return seen;
    }
    void state(state_archive& a) { inner_.state(a); }

private:
    Step inner_;
    float mu_;
    std::span<const float> anchor_;
};

}  // namespace frugal
