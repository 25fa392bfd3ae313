//! `update_by_mean`: an optimizer's step along a mean, wherever the mean is reduced.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include <frugal/exchange/exchange.hpp>
#include <frugal/kernels/elementwise.hpp>
#include <frugal/optimize/by_part.hpp>

namespace frugal {

//! g <- mean of all nodes' g;  x <- optimizer(x, g), the same x at all nodes. Where the exchange is exact, the new x is
//! sent on after the reduction, else its change. x, g: of one length; g's values are lost.
template <AveragingExchange E, LocalOptimizer O>
task<> update_by_mean(E& exchange, peer here, std::span<float> x, std::span<float> g, by_part<O>& optimizer) {
    const bool exact = exchange.exact();
    const auto update = [&](std::size_t first, std::span<float> part) {
        const std::span<float> old = x.subspan(first, part.size());
        if (exact) {
            optimizer.update(first, old, part, here.round());
            std::ranges::copy(old, part.begin());
            return;
        }
        borrowed_vector moved = here.borrow(part.size());
        std::ranges::copy(old, moved.span().begin());
        optimizer.update(first, moved, part, here.round());
        kernels::subtract(moved, old, part);
    };
    co_await mean_of(exchange, here, g, update);
    if (exact) {
        std::ranges::copy(g, x.begin());
    } else {
        kernels::add(x, g, x);
    }
}

}  // namespace frugal
