//! Extreme eigenvalues of a symmetric doubly stochastic matrix: what the convergence of gossip depends on.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <frugal/concepts.hpp>
#include <frugal/core/random.hpp>

namespace frugal {

//! All eigenvalues of a symmetric matrix, decreasing, by cyclic Jacobi rotations (Jacobi 1846; Golub, Van Loan, 8.5).
//!
//! a: n x n, row by row; only symmetry is assumed. Absolute error about 1e-15 times the largest. O(n^3) per sweep,
//! about 8 sweeps: meant for n up to a few hundred.
inline std::vector<double> symmetric_eigenvalues(std::vector<double> a, std::size_t n) {
    expect(a.size() == n * n, "symmetric_eigenvalues: needs n * n entries");
    const auto at = [&](std::size_t i, std::size_t j) -> double& { return a[i * n + j]; };
    for (int sweep = 0; sweep < 64; ++sweep) {
        double off = 0, total = 0;
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < n; ++j) {
                total += at(i, j) * at(i, j);
                off += i == j ? 0 : at(i, j) * at(i, j);
            }
        }
        if (off <= 1e-30 * total) {
            break;
        }
        for (std::size_t p = 0; p + 1 < n; ++p) {
            for (std::size_t q = p + 1; q < n; ++q) {
                if (at(p, q) == 0) {
                    continue;
                }
                const double theta = (at(q, q) - at(p, p)) / (2 * at(p, q));
                const double t = (theta >= 0 ? 1 : -1) / (std::fabs(theta) + std::sqrt(theta * theta + 1));
                const double c = 1 / std::sqrt(t * t + 1), s = t * c;
                for (std::size_t k = 0; k < n; ++k) {
                    const double x = at(k, p), y = at(k, q);
                    at(k, p) = c * x - s * y;
                    at(k, q) = s * x + c * y;
                }
                for (std::size_t k = 0; k < n; ++k) {
                    const double x = at(p, k), y = at(q, k);
                    at(p, k) = c * x - s * y;
                    at(q, k) = s * x + c * y;
                }
            }
        }
    }
    std::vector<double> values(n);
    for (std::size_t i = 0; i < n; ++i) {
        values[i] = at(i, i);
    }
    std::sort(values.begin(), values.end(), [](double x, double y) { return x > y; });
    return values;
}

//! The eigenvalues next to 1: second largest and smallest. For one node both are 0, so that the spectral gap is 1.
struct extreme_eigenvalues {
    double second = 0;
    double last = 0;

    double spectral_gap() const { return 1 - std::max(std::fabs(second), std::fabs(last)); }
    double beta() const { return 1 - last; }
};

namespace detail {

//! Number of eigenvalues below x of the symmetric tridiagonal matrix (diagonal, off) by Sturm's sequence.
inline std::size_t count_below(std::span<const double> diagonal, std::span<const double> off, double x) {
    std::size_t count = 0;
    double d = 1;
    for (std::size_t i = 0; i < diagonal.size(); ++i) {
        const double b = i == 0 ? 0 : off[i - 1];
        d = diagonal[i] - x - b * b / d;
        if (d == 0) {
            d = -1e-300;
        }
        count += d < 0 ? 1 : 0;
    }
    return count;
}

//! The k-th smallest eigenvalue (k = 0, 1, ...) of a symmetric tridiagonal matrix with spectrum in [-1, 1].
inline double tridiagonal_eigenvalue(std::span<const double> diagonal, std::span<const double> off, std::size_t k) {
    double low = -1.5, high = 1.5;
    while (high - low > 1e-15) {
        const double middle = 0.5 * (low + high);
        if (middle == low || middle == high) {
            break;
        }
        (count_below(diagonal, off, middle) > k ? high : low) = middle;
    }
    return 0.5 * (low + high);
}

}  // namespace detail

//! Extreme eigenvalues by Lanczos iteration with full reorthogonalisation on the complement of the constant vector
//! (Golub, Van Loan, 10.1), where the eigenvalue 1 of a doubly stochastic matrix does not occur.
//!
//! Stops when both change by less than 1e-13 in 10 steps, at the latest after `max_steps`: then the spectral gap is an
//! upper bound. O(steps^2 n).
template <class W>
extreme_eigenvalues lanczos_extremes(const W& w, std::size_t max_steps = 1000) {
    const std::size_t n = w.size();
    if (n < 2) {
        return {};
    }
    const auto project = [&](std::vector<double>& v) {
        double sum = 0;
        for (const double x : v) {
            sum += x;
        }
        for (double& x : v) {
            x -= sum / static_cast<double>(n);
        }
    };
    const auto dot = [](const std::vector<double>& x, const std::vector<double>& y) {
        double sum = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {
            sum += x[i] * y[i];
        }
        return sum;
    };
    std::vector<std::vector<double>> basis;
    std::vector<double> diagonal, off, v(n);
    const random_stream start(random_key{.seed = n, .purpose = purposes::initialize});
    for (std::size_t i = 0; i < n; ++i) {
        v[i] = start.uniform_double(i) - 0.5;
    }
    project(v);
    double length = std::sqrt(dot(v, v));
    extreme_eigenvalues found;
    for (std::size_t step = 0; step < std::min(max_steps, n - 1) && length > 1e-12; ++step) {
        for (double& x : v) {
            x /= length;
        }
        basis.push_back(v);
        std::vector<double> next(n);
        for (std::size_t i = 0; i < n; ++i) {
            for (const neighbor& e : w.neighbors(i)) {
                next[i] += e.weight * v[e.node];
            }
        }
        diagonal.push_back(dot(next, v));
        for (int pass = 0; pass < 2; ++pass) {
            project(next);
            for (const auto& b : basis) {
                const double overlap = dot(next, b);
                for (std::size_t i = 0; i < n; ++i) {
                    next[i] -= overlap * b[i];
                }
            }
        }
        length = std::sqrt(dot(next, next));
        v = std::move(next);
        if (step % 10 == 9) {
            const extreme_eigenvalues now{detail::tridiagonal_eigenvalue(diagonal, off, diagonal.size() - 1),
                                          detail::tridiagonal_eigenvalue(diagonal, off, 0)};
            if (std::fabs(now.second - found.second) < 1e-13 && std::fabs(now.last - found.last) < 1e-13) {
                return now;
            }
            found = now;
        }
        off.push_back(length);
    }
    if (diagonal.empty()) {
        return {};
    }
    return {detail::tridiagonal_eigenvalue(diagonal, off, diagonal.size() - 1),
            detail::tridiagonal_eigenvalue(diagonal, off, 0)};
}

//! Extreme eigenvalues of any mixing matrix: Jacobi up to 128 nodes, Lanczos beyond.
template <class W>
extreme_eigenvalues extremes(const W& w) {
    const std::size_t n = w.size();
    if (n < 2) {
        return {};
    }
    if (n > 128) {
        return lanczos_extremes(w);
    }
    std::vector<double> dense(n * n);
    for (std::size_t i = 0; i < n; ++i) {
        for (const neighbor& e : w.neighbors(i)) {
            dense[i * n + e.node] += e.weight;
        }
    }
    const auto values = symmetric_eigenvalues(std::move(dense), n);
    return {values[1], values[n - 1]};
}

}  // namespace frugal
