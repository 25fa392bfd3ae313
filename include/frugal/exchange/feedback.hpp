//! `feedback`: what an exchange's compressor lost is added to the next vector (Seide et al. 2014; Karimireddy et al.
//! 2019).
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <frugal/compress/laws.hpp>
#include <frugal/exchange/exchange.hpp>
#include <frugal/kernels/elementwise.hpp>

namespace frugal {

//! v = x + decay r;  exchange v;  r <- v - C(v). The residual r starts at 0 and stays with the node: d floats.
//! Unlike `error_feedback`, which is part of a compressor, it spans all blocks of the exchange.
template <Exchange E>
class feedback {
public:
    //! decay in [0, 1]: below 1 it forgets. Throws where the compressor's error may outgrow what it is added to.
    explicit feedback(E inner, float decay = 1) : inner_(std::move(inner)), decay_(decay) {
        expect(decay >= 0 && decay <= 1, "feedback: the decay must be in [0, 1]");
        require_bounded_residual(inner_.compressor(), 1024, "feedback");
    }

    E& inner() { return inner_; }
    bool serves() const { return has_server(inner_); }
    decltype(auto) compressor() const { return inner_.compressor(); }
    laws laws_for(std::size_t) const { return {.corrected = true}; }
    bool exact() const
        requires AveragingExchange<E>
    {
        return inner_.exact();
    }
    std::span<const float> residual() const { return residual_; }

    void fit(const tensor_layout& layout) { fit_to(inner_, layout); }
    void weigh(std::vector<float> weights) { inner_.weigh(std::move(weights)); }
    void begin(peer here, std::span<const float> x, std::span<float> echo = {}) {
        expect(echo.empty(), "feedback is given to an exchange once: it is inside another one here");
        if (serves() && here.self() == 0) {
            inner_.begin(here, x);
            return;
        }
        if (residual_.size() != x.size()) {
            expect(residual_.empty(), "feedback holds a residual of another dimension: use one exchange per tensor");
            residual_.resize(x.size());
        }
        borrowed_vector sent = here.borrow(x.size());
        kernels::scale(decay_, residual_, residual_);
        kernels::add(x, residual_, residual_);
        inner_.begin(here, residual_, sent);
        kernels::subtract(residual_, sent, residual_);
    }
    task<> end(peer here, std::span<float> x) { return inner_.end(here, x); }
    template <class Update>
        requires AveragingExchange<E>
    task<> end(peer here, std::span<float> x, Update update) {
        return inner_.end(here, x, std::move(update));
    }
    void state(state_archive& a) {
        inner_.state(a);
        a(residual_);
    }

private:
    E inner_;
    float decay_;
    std::vector<float> residual_;
};

}  // namespace frugal
