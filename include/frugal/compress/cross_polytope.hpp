//! `cross_polytope`: directions as random vertices of a cross-polytope (Gandikota et al. 2021).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <frugal/compress/gain_shape.hpp>
#include <frugal/compress/message_interface.hpp>
#include <frugal/core/describe.hpp>

namespace frugal {
namespace detail {

//! A code is a number of `repetitions` digits: vertex 2 i stands for sqrt(D) e_i, 2 i + 1 for its opposite.
class cross_polytope_shapes {
public:
    cross_polytope_shapes(random_key k, std::size_t dimension, std::size_t repetitions)
        : choice_(k.for_purpose(gain_shape::choice_purpose)),
          dimension_(dimension),
          repetitions_(repetitions),
          digit_bits_(bits_for(2 * dimension)),
          root_(std::sqrt(static_cast<float>(dimension))) {}
    unsigned code_bits() const { return digit_bits_ * static_cast<unsigned>(repetitions_); }
    float limit() const { return root_; }
    void measure(std::span<const float> buckets, std::span<float> gains) const {
        gain_shape::norms(buckets, dimension_, gains);
    }
    void encode(std::span<const float> buckets, std::span<const float>, std::uint64_t first,
                std::span<std::uint64_t> codes) const {
        for (std::size_t l = 0; l < codes.size(); ++l) {
            const auto bucket = buckets.subspan(l * dimension_, dimension_);
            const double mass = std::sqrt(static_cast<double>(dimension_) * kernels::sum_squares_of_few(bucket));
            codes[l] = 0;
            for (std::size_t r = 0; r < repetitions_; ++r) {
                const double u = choice_.uniform_double((first + l) * repetitions_ + r);
                codes[l] |= vertex(bucket, mass, u) << (r * digit_bits_);
            }
        }
    }
    void decode(std::uint64_t code, float gain, std::span<float> bucket) const {
        std::ranges::fill(bucket, 0.0f);
        const float height = gain * (root_ / static_cast<float>(repetitions_));
        for (std::size_t r = 0; r < repetitions_; ++r) {
            const std::uint64_t v = code >> (r * digit_bits_) & ((std::uint64_t{1} << digit_bits_) - 1);
            expect_message(v < 2 * dimension_, "a message names a vertex that is not there: it was altered");
            bucket[v / 2] += v % 2 == 0 ? height : -height;
        }
    }

private:
    //! Vertex sign(x_i) sqrt(D) e_i with probability |x_i| / mass, mass = sqrt(D) ||x|| >= ||x||_1; any with the rest.
    std::uint64_t vertex(std::span<const float> bucket, double mass, double u) const {
        double left = rounded(u * mass);
        for (std::size_t i = 0; i < bucket.size(); ++i) {
            const double share = std::fabs(double(bucket[i]));
            if (left < share) {
                return 2 * i + static_cast<std::uint64_t>(bucket[i] < 0);
            }
            left -= share;
        }
        double rest = mass;
        for (const float v : bucket) {
            rest -= std::fabs(double(v));
        }
        const auto vertices = static_cast<double>(2 * dimension_);
        const double position = rest > 0 ? left / rest * vertices : 0;
        return static_cast<std::uint64_t>(std::clamp(position, 0.0, vertices - 1));
    }

    random_stream choice_;
    std::size_t dimension_;
    std::size_t repetitions_;
    unsigned digit_bits_;
    float root_;
};

}  // namespace detail

//! Sends of each bucket its norm and `repetitions` random vertices of the cross-polytope with vertices +-sqrt(D) e_i,
//! whose mean is the direction of the bucket; decodes the norm times the mean of the vertices. Unbiased, with variance
//! exactly (D - 1) / repetitions (and what rounding the norm adds): for D = 1 a sign, in general like random_k.
//!
//! Payload as in gain_shape.hpp; a code takes repetitions times ceil(log2(2 D)) bits. O(d repetitions), no codebook.
struct cross_polytope {
    int dimension = 16;         //!< D of a bucket, 1..64
    int repetitions = 2;        //!< R, 1..6
    int gain_bits = 6;          //!< of the norm of a bucket, 1..16
    int group = 512;            //!< coordinates that share the range of the norms, 1..2^14
    cached_scheme scheme = {};  //!< internal

    static constexpr auto describe() {
        return describes("cross_polytope", "random vertices of a cross-polytope, and norms of buckets",
                         option("dimension", &cross_polytope::dimension, "coordinates per bucket").from(1).to(64),
                         option("repetitions", &cross_polytope::repetitions, "vertices per bucket").from(1).to(6),
                         option("gain_bits", &cross_polytope::gain_bits, "of a bucket's norm").from(1).to(16),
                         option("group", &cross_polytope::group, "coordinates that share a range").from(1).to(1 << 14));
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

    void validate() const { validate_described(*this); }
    std::string name() const { return described_name(*this); }
    double variance(std::size_t d) const {
        return gain_shape::variance(*this, d, static_cast<double>(dimension - 1) / repetitions);
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
    detail::cross_polytope_shapes shapes(random_key k, std::size_t) const {
        return {k, static_cast<std::size_t>(dimension), static_cast<std::size_t>(repetitions)};
    }
};

}  // namespace frugal
