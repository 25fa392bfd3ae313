//! `variance_reduced`: stochastic gradients corrected by a full one at an older point (Johnson and Zhang 2013), which
//! is renewed at random (loopless SVRG, Kovalev et al. 2020).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <frugal/core/error.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/core/random.hpp>
#include <frugal/kernels/zip.hpp>
#include <frugal/work/work.hpp>

namespace frugal {

//! With probability p, and at first: s <- x, m <- full gradient at s.  g = g_t(x) - g_t(s) + m, on one batch.
//!
//! Unbiased as g_t is; its noise vanishes as x and s approach a minimum. The coin of step t is the same for all who are
//! given the same key. Costs a second gradient of each batch, and 2 d floats.
template <GradientWork Full, GradientWork Batch>
class variance_reduced {
public:
    //! p in (0, 1], such as 1 over the number of samples: about one full gradient for each pass.
    variance_reduced(Full full, Batch batch, double p, random_key coin)
        : full_(std::move(full)), batch_(std::move(batch)), p_(p), coin_(coin) {
        expect(p > 0 && p <= 1, "variance_reduced: the probability of a full gradient must be in (0, 1]");
        expect(full_.dimension() == batch_.dimension(), "variance_reduced: both gradients must be of one objective");
    }

    std::size_t dimension() const { return batch_.dimension(); }
    work_report gradient(std::span<const float> x, std::uint64_t t, std::span<float> g) {
        if (reference_.empty() || random_stream(coin_).uniform_double(t) < p_) {
            reference_.assign(x.begin(), x.end());
            mean_.resize(x.size());
            full_.gradient(reference_, t, mean_);
        }
        const auto at_reference = borrow<float>(x.size());
        const work_report seen = batch_.gradient(x, t, g);
        batch_.gradient(reference_, t, at_reference);
        kernels::zip(
            g.size(), []<class T>(T& v, const T& old, const T& m) { v = (v - old) + m; }, g.data(),
            std::span<const float>(at_reference).data(), std::as_const(mean_).data());
        return seen;
    }
    void state(state_archive& a) {
        a(reference_);
        a(mean_);
        full_.state(a);
        batch_.state(a);
    }

private:
    Full full_;
    Batch batch_;
    double p_;
    random_key coin_;
    std::vector<float> reference_;
    std::vector<float> mean_;
};

}  // namespace frugal
