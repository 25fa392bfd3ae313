//! `dual`: dual (Delaunay) vector quantization of small buckets (Pages and Wilbertz 2012; Leconte 2024, appendix
//! B.3.2).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <frugal/compress/gain_shape.hpp>
#include <frugal/compress/message_interface.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/kernels/normals.hpp>

namespace frugal {

//! The weights of at most D + 1 codewords whose mean is x with the least mean squared distance to it: the barycentric
//! coordinates of x in a Delaunay simplex of the codewords.
struct barycentric {
    static constexpr std::size_t largest_dimension = 8;

    std::size_t count = 0;
    std::array<std::size_t, largest_dimension + 1> codeword{};
    std::array<double, largest_dimension + 1> weight{};
};

//! Solves min sum of lambda_m ||x - c_m||^2 over lambda >= 0, sum of lambda_m = 1, sum of lambda_m c_m = x, for x in
//! the cube [-1, 1]^D, by the simplex method from the vertices of the cube, which must be codewords 0..2^D - 1: bit j
//! of the number set where coordinate j is 1. rows: M x D, row-major.
//!
//! Every intermediate solution has the mean x: should rounding stop the search early, the variance is larger, but there
//! is no bias. O(D M) for each of a few exchanges. All in double without contraction: the same weights on any machine.
inline barycentric delaunay_weights(std::span<const float> rows, std::size_t dimension, std::span<const double> x) {
    constexpr std::size_t most = barycentric::largest_dimension + 1;
    const std::size_t d = dimension;
    const std::size_t n = d + 1;
    barycentric result{.count = n};
    // Start with the simplex of the cube that x lies in: coordinates in falling order are set to 1 one by one.
    std::array<std::size_t, most> order{};
    std::iota(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(d), std::size_t{0});
    std::sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(d),
              [&](std::size_t a, std::size_t b) { return x[a] > x[b] || (x[a] == x[b] && a < b); });
    double before = 1;
    for (std::size_t i = 0, vertex = 0; i <= d; ++i) {
        const double after = i < d ? (x[order[i]] + 1) / 2 : 0;
        result.codeword[i] = vertex;
        result.weight[i] = before - after;
        before = after;
        vertex |= i < d ? std::size_t{1} << order[i] : 0;
    }
    // Column m of the constraints is (c_m, 1). `inverse` is that of the basis: its rows give the weights of codewords.
    const auto entry = [&](std::size_t m, std::size_t j) { return j < d ? double(rows[m * d + j]) : 1.0; };
    std::array<std::array<double, most>, most> inverse{};
    for (std::size_t i = 0; i <= d; ++i) {  // weight i = t_(i) - t_(i+1), t = (x + 1) / 2, t_(0) = 1, t_(D+1) = 0
        if (i > 0) {
            inverse[i][order[i - 1]] += 0.5;
            inverse[i][d] += 0.5;
        } else {
            inverse[i][d] += 1;
        }
        if (i < d) {
            inverse[i][order[i]] -= 0.5;
            inverse[i][d] -= 0.5;
        }
    }
    const auto cost = [&](std::size_t m) {
        double sum = 0;
        for (std::size_t j = 0; j < d; ++j) {
            sum += double(rows[m * d + j]) * double(rows[m * d + j]);  // exact products
        }
        return sum;
    };
    const std::size_t codewords = rows.size() / d;
    for (std::size_t exchanges = 0; exchanges < 20 * n; ++exchanges) {
        std::array<double, most> price{};
        for (std::size_t i = 0; i < n; ++i) {
            const double c = cost(result.codeword[i]);
            for (std::size_t j = 0; j < n; ++j) {
                price[j] += rounded(c * inverse[i][j]);
            }
        }
        std::size_t enters = codewords;
        double least = -1e-12;
        for (std::size_t m = 0; m < codewords; ++m) {
            double reduced = cost(m) - price[d];
            for (std::size_t j = 0; j < d; ++j) {
                reduced -= rounded(price[j] * double(rows[m * d + j]));
            }
            if (reduced < least) {
                least = reduced;
                enters = m;
            }
        }
        if (enters == codewords) {
            break;
        }
        std::array<double, most> column{};
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < n; ++j) {
                column[i] += rounded(inverse[i][j] * entry(enters, j));
            }
        }
        std::size_t leaves = n;
        double step = 0;
        for (std::size_t i = 0; i < n; ++i) {
            if (column[i] > 1e-9) {
                const double ratio = std::max(result.weight[i], 0.0) / column[i];
                if (leaves == n || ratio < step) {
                    leaves = i;
                    step = ratio;
                }
            }
        }
        if (leaves == n) {
            break;
        }
        for (std::size_t i = 0; i < n; ++i) {
            result.weight[i] -= i == leaves ? 0 : rounded(step * column[i]);
        }
        result.weight[leaves] = step;
        result.codeword[leaves] = enters;
        const double pivot = column[leaves];
        for (double& v : inverse[leaves]) {
            v /= pivot;
        }
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < n && i != leaves; ++j) {
                inverse[i][j] -= rounded(column[i] * inverse[leaves][j]);
            }
        }
    }
    return result;
}

namespace detail {

//! The vertices of the cube [-1, 1]^D, 0, and normal points of standard deviation 1/3 within it.
inline std::shared_ptr<const std::vector<float>> shared_cube_codebook(int dimension, int codewords) {
    struct entry {
        int dimension;
        int codewords;
        std::shared_ptr<const std::vector<float>> rows;
    };
    static std::mutex mutex;
    static std::vector<entry> entries;
    const std::lock_guard lock(mutex);
    for (const entry& e : entries) {
        if (e.dimension == dimension && e.codewords == codewords) {
            return e.rows;
        }
    }
    const auto d = static_cast<std::size_t>(dimension);
    const std::size_t vertices = std::size_t{1} << d;
    auto rows = std::make_shared<std::vector<float>>(static_cast<std::size_t>(codewords) * d);
    constexpr random_key key{.seed = 0x6475616C71756E74u};  // a constant of the wire format
    kernels::fill_normal(random_stream(key), *rows);
    for (float& v : *rows) {
        v = std::clamp(v / 3, -1.0f, 1.0f);
    }
    for (std::size_t m = 0; m < vertices; ++m) {
        for (std::size_t j = 0; j < d; ++j) {
            (*rows)[m * d + j] = (m >> j & 1u) != 0 ? 1.0f : -1.0f;
        }
    }
    if (rows->size() > vertices * d) {
        std::fill_n(rows->begin() + static_cast<std::ptrdiff_t>(vertices * d), d, 0.0f);
    }
    entries.push_back({dimension, codewords, std::move(rows)});
    return entries.back().rows;
}

class dual_shapes {
public:
    dual_shapes(random_key k, std::size_t dimension, std::shared_ptr<const std::vector<float>> rows)
        : choice_(k.for_purpose(gain_shape::choice_purpose)), dimension_(dimension), rows_(std::move(rows)) {}
    unsigned code_bits() const { return bits_for(rows_->size() / dimension_); }
    float limit() const { return 1; }
    void measure(std::span<const float> buckets, std::span<float> gains) const {
        for (std::size_t l = 0; l < gains.size(); ++l) {
            gains[l] = kernels::max_abs(buckets.subspan(l * dimension_, dimension_));
        }
    }
    void encode(std::span<const float> buckets, std::span<const float> gains, std::uint64_t first,
                std::span<std::uint64_t> codes) const {
        std::array<double, barycentric::largest_dimension> x;
        for (std::size_t l = 0; l < codes.size(); ++l) {
            for (std::size_t j = 0; j < dimension_; ++j) {
                x[j] = gains[l] == 0 ? 0 : double(buckets[l * dimension_ + j]) / double(gains[l]);
            }
            const barycentric b = delaunay_weights(*rows_, dimension_, std::span(x).first(dimension_));
            double left = choice_.uniform_double(first + l);
            std::size_t chosen = 0;
            for (std::size_t i = 0; i < b.count && left >= 0; ++i) {
                if (b.weight[i] > 0) {  // where rounding leaves something over, the last one that can be
                    chosen = b.codeword[i];
                    left -= b.weight[i];
                }
            }
            codes[l] = chosen;
        }
    }
    void decode(std::uint64_t code, float gain, std::span<float> bucket) const {
        const float* const c = rows_->data() + static_cast<std::size_t>(code) * dimension_;
        std::transform(c, c + dimension_, bucket.begin(), [&](float v) { return gain * v; });
    }

private:
    random_stream choice_;
    std::size_t dimension_;
    std::shared_ptr<const std::vector<float>> rows_;
};

}  // namespace detail

//! Scales each group by its largest magnitude into the cube [-1, 1]^D, and sends for each bucket one of the codewords
//! of the Delaunay simplex around it, drawn with its barycentric coordinates: unbiased, without a norm per bucket.
//!
//! For D = 1 this is unbiased scalar rounding onto arbitrary levels. The codebook is fixed: the vertices of the cube,
//! 0, and normal points. Distortion falls as M^(-2/D) with the number of codewords. Payload as in gain_shape.hpp,
//! without gains; a code takes log2(codewords) bits. Encoding solves a linear program for each bucket: O(codewords d)
//! times a few exchanges, some megabytes a second.
struct dual {
    static constexpr int gain_bits = 0;
    int dimension = 2;          //!< D of a bucket, 1..8
    int codewords = 64;         //!< M, a power of two, 2^D..2^12
    int group = 512;            //!< coordinates that share a scale, 1..2^14
    cached_scheme scheme = {};  //!< internal

    static constexpr auto describe() {
        return describes("dual", "unbiased vector quantization of small buckets by Delaunay simplices",
                         option("dimension", &dual::dimension, "coordinates per bucket").from(1).to(8),
                         option("codewords", &dual::codewords, "a power of two, at least 2^dimension").from(2).to(4096),
                         option("group", &dual::group, "coordinates that share a scale").from(1).to(1 << 14));
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
        expect((codewords & (codewords - 1)) == 0, "dual: the number of codewords must be a power of two");
        expect(codewords >= 1 << dimension,
               "dual: at least 2^dimension codewords are needed: the vertices of the cube");
    }
    std::string name() const { return described_name(*this); }
    //! That of the vertices of the cube alone, for the largest coordinate is sent exactly and others by +-1 at worst.
    double variance(std::size_t d) const {
        return static_cast<double>(std::min(std::max<std::size_t>(d, 1), granule())) - 1;
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
    detail::dual_shapes shapes(random_key k, std::size_t) const {
        return {k, static_cast<std::size_t>(dimension), detail::shared_cube_codebook(dimension, codewords)};
    }
};

}  // namespace frugal
