//! Indirect quantization (ISGQ): the factors of a gradient are quantized, and the receiver multiplies them.
//!
//! | compressor                                            | law                            | bits a number |
//! |-------------------------------------------------------|--------------------------------|---------------|
//! | indirect{scalar_compressor{dithered{.levels = M}}}    | unbiased                       | log2(2 M + 1) |
//! | indirect{scalar_compressor{one_bit_dithered{}}}       | unbiased                       | 1             |
//! | indirect{codebook_compressor{lloyd_max{.levels = K}}} | naive: biased where correlated | log2 K        |
//! | indirect_mse{lloyd_max{.levels = K}}                  | least squared error of G       | log2 K        |
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frugal/compress/codebook.hpp>
#include <frugal/compress/laws.hpp>
#include <frugal/compress/message_interface.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/factors.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/kernels/linear.hpp>
#include <frugal/kernels/norms.hpp>

namespace frugal {

//! A compressor of gradients that takes their factors: compress(pair, k, m), and decompress(m, k, y) gives the
//! gradient. encode(pair, k, w); decode(r, k, shape, y), decode_add: the same without header and checksum, of factors
//! whose shape the receiver knows. It remembers nothing from one message to the next.
template <class C>
concept FactorCompressor =
    std::copyable<C> && std::same_as<typename C::input, factor_pair> &&
    requires(C c, const C cc, const factor_pair& pair, random_key k, message& m, const message& cm, payload_writer& w,
             payload_reader& r, const factor_shape& shape, float weight, std::span<float> y) {
        c.compress(pair, k, m);
        cc.decompress(cm, k, y);
        cc.decompress_add(cm, k, weight, y);
        c.encode(pair, k, w);
        cc.decode(r, k, shape, y);
        cc.decode_add(r, k, shape, weight, y);
        { C::unbiased } -> std::convertible_to<bool>;
        { cc.name() } -> std::convertible_to<std::string>;
    };

namespace detail {

//! Calls use(row, its elements as doubles) for each row of the product of a pair. The same bits on every machine.
template <class Use>
void for_each_row(const factor_pair& pair, Use use) {
    const factor_shape shape = pair.shape();
    const auto sums = borrow<double>(shape.columns);
    const auto inputs = borrow<const float*>(shape.samples);
    for (std::size_t s = 0; s < shape.samples; ++s) {
        inputs[s] = pair.inputs.data() + s * shape.inputs();
    }
    for (std::size_t i = 0; i < shape.rows; ++i) {
        std::fill(sums.begin(), sums.end(), 0.0);
        if (!shape.images) {
            kernels::add_weighted_rows(inputs.data(), shape.samples, pair.errors.data() + i, shape.rows, sums.data(),
                                       shape.columns);
        } else {
            const std::size_t places = shape.images->places(), stride = shape.images->stride;
            for (std::size_t s = 0; s < shape.samples; ++s) {
                const float* const errors = pair.errors.data() + s * shape.errors() + i * places;
                shape.images->for_each_run([&](std::size_t row, std::size_t at, std::size_t n, std::size_t from) {
                    if (stride == 1) {
                        sums[row] += kernels::dot(errors + at, inputs[s] + from, n);
                    } else {
                        for (std::size_t c = 0; c < n; ++c) {
                            sums[row] += double(errors[at + c]) * double(inputs[s][from + c * stride]);
                        }
                    }
                });
            }
        }
        use(i, std::span<const double>(sums));
    }
}

//! The geometry of a convolution, 16 bits a number.
inline void write_images(const unfolding& u, payload_writer& w) {
    for (const std::size_t number : {u.channels, u.rows, u.columns, u.kernel, u.stride, u.padding}) {
        expect(number < 1u << 16, "a convolution whose factors are sent has a size of 2^16 or more");
        w.bits(number, 16);
    }
}
inline unfolding read_images(payload_reader& r) {
    unfolding u;
    for (std::size_t* number : {&u.channels, &u.rows, &u.columns, &u.kernel, &u.stride, &u.padding}) {
        *number = r.bits(16);
    }
    expect_message(u.valid(), "a message has the factors of a convolution that cannot be: it was altered");
    return u;
}

inline float element_of_gradient(double sum) {
    const auto value = static_cast<float>(sum);
    expect_message(is_finite(value), "the factors of a message multiply to more than a float holds: it was altered");
    return value;
}

//! Messages of compressors of factors: before what `encode` writes the number of samples and of columns, 32 bits each;
//! of a convolution 0 columns, and its geometry.
template <class Derived>
class factor_message_interface {
public:
    using input = factor_pair;

    void compress(const factor_pair& pair, random_key k, message& m) {
        compress_by(static_cast<Derived&>(*this), pair, k, m);
    }
    void compress(const factor_pair& pair, random_key k, message& m) const
        requires requires(const Derived& c, payload_writer& w) { c.encode(pair, k, w); }
    {
        compress_by(self(), pair, k, m);
    }
    void decompress(const message& m, random_key k, std::span<float> y) const {
        read(m, k, y.size(), [&](payload_reader& r, const factor_shape& shape) { self().decode(r, k, shape, y); });
    }
    void decompress_add(const message& m, random_key k, float weight, std::span<float> acc) const {
        read(m, k, acc.size(),
             [&](payload_reader& r, const factor_shape& shape) { self().decode_add(r, k, shape, weight, acc); });
    }

private:
    template <class Self>
    void compress_by(Self& encoder, const factor_pair& pair, random_key k, message& m) const {
        pair.validate();
        const factor_shape shape = pair.shape();
        expect(fits(shape),
               "the factors of a gradient are many times as many numbers as it has: compress the gradient itself");
        write_message_with(self(), scheme_, shape.size(), k, m, [&](payload_writer& w) {
            w.bits(shape.samples, 32);
            w.bits(shape.images ? 0 : shape.columns, 32);
            if (shape.images) {
                write_images(*shape.images, w);
            }
            encoder.encode(pair, k, w);
        });
    }
    //! What a receiver is ready to hold: four times the gradient, or a million numbers.
    static bool fits(const factor_shape& shape) {
        constexpr std::size_t always = 1 << 20;
        return shape.at_most(std::max(always, 4 * shape.size())) && shape.columns < 1ull << 32;
    }
    template <class Read>
    void read(const message& m, random_key k, std::size_t d, Read use) const {
        read_message(self(), scheme_, m, k, d, [&](payload_reader& r) {
            factor_shape shape{.samples = r.bits(32), .rows = 0, .columns = r.bits(32)};
            if (shape.columns == 0) {
                shape.images = read_images(r);
                shape.columns = shape.images->patch();
            }
            shape.rows = d / shape.columns;
            expect_message(shape.rows > 0 && shape.size() == d && fits(shape),
                           "the factors of a message have another shape than its gradient: it was altered");
            use(r, shape);
        });
    }
    const Derived& self() const { return static_cast<const Derived&>(*this); }

    cached_scheme scheme_;
};

}  // namespace detail

//! G = errors' inputs; sent are X~ = C_x(inputs) and D~ = C_d(errors), under keys of their own; decoded is D~' X~.
//!
//! Unbiased where both compressors are, since they draw independently, however correlated inputs and errors are. With
//! dither of steps k_x, k_d: E||G~ - G||^2 = m n L k_x^2 k_d^2 / 144 + n k_x^2 ||D||^2 / 12 + m k_d^2 ||X||^2 / 12.
//! With deterministic compressors (naive) it is biased where inputs and errors are correlated.
//! Payload: that of the inputs, that of the errors; L (n log2(2 M_x + 1) + m log2(2 M_d + 1)) + 64 bits with dither,
//! radix coded. Decoding takes L m n multiplications: the receiver computes what the sender need not.
//! Choose it where L (m + n) is much less than m n: fully connected layers, small batches. Of a convolution the images
//! travel as they are and are unfolded after decoding: still unbiased, but what a pixel lost appears in several places.
//!
//! Source: Abdi 2020, ch. 3.
template <Compressor X, Compressor D = X>
class indirect : public detail::factor_message_interface<indirect<X, D>> {
public:
    static constexpr bool unbiased = X::unbiased && D::unbiased;
    static constexpr auto describe() {
        return describes(
            "indirect", "each factor by a compressor, unbiased where both are (ISGQ)",
            part("inputs", &indirect::inputs_, "of what comes into a layer"),
            part("errors", &indirect::errors_, "of the derivatives by what comes out").otherwise("inputs"));
    }

    explicit indirect(X both)
        requires std::same_as<X, D>
        : indirect(both, both) {}
    //! Throws `invalid_input` for compressors that remember something: factors have another shape each time.
    indirect(X inputs, D errors) : inputs_(std::move(inputs)), errors_(std::move(errors)) {
        expect(is_stateless(inputs_) && is_stateless(errors_), "indirect: its compressors must remember nothing");
    }

    std::string name() const { return described_name(*this); }
    laws laws_for(std::size_t d) const {
        return {.unbiased = laws_of(inputs_, d).unbiased && laws_of(errors_, d).unbiased};
    }

    void encode(const factor_pair& pair, random_key k, payload_writer& w) { encode_by(*this, pair, k, w); }
    void encode(const factor_pair& pair, random_key k, payload_writer& w) const
        requires(encodes_const<X> && encodes_const<D>)
    {
        encode_by(*this, pair, k, w);
    }
    void decode(payload_reader& r, random_key k, const factor_shape& shape, std::span<float> y) const {
        read(r, k, shape, [&](std::size_t at, double sum) { y[at] = detail::element_of_gradient(sum); });
    }
    void decode_add(payload_reader& r, random_key k, const factor_shape& shape, float weight,
                    std::span<float> acc) const {
        read(r, k, shape, [&](std::size_t at, double sum) {
            acc[at] = multiply_add(weight, detail::element_of_gradient(sum), acc[at]);
        });
    }

private:
    template <class Self>
    static void encode_by(Self& self, const factor_pair& pair, random_key k, payload_writer& w) {
        pair.validate();
        self.inputs_.encode(pair.inputs, k.for_purpose(1), w);
        self.errors_.encode(pair.errors, k.for_purpose(2), w);
        const double largest = double(kernels::max_abs(pair.inputs)) * double(kernels::max_abs(pair.errors));
        const double terms = static_cast<double>(pair.samples * (pair.images ? pair.images->places() : 1));
        expect(16 * terms * largest < double(std::numeric_limits<float>::max()),
               "the factors of a gradient multiply to more than a float holds: scale the errors down");
    }
    template <class Use>
    void read(payload_reader& r, random_key k, const factor_shape& shape, Use use) const {
        const auto inputs = borrow<float>(shape.samples * shape.inputs());
        const auto errors = borrow<float>(shape.samples * shape.errors());
        inputs_.decode(r, k.for_purpose(1), inputs);
        errors_.decode(r, k.for_purpose(2), errors);
        detail::for_each_row({shape.samples, inputs, errors, shape.images},
                             [&](std::size_t i, std::span<const double> row) {
                                 for (std::size_t j = 0; j < row.size(); ++j) {
                                     use(i * row.size() + j, row[j]);
                                 }
                             });
    }

    X inputs_;
    D errors_;
};

template <class X>
indirect(X) -> indirect<X, X>;

namespace detail {

//! What the squared error of G~ = sum over k, i of alpha_k beta_i C_ki depends on, C_ki = B_i' A_k, A_k and B_i the
//! indicators of the cells of inputs and errors: all of it from sums over pairs of samples, never an m x n matrix.
class level_fit {
public:
    //! The cells are symbols below `levels`, of inputs and errors. O(L^2 (m + n + levels^4)).
    level_fit(const factor_pair& pair, std::span<const std::uint8_t> cells_of_inputs,
              std::span<const std::uint8_t> cells_of_errors, std::size_t levels)
        : k_(levels), d_(k_ * k_ * k_ * k_), e_(k_ * k_), p_(k_ * k_) {
        const std::size_t n = pair.shape().columns, m = pair.shape().rows;
        std::vector<double> u(k_), v(k_), of_inputs(k_ * k_), of_errors(k_ * k_);
        for (std::size_t s = 0; s < pair.samples; ++s) {
            const float* x = pair.inputs.data() + s * n;
            const float* delta = pair.errors.data() + s * m;
            double sum_x = 0, sum_delta = 0;
            for (std::size_t j = 0; j < n; ++j) {
                sum_x += double(x[j]);
            }
            for (std::size_t j = 0; j < m; ++j) {
                sum_delta += double(delta[j]);
            }
            sum_ += rounded(sum_x * sum_delta);
            for (std::size_t t = 0; t < pair.samples; ++t) {
                joint(x, cells_of_inputs.subspan(s * n, n), cells_of_inputs.subspan(t * n, n), u, of_inputs);
                joint(delta, cells_of_errors.subspan(s * m, m), cells_of_errors.subspan(t * m, m), v, of_errors);
                for (std::size_t a = 0; a < k_ * k_; ++a) {
                    e_[a] += rounded(u[a / k_] * v[a % k_]);
                    for (std::size_t b = 0; b < k_ * k_; ++b) {  // counts: exact
                        d_[a * k_ * k_ + b] += of_inputs[a] * of_errors[b];
                    }
                }
                if (s == t) {
                    for (std::size_t a = 0; a < k_; ++a) {
                        for (std::size_t i = 0; i < k_; ++i) {
                            p_[a * k_ + i] += of_inputs[a * k_ + a] * of_errors[i * k_ + i];
                        }
                    }
                }
            }
        }
    }
    //! One step: the levels of the errors for those of the inputs, then the other way round. Levels that nothing has
    //! stay. lambda >= 0 weighs the square of the error's sum.
    void step(std::span<double> alpha, std::span<double> beta, double lambda) const {
        solve(
            alpha, beta, lambda,
            [&](std::size_t i, std::size_t j, std::size_t k, std::size_t l) {
                return d_[((k * k_ + l) * k_ + i) * k_ + j];
            },
            [&](std::size_t i, std::size_t k) { return k * k_ + i; });
        solve(
            beta, alpha, lambda,
            [&](std::size_t k, std::size_t l, std::size_t i, std::size_t j) {
                return d_[((k * k_ + l) * k_ + i) * k_ + j];
            },
            [&](std::size_t k, std::size_t i) { return k * k_ + i; });
    }

private:
    //! sums[k] of `values` whose other sample has cell k; counts[k, l] of places with cells k and l.
    void joint(const float* values, std::span<const std::uint8_t> own, std::span<const std::uint8_t> other,
               std::span<double> sums, std::span<double> counts) const {
        std::fill(sums.begin(), sums.end(), 0.0);
        std::fill(counts.begin(), counts.end(), 0.0);
        for (std::size_t j = 0; j < own.size(); ++j) {
            sums[other[j]] += double(values[j]);
            counts[own[j] * k_ + other[j]] += 1;
        }
    }
    //! unknown <- (Q + lambda p p')^-1 (r + lambda sum p), where Q_ab = sum over c, e of known_c known_e D(a, b, c, e).
    template <class Fourth, class Place>
    void solve(std::span<const double> known, std::span<double> unknown, double lambda, const Fourth& fourth,
               const Place& place) const {
        std::vector<double> q(k_ * k_), r(k_), p(k_);
        double trace = 0;
        for (std::size_t a = 0; a < k_; ++a) {
            for (std::size_t c = 0; c < k_; ++c) {
                r[a] += rounded(e_[place(a, c)] * known[c]);
                p[a] += rounded(p_[place(a, c)] * known[c]);
            }
        }
        for (std::size_t a = 0; a < k_; ++a) {
            for (std::size_t b = 0; b < k_; ++b) {
                double sum = rounded(lambda * rounded(p[a] * p[b]));
                for (std::size_t c = 0; c < k_; ++c) {
                    for (std::size_t e = 0; e < k_; ++e) {
                        sum += rounded(rounded(known[c] * known[e]) * fourth(a, b, c, e));
                    }
                }
                q[a * k_ + b] = sum;
            }
            r[a] += rounded(lambda * rounded(sum_ * p[a]));
            trace += q[a * k_ + a];
        }
        // Gauss and Jordan on a symmetric matrix, largest pivots first; what is singular stays out
        std::vector<bool> done(k_, false);
        std::vector<std::size_t> order;
        for (;;) {
            std::size_t pivot = k_;
            for (std::size_t a = 0; a < k_; ++a) {
                if (!done[a] && q[a * k_ + a] > 1e-12 * trace &&
                    (pivot == k_ || q[a * k_ + a] > q[pivot * k_ + pivot])) {
                    pivot = a;
                }
            }
            if (pivot == k_) {
                break;
            }
            done[pivot] = true;
            order.push_back(pivot);
            for (std::size_t a = 0; a < k_; ++a) {
                if (a != pivot) {
                    const double factor = q[a * k_ + pivot] / q[pivot * k_ + pivot];
                    for (std::size_t b = 0; b < k_; ++b) {
                        q[a * k_ + b] -= rounded(factor * q[pivot * k_ + b]);
                    }
                    r[a] -= rounded(factor * r[pivot]);
                }
            }
        }
        for (const std::size_t a : order) {
            double rest = r[a];
            for (std::size_t b = 0; b < k_; ++b) {
                rest -= done[b] ? 0 : rounded(q[a * k_ + b] * unknown[b]);
            }
            unknown[a] = rest / q[a * k_ + a];
        }
    }

    std::size_t k_;
    std::vector<double> d_;  // D^(k,l)_ij, in the order k, l, i, j
    std::vector<double> e_;  // E_ki
    std::vector<double> p_;  // P_ki: sums of the elements of C_ki
    double sum_ = 0;         // of the elements of G
};

}  // namespace detail

//! As `indirect` of two codebooks, but their levels are fitted to G: cells by the codebook B, then `iterations` times
//! the best levels of the errors for those of the inputs and the other way round (MSE-ISGQ). Minimises
//! ||G - G~||^2 + lambda (sum of G - sum of G~)^2, which no step raises; one iteration does most of it.
//!
//! Biased; at most 8 levels. Encoding costs O(L^2 (m + n)), decoding and payload as `indirect` of codebooks.
//!
//! Source: Abdi 2020, sec. 3.3.1, alg. 1.
template <Codebook B, Coder C = packed>
class indirect_mse : public detail::factor_message_interface<indirect_mse<B, C>> {
public:
    static constexpr bool unbiased = false;
    static constexpr auto describe() {
        return describes("indirect_mse", "levels of both factors fitted to the gradient (MSE-ISGQ); dense layers only",
                         part("codebook", &indirect_mse::codebook_, "the first levels, 8 at most"),
                         part("coder", &indirect_mse::coder_, "of the symbols").otherwise("packed"),
                         option("iterations", &indirect_mse::iterations_, "fits of the levels of both")
                             .from(0)
                             .to(1 << 20)
                             .otherwise("1"),
                         option("lambda", &indirect_mse::lambda_, "weight of the square of the sum of all errors")
                             .from(0)
                             .otherwise("0"));
    }

    explicit indirect_mse(B codebook, C coder = {}, int iterations = 1, double lambda = 0)
        : codebook_(codebook),
          coder_(coder),
          iterations_(iterations),
          lambda_(lambda),
          plain_(codebook_compressor<B, C>(std::move(codebook), std::move(coder))) {
        expect(codebook_.size() <= most_levels, "indirect_mse: at most 8 levels can be fitted");
        validate_described(*this);
    }

    std::string name() const { return described_name(*this); }

    void encode(const factor_pair& pair, random_key, payload_writer& w) const {
        pair.validate();
        expect(!pair.images, "indirect_mse fits levels to the factors of dense layers: give convolutions to indirect");
        const std::size_t size = codebook_.size();
        const auto cells_of_inputs = borrow<std::uint8_t>(pair.inputs.size());
        const auto cells_of_errors = borrow<std::uint8_t>(pair.errors.size());
        std::array<double, most_levels> alpha{}, beta{};
        start(pair.inputs, cells_of_inputs, alpha);
        start(pair.errors, cells_of_errors, beta);
        const std::span<double> a(alpha.data(), size), b(beta.data(), size);
        if (iterations_ > 0) {
            const detail::level_fit fit(pair, cells_of_inputs, cells_of_errors, size);
            for (int i = 0; i < iterations_; ++i) {
                fit.step(a, b, lambda_);
            }
        }
        write(a, cells_of_inputs, w);
        write(b, cells_of_errors, w);
    }
    void decode(payload_reader& r, random_key k, const factor_shape& shape, std::span<float> y) const {
        plain_.decode(r, k, shape, y);
    }
    void decode_add(payload_reader& r, random_key k, const factor_shape& shape, float weight,
                    std::span<float> acc) const {
        plain_.decode_add(r, k, shape, weight, acc);
    }

private:
    static constexpr std::size_t most_levels = 8;

    //! The cells of a factor, and their means.
    void start(std::span<const float> x, std::span<std::uint8_t> cells, std::array<double, most_levels>& means) const {
        detail::checked_norm(kernels::max_abs(x), x);
        const std::size_t size = codebook_.size();
        std::array<float, most_levels> levels{}, boundaries{};
        codebook_.fit(x, std::span(levels.data(), size), std::span(boundaries.data(), size - 1));
        detail::find_cells(x, std::span<const float>(boundaries.data(), size - 1), cells.data());
        std::copy(levels.begin(), levels.end(), means.begin());
    }
    void write(std::span<const double> levels, std::span<const std::uint8_t> cells, payload_writer& w) const {
        for (const double level : levels) {
            const auto value = static_cast<float>(level);
            expect(is_finite(value), "the fitted levels of a factor exceed the range of float: scale the errors up");
            w.number(value);
        }
        coder_.encode(cells, levels.size(), w);
    }

    B codebook_;
    C coder_;
    int iterations_;
    double lambda_;
    indirect<codebook_compressor<B, C>> plain_;
};

}  // namespace frugal
