//! Transforms: linear maps, drawn from the key, that a `transformed` compressor puts before another one.
//!
//! | transform                  | sends of d numbers | law                        | choose it when              |
//! |----------------------------|--------------------|----------------------------|-----------------------------|
//! | hadamard{.size = n}        | d                  | T'T = I: a rotation        | any vector should look flat |
//! | hadamard{.size, .kept = k} | d k / n            | unbiased; T T' = (n / k) I | fewer numbers than d        |
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>

#include <frugal/core/describe.hpp>
#include <frugal/core/error.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/core/random.hpp>
#include <frugal/kernels/elementwise.hpp>
#include <frugal/kernels/hadamard.hpp>
#include <frugal/kernels/norms.hpp>
#include <frugal/kernels/paley.hpp>

namespace frugal {

//! The part of a vector that a transform maps by itself: `order` coordinates (zeros appended) to `kept` numbers.
struct transform_block {
    std::size_t order = 1;
    std::size_t kept = 1;
};

//! length(d): of T x.  forward(x, k, y): y = T x, with T drawn from k; returns max |y_i|.  adjoint(y, k, d, use):
//! use(first, part) for all parts of T' y, in order; y is overwritten.  block(): what whole blocks are; rest(d): what
//! the coordinates beyond the last whole block are.  kept < order: T' T is the identity in the mean only.
template <class T>
concept Transform = std::copyable<T> && requires(const T t, std::size_t d, std::span<const float> x, random_key k,
                                                 std::span<float> y, void (*use)(std::size_t, std::span<const float>)) {
    { t.length(d) } -> std::same_as<std::size_t>;
    { t.forward(x, k, y) } -> std::same_as<float>;
    t.adjoint(y, k, d, use);
    { t.block() } -> std::same_as<transform_block>;
    { t.rest(d) } -> std::same_as<transform_block>;
    { t.name() } -> std::convertible_to<std::string>;
};

//! T x = (1 / sqrt k) H_k R x for each `size` = n coordinates: R random signs, H_k the first k rows of a Hadamard
//! matrix (Ailon and Chazelle 2006; for compression Suresh et al. 2017, Abdi 2020, ch. 4).
//!
//! kept = n (written 0): ||T x|| = ||x||. Each coordinate of T x is a sum of all n with random signs, so it has
//! variance
//! ||x||^2 / n and Gaussian tails, E max (T x)_i^2 <= 3 ln n / (n - 1) ||x||^2, whatever x is.
//! kept < n: E T'T = I, and E||T'T x - x||^2 = (n / k - 1) ||x||^2 exactly. n: a power of two (Sylvester's matrix), or
//! such times a matrix of Paley: 12, 20, 28, 36, 96, 100, 192, 200, 288, ... The r < n coordinates that remain are
//! padded with zeros to the next power of two (at most n), of which the same share is kept. Every bit of T x and T' y
//! is the same on all machines. O(d log n) time for powers of two (O(d m) where Paley's matrix is of order m), O(n +
//! m^2) memory on loan.
struct hadamard {
    std::size_t size = 4096;
    std::size_t kept = 0;

    static constexpr auto describe() {
        return describes(
            "hadamard", "random signs and a Hadamard transform of each bucket",
            option("size", &hadamard::size, "coordinates of a bucket: a power of two, 12, 20, 96, 100, ...")
                .from(1)
                .to(static_cast<double>(most)),
            option("kept", &hadamard::kept, "rows of each that are sent; 0 for all")
                .from(0)
                .to(static_cast<double>(most))
                .unless_default());
    }
    transform_block block() const { return {size, kept == 0 ? size : kept}; }
    transform_block rest(std::size_t d) const {
        const std::size_t order = std::min(size, std::bit_ceil(d % size));
        return {order, kept == 0 ? order : (kept * order + size - 1) / size};
    }
    std::size_t length(std::size_t d) const { return d / size * block().kept + (d % size == 0 ? 0 : rest(d).kept); }

    float forward(std::span<const float> x, random_key k, std::span<float> y) const {
        float largest = 0;
        const random_stream signs(k);
        const auto storage = borrow<float>(in_place() ? 0 : piece());
        for_each_piece(x.size(), [&](std::size_t first, std::size_t n, std::size_t sent, const matrix& h) {
            const transform_block& b = h.block();
            const std::size_t blocks = (n + b.order - 1) / b.order;
            const std::span<float> out = y.subspan(sent, blocks * b.kept);
            const std::span<float> z = b.kept == b.order ? out : std::span(storage).first(blocks * b.order);
            std::fill(z.begin() + static_cast<std::ptrdiff_t>(n), z.end(), 0.0f);
            kernels::random_signs(signs, first, factor(b), x.subspan(first, n), z.first(n));
            h.multiply(z, out);
            const float m = kernels::max_abs(out);
            largest = largest < m || m != m ? m : largest;  // NaN stays
        });
        return largest;
    }
    template <class Use>
    void adjoint(std::span<float> y, random_key k, std::size_t d, Use use) const {
        const random_stream signs(k);
        const auto storage = borrow<float>(in_place() ? 0 : piece());
        for_each_piece(d, [&](std::size_t first, std::size_t n, std::size_t sent, const matrix& h) {
            const transform_block& b = h.block();
            const std::size_t blocks = (n + b.order - 1) / b.order;
            const std::span<float> in = y.subspan(sent, blocks * b.kept);
            const std::span<float> z = b.kept == b.order ? in : std::span(storage).first(blocks * b.order);
            h.multiply_transposed(in, z);
            kernels::random_signs(signs, first, factor(b), z.first(n), z.first(n));
            use(first, std::span<const float>(z.first(n)));
        });
    }
    void validate() const {
        validate_described(*this);
        expect(core(size) != 0 && core(size) <= largest_core,
               "hadamard: no matrix of this size is known here: take a power of two, or 12, 20, 28, 36, ... times one");
        expect(kept <= size, "hadamard: at most as many rows are kept as a bucket has");
    }
    std::string name() const { return described_name(*this); }

private:
    static constexpr std::size_t most = std::size_t{1} << 30;
    static constexpr std::size_t in_cache = 4096;
    static constexpr std::size_t largest_core = 1024;

    //! The order of the factor of H that is Paley's: 1 for powers of two; 0 where there is no such H.
    static std::size_t core(std::size_t order) {
        const auto twos = static_cast<unsigned>(std::countr_zero(order));
        const std::size_t odd = order >> twos;
        return odd == 1 ? 1 : (twos >= 2 && kernels::paley_field(4 * odd) != 0 ? 4 * odd : 0);
    }
    static float factor(const transform_block& b) {
        return static_cast<float>(1 / std::sqrt(static_cast<double>(b.kept)));
    }
    bool in_place() const { return block().kept == size; }
    //! Whole blocks that fit the first-level cache, at least one.
    std::size_t piece() const { return size * std::max<std::size_t>(1, in_cache / size); }
    //! The first `kept` rows of H for each block, or their transpose; of Sylvester's only sums of halves are needed.
    class matrix {
    public:
        explicit matrix(const transform_block& b)
            : b_(b), core_(core(b.order)), paley_(core_ == 1 ? 0 : core_ * core_), rows_(core_ == 1 ? 0 : b.order) {
            if (core_ > 1) {
                kernels::fill_paley(core_, paley_);
            }
        }
        const transform_block& block() const { return b_; }
        //! out = H z; out is z where all rows are kept. z is overwritten.
        void multiply(std::span<float> z, std::span<float> out) const {
            if (b_.kept == b_.order) {
                square(z, false, b_.order);
                return;
            }
            const std::size_t needed = core_ > 1 ? b_.order : std::bit_ceil(b_.kept);
            for (std::size_t at = 0, to = 0; at < z.size(); at += b_.order, to += b_.kept) {
                const std::span<float> part = z.subspan(at, b_.order);
                for (std::size_t h = b_.order / 2; h >= needed; h /= 2) {
                    kernels::add(part.first(h), part.subspan(h, h), part.first(h));
                }
                square(part.first(needed), false, needed);
                std::copy_n(part.begin(), b_.kept, out.begin() + static_cast<std::ptrdiff_t>(to));
            }
        }
        //! z = H' y; z is y where all rows are kept.
        void multiply_transposed(std::span<const float> y, std::span<float> z) const {
            if (b_.kept == b_.order) {
                square(z, true, b_.order);
                return;
            }
            const std::size_t needed = core_ > 1 ? b_.order : std::bit_ceil(b_.kept);
            for (std::size_t at = 0, from = 0; at < z.size(); at += b_.order, from += b_.kept) {
                const std::span<float> part = z.subspan(at, b_.order);
                std::copy_n(y.begin() + static_cast<std::ptrdiff_t>(from), b_.kept, part.begin());
                std::ranges::fill(part.subspan(b_.kept, needed - b_.kept), 0.0f);
                square(part.first(needed), true, needed);
                for (std::size_t h = needed; h < b_.order; h *= 2) {
                    std::ranges::copy(part.first(h), part.subspan(h).begin());
                }
            }
        }

    private:
        //! In place, blocks of `order`: Sylvester's factor on each row of a matrix, Paley's on its columns.
        void square(std::span<float> x, bool transposed, std::size_t order) const {
            kernels::hadamard(x, order / core_);
            for (std::size_t at = 0; core_ > 1 && at < x.size(); at += order) {
                const std::span<float> part = x.subspan(at, order);
                kernels::combine_rows(paley_, core_, transposed, part, order / core_, rows_);
                std::ranges::copy(rows_, part.begin());
            }
        }

        transform_block b_;
        std::size_t core_;
        const loan<float> paley_;
        const loan<float> rows_;
    };

    //! f(first, n, sent, h) for x[first, first + n) and T x from `sent` on, n a multiple of h's order but at the end.
    template <class F>
    void for_each_piece(std::size_t d, F f) const {
        const std::size_t whole = d - d % size;
        if (whole > 0) {
            const matrix h(block());
            for (std::size_t at = 0; at < whole; at += piece()) {
                f(at, std::min(piece(), whole - at), at / size * block().kept, h);
            }
        }
        if (whole < d) {
            f(whole, d - whole, whole / size * block().kept, matrix(rest(d)));
        }
    }
};

}  // namespace frugal
