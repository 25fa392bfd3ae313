//! `spherical_stovoq`: StoVoQ on the unit sphere (Leconte 2024, algorithms 10 and 11).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include <frugal/compress/gain_shape.hpp>
#include <frugal/compress/laws.hpp>
#include <frugal/compress/message_interface.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/kernels/codebook_search.hpp>
#include <frugal/kernels/normals.hpp>
#include <frugal/quantize/spherical_bias.hpp>

namespace frugal {
namespace detail {

//! Divides by the norm: a normal vector becomes a uniform direction. (0 becomes the first axis.)
inline void to_unit_sphere(std::span<float> row) {
    const auto norm = static_cast<float>(std::sqrt(kernels::sum_squares_of_few(row)));
    if (norm == 0) {
        row[0] = 1;
        return;
    }
    for (float& v : row) {
        v /= norm;
    }
}

//! `mean_largest_cosine`, worked out once per process (about a millisecond).
inline double shared_mean_largest_cosine(std::size_t dimension, std::size_t codewords) {
    struct entry {
        std::size_t dimension;
        std::size_t codewords;
        double value;
    };
    static std::mutex mutex;
    static std::vector<entry> entries;
    const std::lock_guard lock(mutex);
    for (const entry& e : entries) {
        if (e.dimension == dimension && e.codewords == codewords) {
            return e.value;
        }
    }
    entries.push_back({dimension, codewords, mean_largest_cosine(dimension, codewords)});
    return entries.back().value;
}

struct spherical_scratch {
    std::vector<float> rows;
    std::vector<std::uint64_t> ready;  // which rows there are
    kernels::search_codebook codebook;
};

//! The codewords of one message, uniform on the unit sphere, made as they are needed.
class spherical_shapes {
public:
    spherical_shapes(random_key k, std::size_t dimension, std::size_t codewords, double mean_cosine)
        : stream_(k.for_purpose(gain_shape::codebook_purpose)),
          dimension_(dimension),
          codewords_(codewords),
          inverse_(static_cast<float>(1 / mean_cosine)) {
        scratch_->rows.resize(codewords * dimension);
        scratch_->ready.assign((codewords + 63) / 64, 0);
    }
    unsigned code_bits() const { return bits_for(codewords_); }
    float limit() const { return inverse_; }
    void measure(std::span<const float> buckets, std::span<float> gains) const {
        gain_shape::norms(buckets, dimension_, gains);
    }
    void encode(std::span<const float> buckets, std::span<const float>, std::uint64_t first,
                std::span<std::uint64_t> codes) const {
        auto& s = *scratch_;
        if (first == 0) {
            kernels::fill_normal(stream_, s.rows);
            for (std::size_t m = 0; m < codewords_; ++m) {
                to_unit_sphere(row(m));
            }
            std::ranges::fill(s.ready, ~std::uint64_t{0});
            s.codebook.assign(s.rows, dimension_);
        }
        const auto best = borrow<std::uint32_t>(codes.size());
        kernels::search(s.codebook, buckets, best);
        std::ranges::copy(best, codes.begin());
    }
    void decode(std::uint64_t code, float gain, std::span<float> bucket) const {
        const auto m = static_cast<std::size_t>(code);
        if ((scratch_->ready[m / 64] >> (m % 64) & 1u) == 0) {
            for (std::size_t j = 0; j < dimension_; ++j) {
                row(m)[j] = stream_.normal(m * dimension_ + j);
            }
            to_unit_sphere(row(m));
            scratch_->ready[m / 64] |= std::uint64_t{1} << (m % 64);
        }
        const float factor = gain * inverse_;
        std::ranges::transform(row(m), bucket.begin(), [&](float c) { return factor * c; });
    }

private:
    std::span<float> row(std::size_t m) const { return std::span(scratch_->rows).subspan(m * dimension_, dimension_); }

    random_stream stream_;
    std::size_t dimension_;
    std::size_t codewords_;
    float inverse_;
    workspace<spherical_scratch> scratch_;
};

}  // namespace detail

//! Sends of each bucket its norm and the nearest in direction of `codewords` codewords that are redrawn uniformly from
//! the unit sphere for each key; decodes norm / r times that codeword, where r is the mean of the largest cosine: one
//! constant, so that no correction is sent. Unbiased for every x, with variance 1 / r^2 - 1 of each bucket (and what
//! rounding its norm adds), also where one bucket carries everything.
//!
//! Payload as in gain_shape.hpp; a code takes log2(codewords) bits. Encoding costs O(codewords (dimension + d)).
struct spherical_stovoq {
    int dimension = 8;          //!< D of a bucket, 1..64
    int codewords = 1024;       //!< M, a power of two, 2..2^20
    int gain_bits = 6;          //!< of the norm of a bucket, 1..16
    int group = 512;            //!< coordinates that share the range of the norms, 1..2^14
    cached_scheme scheme = {};  //!< internal

    static constexpr auto describe() {
        return describes(
            "spherical_stovoq", "random codewords on the sphere that nobody sends, and norms of buckets",
            option("dimension", &spherical_stovoq::dimension, "coordinates per bucket").from(1).to(64),
            option("codewords", &spherical_stovoq::codewords, "a power of two").from(2).to(1 << 20),
            option("gain_bits", &spherical_stovoq::gain_bits, "of a bucket's norm").from(1).to(16),
            option("group", &spherical_stovoq::group, "coordinates that share a range").from(1).to(1 << 14));
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
        expect((codewords & (codewords - 1)) == 0, "spherical_stovoq: the number of codewords must be a power of two");
    }
    std::string name() const { return described_name(*this); }
    double variance(std::size_t d) const {
        const double r = mean_cosine();
        return gain_shape::variance(*this, d, 1 / (r * r) - 1);
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
    detail::spherical_shapes shapes(random_key k, std::size_t) const {
        return {k, static_cast<std::size_t>(dimension), static_cast<std::size_t>(codewords), mean_cosine()};
    }

private:
    double mean_cosine() const {
        return detail::shared_mean_largest_cosine(static_cast<std::size_t>(dimension),
                                                  static_cast<std::size_t>(codewords));
    }
};

}  // namespace frugal
