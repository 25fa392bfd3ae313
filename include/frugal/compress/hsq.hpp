//! Hyper-sphere quantization (Dai et al. 2019): directions by a fixed codebook on the unit sphere that all nodes share.
//! `hsq_greedy` takes the nearest codeword, `hsq_span` draws one.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include <frugal/compress/gain_shape.hpp>
#include <frugal/compress/message_interface.hpp>
#include <frugal/compress/spherical_stovoq.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/kernels/codebook_search.hpp>
#include <frugal/kernels/normals.hpp>

namespace frugal {
namespace detail {

//! M directions of R^D that are the same in every process, and what is worked out from them.
struct fixed_sphere {
    std::size_t dimension;
    std::size_t codewords;
    std::vector<float> rows;
    kernels::search_codebook codebook;
    std::vector<double> coefficients;  //!< row m: what x has to be multiplied by for the least norm alpha, x = C alpha
    double span_variance = 0;          //!< a bound of ||alpha||_1^2 / ||x||^2 - 1

    fixed_sphere(std::size_t d, std::size_t m) : dimension(d), codewords(m), rows(d * m) {
        constexpr random_key key{.seed = 0x4853517370686572u};  // a constant of the wire format
        kernels::fill_normal(random_stream(key), rows);
        for (std::size_t i = 0; i < m; ++i) {
            to_unit_sphere(std::span(rows).subspan(i * d, d));
        }
        codebook.assign(rows, d);
    }

    //! alpha = C^T (C C^T)^-1 x, by Gauss and Jordan on C C^T, which is positive definite where codewords span R^D.
    void solve() {
        const std::size_t d = dimension;
        std::vector<double> gram(d * d);
        std::vector<double> inverse(d * d);
        for (std::size_t a = 0; a < d; ++a) {
            inverse[a * d + a] = 1;
            for (std::size_t m = 0; m < codewords; ++m) {
                for (std::size_t b = 0; b < d; ++b) {
                    gram[a * d + b] += double(rows[m * d + a]) * double(rows[m * d + b]);  // exact products
                }
            }
        }
        const double size = largest_row_sum(gram);
        for (std::size_t a = 0; a < d; ++a) {
            const double pivot = gram[a * d + a];
            expect(pivot > 1e-6 * size, "hsq_span: the codewords hardly span the space: take more");
            for (std::size_t b = 0; b < d; ++b) {
                gram[a * d + b] /= pivot;
                inverse[a * d + b] /= pivot;
            }
            for (std::size_t row = 0; row < d; ++row) {
                const double factor = row == a ? 0 : gram[row * d + a];
                for (std::size_t b = 0; b < d; ++b) {
                    gram[row * d + b] -= rounded(factor * gram[a * d + b]);
                    inverse[row * d + b] -= rounded(factor * inverse[a * d + b]);
                }
            }
        }
        expect(size * largest_row_sum(inverse) < 1e6, "hsq_span: the codewords hardly span the space: take more");
        // ||alpha||_1^2 <= M ||alpha||^2 = M x^T (C C^T)^-1 x, and a row sum bounds the largest eigenvalue.
        span_variance = std::max(static_cast<double>(codewords) * largest_row_sum(inverse) - 1, 0.0);
        coefficients.assign(codewords * d, 0);
        for (std::size_t m = 0; m < codewords; ++m) {
            for (std::size_t a = 0; a < d; ++a) {
                for (std::size_t b = 0; b < d; ++b) {
                    coefficients[m * d + a] += rounded(inverse[a * d + b] * double(rows[m * d + b]));
                }
            }
        }
    }
    //! Coefficient m of x.
    double alpha(std::size_t m, const float* x) const {
        double sum = 0;
        for (std::size_t j = 0; j < dimension; ++j) {
            sum += rounded(coefficients[m * dimension + j] * double(x[j]));
        }
        return sum;
    }

private:
    double largest_row_sum(const std::vector<double>& square) const {
        double largest = 0;
        for (std::size_t a = 0; a < dimension; ++a) {
            double sum = 0;
            for (std::size_t b = 0; b < dimension; ++b) {
                sum += std::fabs(square[a * dimension + b]);
            }
            largest = std::max(largest, sum);
        }
        return largest;
    }
};

//! Made once per process; `solved`: with its coefficients.
inline std::shared_ptr<const fixed_sphere> shared_sphere(int dimension, int codewords, bool solved) {
    static std::mutex mutex;
    static std::vector<std::shared_ptr<const fixed_sphere>> spheres;
    const auto d = static_cast<std::size_t>(dimension);
    const auto m = static_cast<std::size_t>(codewords);
    const std::lock_guard lock(mutex);
    for (const auto& s : spheres) {
        if (s->dimension == d && s->codewords == m && s->coefficients.empty() != solved) {
            return s;
        }
    }
    const auto made = std::make_shared<fixed_sphere>(d, m);
    if (solved) {
        made->solve();
    }
    spheres.push_back(made);
    return made;
}

//! What both have in common.
class hsq_shapes {
public:
    explicit hsq_shapes(std::shared_ptr<const fixed_sphere> sphere) : sphere_(std::move(sphere)) {}
    float limit() const { return 1; }

protected:
    void write(std::size_t m, float gain, std::span<float> bucket) const {
        const float* const c = sphere_->rows.data() + m * sphere_->dimension;
        std::transform(c, c + sphere_->dimension, bucket.begin(), [&](float v) { return gain * v; });
    }
    std::shared_ptr<const fixed_sphere> sphere_;
};

class hsq_greedy_shapes : public hsq_shapes {
public:
    using hsq_shapes::hsq_shapes;
    unsigned code_bits() const { return bits_for(sphere_->codewords); }
    void measure(std::span<const float> buckets, std::span<float> gains) const {
        gain_shape::norms(buckets, sphere_->dimension, gains);
    }
    void encode(std::span<const float> buckets, std::span<const float>, std::uint64_t,
                std::span<std::uint64_t> codes) const {
        const auto best = borrow<std::uint32_t>(codes.size());
        kernels::search(sphere_->codebook, buckets, best);
        std::ranges::copy(best, codes.begin());
    }
    void decode(std::uint64_t code, float gain, std::span<float> bucket) const {
        write(static_cast<std::size_t>(code), gain, bucket);
    }
};

class hsq_span_shapes : public hsq_shapes {
public:
    hsq_span_shapes(std::shared_ptr<const fixed_sphere> sphere, random_key k)
        : hsq_shapes(std::move(sphere)), choice_(k.for_purpose(gain_shape::choice_purpose)) {}
    unsigned code_bits() const { return bits_for(sphere_->codewords) + 1; }
    void measure(std::span<const float> buckets, std::span<float> gains) const {
        for (std::size_t l = 0; l < gains.size(); ++l) {
            double sum = 0;
            for (std::size_t m = 0; m < sphere_->codewords; ++m) {
                sum += std::fabs(sphere_->alpha(m, buckets.data() + l * sphere_->dimension));
            }
            gains[l] = static_cast<float>(sum);
        }
    }
    void encode(std::span<const float> buckets, std::span<const float> gains, std::uint64_t first,
                std::span<std::uint64_t> codes) const {
        for (std::size_t l = 0; l < codes.size(); ++l) {
            double left = rounded(choice_.uniform_double(first + l) * double(gains[l]));
            std::uint64_t code = 0;
            for (std::size_t m = 0; m < sphere_->codewords; ++m) {
                const double alpha = sphere_->alpha(m, buckets.data() + l * sphere_->dimension);
                if (alpha != 0) {  // where rounding leaves something over, the last one that can be
                    code = m << 1 | static_cast<std::uint64_t>(alpha < 0);
                }
                left -= std::fabs(alpha);
                if (left < 0) {
                    break;
                }
            }
            codes[l] = code;
        }
    }
    void decode(std::uint64_t code, float gain, std::span<float> bucket) const {
        write(static_cast<std::size_t>(code >> 1), (code & 1u) != 0 ? -gain : gain, bucket);
    }

private:
    random_stream choice_;
};

}  // namespace detail

//! Sends of each bucket its norm and the nearest in direction of `codewords` fixed codewords. Biased: without
//! randomness but that of the norm, so that the mean over many nodes is hardly better than one of them.
//!
//! E||C(x) - x||^2 = 2 (1 - r) ||x||^2 for x of a random direction, r = mean_largest_cosine. For a fixed x no bound
//! below ||x||^2 is known. Payload as in gain_shape.hpp; a code takes log2(codewords) bits. O(codewords d).
struct hsq_greedy {
    int dimension = 8;          //!< D of a bucket, 1..64
    int codewords = 1024;       //!< M, a power of two, 2..2^16
    int gain_bits = 6;          //!< of the norm of a bucket, 1..16
    int group = 512;            //!< coordinates that share the range of the norms, 1..2^14
    cached_scheme scheme = {};  //!< internal

    static constexpr auto describe() {
        return describes("hsq_greedy", "the nearest of fixed codewords on the sphere, and norms of buckets",
                         option("dimension", &hsq_greedy::dimension, "coordinates per bucket").from(1).to(64),
                         option("codewords", &hsq_greedy::codewords, "a power of two").from(2).to(1 << 16),
                         option("gain_bits", &hsq_greedy::gain_bits, "of a bucket's norm").from(1).to(16),
                         option("group", &hsq_greedy::group, "coordinates that share a range").from(1).to(1 << 14));
    }
    static constexpr bool unbiased = false;

    void compress(std::span<const float> x, random_key k, message& m) const { write_message(*this, scheme, x, k, m); }
    void compress(std::span<const float> x, random_key k, message& m, std::span<float> echo) const {
        write_message(*this, scheme, x, k, m, echo);
    }
    void decompress(const message& m, random_key k, std::span<float> y) const {
        read_message(*this, scheme, m, k, y.size(), [&](payload_reader& r) { decode(r, k, y); });
    }
    void decompress_add(const message& m, random_key k, float weight, std::span<float> acc) const {
        read_message(*this, scheme, m, k, acc.size(), [&](payload_reader& r) { decode_add(r, k, weight, acc); });
    }

    void validate() const {
        validate_described(*this);
        expect((codewords & (codewords - 1)) == 0, "hsq_greedy: the number of codewords must be a power of two");
    }
    std::string name() const { return described_name(*this); }
    std::size_t granule() const { return gain_shape::group_size(*this); }

    void encode(std::span<const float> x, random_key k, payload_writer& w) const { encode(x, k, w, {}); }
    void encode(std::span<const float> x, random_key k, payload_writer& w, std::span<float> echo) const {
        gain_shape::encode(*this, x, k, w, echo);
    }
    void decode(payload_reader& r, random_key k, std::span<float> y) const { gain_shape::decode(*this, r, k, y); }
    void decode_add(payload_reader& r, random_key k, float weight, std::span<float> acc) const {
        gain_shape::decode_add(*this, r, k, weight, acc);
    }
    detail::hsq_greedy_shapes shapes(random_key, std::size_t) const {
        return detail::hsq_greedy_shapes(detail::shared_sphere(dimension, codewords, false));
    }
};

//! Writes each bucket as the combination of fixed codewords C whose coefficients alpha = C^T (C C^T)^-1 x have the
//! least norm, draws one with probability |alpha_i| / ||alpha||_1, and sends its index, its sign and ||alpha||_1.
//! Unbiased; variance ||alpha||_1^2 - ||x||^2, about D^2 E|u_1|^2 - 1 times ||x||^2 on average, whatever the number of
//! codewords.
//!
//! Payload as in gain_shape.hpp; a code takes log2(codewords) + 1 bits. O(codewords d), in double.
struct hsq_span {
    int dimension = 8;          //!< D of a bucket, 1..64
    int codewords = 1024;       //!< M, a power of two, at least D, 2..2^16
    int gain_bits = 6;          //!< of ||alpha||_1, 1..16
    int group = 512;            //!< coordinates that share the range of ||alpha||_1, 1..2^14
    cached_scheme scheme = {};  //!< internal

    static constexpr auto describe() {
        return describes("hsq_span", "fixed codewords on the sphere, drawn in proportion to coefficients",
                         option("dimension", &hsq_span::dimension, "coordinates per bucket").from(1).to(64),
                         option("codewords", &hsq_span::codewords, "a power of two").from(2).to(1 << 16),
                         option("gain_bits", &hsq_span::gain_bits, "of the sum of coefficients").from(1).to(16),
                         option("group", &hsq_span::group, "coordinates that share a range").from(1).to(1 << 14));
    }
    static constexpr bool unbiased = true;

    void compress(std::span<const float> x, random_key k, message& m) const { write_message(*this, scheme, x, k, m); }
    void compress(std::span<const float> x, random_key k, message& m, std::span<float> echo) const {
        write_message(*this, scheme, x, k, m, echo);
    }
    void decompress(const message& m, random_key k, std::span<float> y) const {
        read_message(*this, scheme, m, k, y.size(), [&](payload_reader& r) { decode(r, k, y); });
    }
    void decompress_add(const message& m, random_key k, float weight, std::span<float> acc) const {
        read_message(*this, scheme, m, k, acc.size(), [&](payload_reader& r) { decode_add(r, k, weight, acc); });
    }

    void validate() const {
        validate_described(*this);
        expect((codewords & (codewords - 1)) == 0, "hsq_span: the number of codewords must be a power of two");
        expect(codewords >= dimension, "hsq_span: fewer codewords than dimensions cannot span the space");
    }
    std::string name() const { return described_name(*this); }
    double variance(std::size_t d) const {
        validate();
        return gain_shape::variance(*this, d, detail::shared_sphere(dimension, codewords, true)->span_variance);
    }
    std::size_t granule() const { return gain_shape::group_size(*this); }

    void encode(std::span<const float> x, random_key k, payload_writer& w) const { encode(x, k, w, {}); }
    void encode(std::span<const float> x, random_key k, payload_writer& w, std::span<float> echo) const {
        gain_shape::encode(*this, x, k, w, echo);
    }
    void decode(payload_reader& r, random_key k, std::span<float> y) const { gain_shape::decode(*this, r, k, y); }
    void decode_add(payload_reader& r, random_key k, float weight, std::span<float> acc) const {
        gain_shape::decode_add(*this, r, k, weight, acc);
    }
    detail::hsq_span_shapes shapes(random_key k, std::size_t) const {
        return {detail::shared_sphere(dimension, codewords, true), k};
    }
};

}  // namespace frugal
