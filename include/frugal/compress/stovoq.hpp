//! `stovoq`: unbiased vector quantization with random codebooks that nobody sends (Leconte 2024, chapter 5).
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <frugal/compress/laws.hpp>
#include <frugal/compress/message_interface.hpp>
#include <frugal/compress/scale/scales.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/core/exact_math.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/kernels/codebook_search.hpp>
#include <frugal/kernels/normals.hpp>
#include <frugal/kernels/norms.hpp>
#include <frugal/kernels/philox.hpp>
#include <frugal/quantize/radial_bias.hpp>
#include <frugal/quantize/stochastic_codebook.hpp>

namespace frugal {

//! How the 2^P levels of the bias factor cover its range [1 / r(0), 1 / r(largest norm of a bucket)].
//!
//! geometric: robust, relative variance at most 1.14 where uniform has more noise on average. uniform: for comparison.
//! all_but_one: uniform on [1 / r(0), 1 / r(1.6 sqrt D)] and one level for the rest: least noise on Gaussian input.
enum class bias_levels { geometric, uniform, all_but_one };

namespace detail {

//! What follows from the options of a `stovoq`.
struct stovoq_tables {
    std::array<double, 7> options{};
    std::optional<rounded_inverse> factor;
    std::vector<float> levels;
    float largest_norm = 0;
};

//! The same, worked out by the first thread that asks. Copies share it.
class stovoq_cache {
public:
    stovoq_cache() = default;
    stovoq_cache(const stovoq_cache& other) : scheme(other.scheme), tables_(other.current()) {}
    stovoq_cache& operator=(const stovoq_cache& other) {
        scheme = other.scheme;
        auto tables = other.current();
        const std::scoped_lock lock(mutex_);
        tables_ = std::move(tables);
        return *this;
    }
    template <class Make>
    std::shared_ptr<const stovoq_tables> get(Make make) const {
        const std::scoped_lock lock(mutex_);
        if (!tables_) {
            tables_ = std::make_shared<const stovoq_tables>(make());
        }
        return tables_;
    }

    cached_scheme scheme;

private:
    std::shared_ptr<const stovoq_tables> current() const {
        const std::scoped_lock lock(mutex_);
        return tables_;
    }
    mutable std::mutex mutex_;
    mutable std::shared_ptr<const stovoq_tables> tables_;
};

//! What a message needs while it is made or read.
struct stovoq_scratch {
    std::vector<float> rows;            // codewords, row-major
    std::vector<std::uint64_t> ready;   // which rows belong to the message being decoded
    kernels::search_codebook codebook;  // the same, laid out for the search (encoder)
};

//! Some groups of a vector on their way into a message: norms first, then all buckets at once.
struct stovoq_batch {
    static constexpr std::size_t capacity = 512;  // buckets, unless one group has more

    std::vector<std::uint32_t> norm_codes;  // of each group
    std::vector<float> buckets;             // of the groups whose norm is not 0
    std::vector<std::uint32_t> nearest;
    std::vector<std::uint32_t> dither;
    std::vector<std::uint32_t> levels;
    std::vector<double> norms;  // of the buckets
};

}  // namespace detail

//! Cuts x into groups that share one norm, scales each to unit mean square, cuts groups into buckets of `dimension`
//! coordinates, and sends for each bucket the index of the nearest of `codewords` Gaussian codewords (redrawn for each
//! key) and the factor 1 / r(||bucket||) that makes it unbiased, on 2^bias_bits levels.
//!
//! Payload, for each group: its norm (norm_bits; nothing more where it is 0), then for each bucket log2(codewords) +
//! bias_bits bits. With bias_bits = 0 (GRVQ) no factor is sent and the decoder is biased towards 0. A group has
//! floor(group / dimension) buckets (at least 1); the last bucket of x is padded with zeros that are not decoded.
//! Encoding costs O(codewords (dimension + d)), decoding O(d dimension): only codewords that occur are regenerated.
//! From some hundred codewords on, a distance to each for every bucket takes longer than twenty copies of the vector.
//! Options must not change after the first message.
struct stovoq {
    int dimension = 16;                           //!< D of a bucket, 1..64
    int codewords = 8192;                         //!< M, a power of two, 2..2^20
    int bias_bits = 3;                            //!< P, 0..16
    int group = 512;                              //!< coordinates that share a norm, 1..2^14: the bias table's reach
    int norm_bits = 32;                           //!< 32 (exact), or 10..31 (rounded at random, without bias)
    double codeword_variance = 0;                 //!< v; 0 means 1 + 2 / D, the best for Gaussian buckets
    bias_levels levels = bias_levels::geometric;  //!< layout of the factor's levels
    detail::stovoq_cache cache = {};              //!< internal

    static constexpr auto describe() {
        return describes(
            "stovoq", "unbiased vector quantization with random codebooks that nobody sends",
            option("dimension", &stovoq::dimension, "coordinates per bucket").from(1).to(64),
            option("codewords", &stovoq::codewords, "a power of two").from(2).to(1 << 20),
            option("bias_bits", &stovoq::bias_bits, "of the factor that makes it unbiased").from(0).to(16),
            option("group", &stovoq::group, "coordinates that share a norm").from(1).to(1 << 14),
            option("norm_bits", &stovoq::norm_bits, "32 is exact").from(10).to(32),
            option("codeword_variance", &stovoq::codeword_variance, "0: 1 + 2 / dimension").from(0).to(100),
            option("levels", &stovoq::levels, "layout of the factor's levels")
                .one_of("geometric", "uniform", "all_but_one"));
    }
    static constexpr bool unbiased = true;

    void compress(std::span<const float> x, random_key k, message& m) const {
        write_message(*this, cache.scheme, x, k, m);
    }
    void compress(std::span<const float> x, random_key k, message& m, std::span<float> echo) const {
        write_message(*this, cache.scheme, x, k, m, echo);
    }
    void decompress(const message& m, random_key k, std::span<float> y) const {
        read_message(*this, cache.scheme, m, k, y.size(), [&](payload_reader& r) { decode(r, k, y); });
    }
    void decompress_add(const message& m, random_key k, float weight, std::span<float> acc) const {
        read_message(*this, cache.scheme, m, k, acc.size(), [&](payload_reader& r) { decode_add(r, k, weight, acc); });
    }

    void validate() const {
        validate_described(*this);
        expect((codewords & (codewords - 1)) == 0, "stovoq: the number of codewords must be a power of two");
        expect(bias_bits >= 2 || levels != bias_levels::all_but_one,
               "stovoq: this layout of levels needs bias_bits >= 2");
        expect(codeword_variance == 0 || codeword_variance >= 0.01,
               "stovoq: the variance of the codewords must lie in 0.01..100 (or be 0 for the default)");
    }
    std::string name() const { return described_name(*this); }

    //! The levels of the bias factor, increasing: the same bits on every machine. Empty for bias_bits = 0.
    std::vector<float> factor_levels() const {
        std::vector<float> result;
        if (bias_bits == 0) {
            return result;
        }
        const auto bias = table();
        const double low = bias->least_inverse();
        const double high = bias->greatest_inverse();
        const int count = 1 << bias_bits;
        if (levels == bias_levels::geometric) {
            const double ratio = exact_log(high / low);
            for (int j = 0; j < count; ++j) {
                result.push_back(static_cast<float>(low * exact_exp(ratio * j / (count - 1))));
            }
            return result;
        }
        const double middle = bias->inverse(1.6 * std::sqrt(static_cast<double>(dimension)));
        const bool split = levels == bias_levels::all_but_one && middle < high;
        const double end = split ? middle : high;
        const int steps = split ? count - 2 : count - 1;
        for (int j = 0; j <= steps; ++j) {
            result.push_back(static_cast<float>(low + rounded((end - low) * j / steps)));
        }
        if (split) {
            result.push_back(static_cast<float>(high));
        }
        return result;
    }
    //! E||C(x) - x||^2 <= variance(d) ||x||^2, to the accuracy of a grid of norms 0.2 apart.
    double variance(std::size_t d) const {
        validate();
        const std::size_t rest = d % group_size();
        const double last = rest > 0 ? group_variance(rest) : 0.0;
        return d < group_size() ? last : std::max(group_variance(group_size()), last);
    }
    laws laws_for(std::size_t d) const { return laws_from_variance(bias_bits > 0, variance(d)); }
    //! E||C(x) - x||^2 <= (1 - contraction(d)) ||x||^2; 0 where that is all that is known.
    double contraction(std::size_t d) const { return laws_for(d).contraction.value_or(0); }
    std::size_t granule() const { return group_size(); }

    void encode(std::span<const float> x, random_key k, payload_writer& w) const { encode_to(x, k, w, {}); }
    void encode(std::span<const float> x, random_key k, payload_writer& w, std::span<float> echo) const {
        encode_to(x, k, w, echo);
    }
    void decode(payload_reader& r, random_key k, std::span<float> y) const {
        std::fill(y.begin(), y.end(), 0.0f);
        read(r, k, y.size(), [&](std::size_t at, std::size_t n, float factor, const float* codeword) {
            for (std::size_t j = 0; j < n; ++j) {
                y[at + j] = factor * codeword[j];
            }
        });
    }
    void decode_add(payload_reader& r, random_key k, float weight, std::span<float> acc) const {
        read(r, k, acc.size(), [&](std::size_t at, std::size_t n, float factor, const float* codeword) {
            const float weighted = rounded(weight * factor);
            for (std::size_t j = 0; j < n; ++j) {
                acc[at + j] = multiply_add(weighted, codeword[j], acc[at + j]);
            }
        });
    }

private:
    static constexpr std::uint32_t codebook_purpose = 1;
    static constexpr std::uint32_t bias_purpose = 2;
    static constexpr std::uint32_t norm_purpose = 3;

    std::size_t group_size() const { return static_cast<std::size_t>(dimension * std::max(1, group / dimension)); }
    double variance_of_codewords() const { return codeword_variance > 0 ? codeword_variance : 1 + 2.0 / dimension; }
    std::shared_ptr<const radial_bias> table() const {
        validate();
        return shared_radial_bias(static_cast<std::size_t>(dimension), static_cast<std::size_t>(codewords),
                                  variance_of_codewords(), std::sqrt(static_cast<double>(group_size())));
    }
    std::array<double, 7> options() const {
        return {double(dimension), double(codewords), double(bias_bits),  double(group),
                double(norm_bits), codeword_variance, double(int(levels))};
    }
    //! Throws `invalid_input` for options out of range, or changed since the first message.
    std::shared_ptr<const detail::stovoq_tables> prepared() const {
        auto tables = cache.get([this] {
            validate();
            detail::stovoq_tables t{.options = options(), .factor = {}, .levels = factor_levels()};
            if (bias_bits > 0) {
                t.factor.emplace(table(), t.levels);
            }
            const float factor = t.levels.empty() ? 1.0f : std::max(1.0f, t.levels.back());
            // With larger norms something could decode to infinity: codewords are below 6 standard deviations.
            t.largest_norm = std::numeric_limits<float>::max() / (6 * std::max(1.0f, deviation()) * factor);
            return t;
        });
        expect(tables->options == options(),
               "stovoq: options were changed after the first message: make another object");
        return tables;
    }
    float deviation() const { return static_cast<float>(std::sqrt(variance_of_codewords())); }

    void encode_to(std::span<const float> x, random_key k, payload_writer& w, std::span<float> echo) const {
        const auto tables = prepared();
        const workspace<detail::stovoq_scratch> scratch;
        const workspace<detail::stovoq_batch> batch;
        const auto d = static_cast<std::size_t>(dimension);
        const std::size_t size = group_size();
        generate_rows(k, *scratch);
        scratch->codebook.assign_nearest(scratch->rows, d);
        const random_stream bias_dither(k.for_purpose(bias_purpose));
        const random_stream norm_dither(k.for_purpose(norm_purpose));
        const std::size_t step = size * std::max<std::size_t>(1, detail::stovoq_batch::capacity / (size / d));
        std::uint64_t bucket = 0;
        for (std::size_t first = 0; first < x.size(); first += step) {
            const auto part = x.subspan(first, std::min(step, x.size() - first));
            auto& b = *batch;
            scale_groups(part, x, first / size, *tables, norm_dither, b);
            const std::size_t count = b.buckets.size() / d;
            b.nearest.resize(count);
            kernels::search(scratch->codebook, b.buckets, b.nearest);
            b.levels.assign(count, 0);
            if (bias_bits > 0) {
                b.dither.resize(count);
                kernels::random_words(bias_dither, bucket, count, b.dither.data());
                choose_levels(*tables, b);
            }
            bucket += count;
            std::size_t l = 0;
            for (std::size_t g = 0; g < b.norm_codes.size(); ++g) {
                w.bits(b.norm_codes[g], static_cast<unsigned>(norm_bits));
                const std::size_t n = std::min(size, part.size() - g * size);
                if (b.norm_codes[g] == 0) {
                    if (!echo.empty()) {
                        std::ranges::fill(echo.subspan(first + g * size, n), 0.0f);
                    }
                    continue;
                }
                const std::size_t buckets = (n + d - 1) / d;
                write_pairs(w, b, l, buckets);
                if (!echo.empty()) {
                    echo_group(*tables, *scratch, b, g, l, echo.subspan(first + g * size, n));
                }
                l += buckets;
            }
        }
    }

    //! Indices and levels of `count` buckets from bucket l of the batch on: whole words at a time.
    void write_pairs(payload_writer& w, const detail::stovoq_batch& b, std::size_t l, std::size_t count) const {
        const unsigned index_bits = bits_for(static_cast<std::uint64_t>(codewords));
        const unsigned pair_bits = index_bits + static_cast<unsigned>(bias_bits);
        std::uint64_t word = 0;
        unsigned filled = 0;
        for (const std::size_t end = l + count; l < end; ++l) {
            const std::uint64_t pair = b.nearest[l] | std::uint64_t{b.levels[l]} << index_bits;
            word |= pair << filled;
            filled += pair_bits;
            if (filled >= 64) {
                w.bits(word, 64);
                filled -= 64;
                word = pair >> (pair_bits - filled);
            }
        }
        w.bits(word, filled);
    }

    //! What receivers decode of group g, whose first bucket is bucket l of the batch.
    void echo_group(const detail::stovoq_tables& tables, const detail::stovoq_scratch& s, const detail::stovoq_batch& b,
                    std::size_t g, std::size_t l, std::span<float> echo) const {
        const auto d = static_cast<std::size_t>(dimension);
        const float unit = norm_of_code(b.norm_codes[g]) / std::sqrt(static_cast<float>(echo.size()));
        for (std::size_t at = 0; at < echo.size(); at += d, ++l) {
            const float factor = bias_bits == 0 ? unit : tables.levels[b.levels[l]] * unit;
            const float* const codeword = s.rows.data() + b.nearest[l] * d;
            std::transform(codeword, codeword + std::min(d, echo.size() - at),
                           echo.begin() + static_cast<std::ptrdiff_t>(at), [&](float c) { return factor * c; });
        }
    }

    //! The norms of the groups of `part`, the first of which is number `group_number` of x; and their buckets, scaled.
    void scale_groups(std::span<const float> part, std::span<const float> x, std::uint64_t group_number,
                      const detail::stovoq_tables& tables, const random_stream& norm_dither,
                      detail::stovoq_batch& b) const {
        const auto d = static_cast<std::size_t>(dimension);
        const std::size_t size = group_size();
        b.norm_codes.clear();
        b.buckets.resize((part.size() + d - 1) / d * d);
        float* to = b.buckets.data();
        for (std::size_t first = 0; first < part.size(); first += size, ++group_number) {
            const auto g = part.subspan(first, std::min(size, part.size() - first));
            const float norm = detail::checked_norm(std::sqrt(kernels::sum_squares(g)), x);
            expect(norm <= tables.largest_norm / 2,  // half of what is decoded, for the norm may be rounded up
                   "the norm of the input, times a codeword, exceeds the range of float: scale it down");
            const float scale = std::sqrt(static_cast<float>(g.size())) / norm;
            const bool sent = is_finite(scale);  // a norm that is 0 or too small to divide by is sent as 0
            b.norm_codes.push_back(sent ? norm_code(norm, norm_dither, group_number) : 0);
            if (b.norm_codes.back() == 0) {
                continue;
            }
            for (std::size_t i = 0; i < g.size(); ++i) {
                to[i] = g[i] * scale;
            }
            to += g.size();
            for (std::size_t i = g.size(); i % d != 0; ++i) {
                *to++ = 0;
            }
        }
        b.buckets.resize(static_cast<std::size_t>(to - b.buckets.data()));
    }

    //! The level of each bucket's factor, rounded at random.
    void choose_levels(const detail::stovoq_tables& tables, detail::stovoq_batch& b) const {
        const auto d = static_cast<std::size_t>(dimension);
        b.norms.resize(b.levels.size());
        kernels::norms_of_rows(b.buckets, d, b.norms);
        for (std::size_t l = 0; l < b.levels.size(); ++l) {
            b.levels[l] = tables.factor->index(b.norms[l], unit_from_word(b.dither[l]));
        }
    }

    //! All codewords of a key.
    void generate_rows(random_key k, detail::stovoq_scratch& s) const {
        const random_stream stream(k.for_purpose(codebook_purpose));
        s.rows.resize(static_cast<std::size_t>(codewords) * static_cast<std::size_t>(dimension));
        kernels::fill_normal(stream, s.rows);
        const float sigma = deviation();
        for (float& c : s.rows) {
            c *= sigma;
        }
    }

    //! The `norm_bits` high bits of a positive float, rounded at random without bias.
    std::uint32_t norm_code(float norm, const random_stream& dither, std::uint64_t number) const {
        const auto bits = std::bit_cast<std::uint32_t>(norm);
        if (norm_bits == 32) {
            return bits;
        }
        const auto shift = static_cast<unsigned>(31 - norm_bits);
        const std::uint64_t rest = bits & ((std::uint64_t{1} << shift) - 1);
        const std::uint32_t code = bits >> shift;
        const bool up = dither.word(number) < (rest << (32 - shift)) && ((code + 1) << shift) < infinity_bits;
        return up ? code + 1 : code;
    }
    float norm_of_code(std::uint32_t code) const {
        const std::uint32_t bits = norm_bits == 32 ? code : code << (31 - norm_bits);
        expect_message(bits < infinity_bits, "a message holds a norm that is negative or not finite: it was altered");
        return std::bit_cast<float>(bits);
    }
    static constexpr std::uint32_t infinity_bits = 0x7F800000u;

    //! Calls use(first coordinate, how many, factor, codeword) for each bucket of a message.
    template <class Use>
    void read(payload_reader& r, random_key k, std::size_t size, Use use) const {
        const auto tables = prepared();
        const workspace<detail::stovoq_scratch> scratch;
        auto& s = *scratch;
        const auto d = static_cast<std::size_t>(dimension);
        const auto m = static_cast<std::size_t>(codewords);
        const unsigned index_bits = bits_for(m);
        const random_stream stream(k.for_purpose(codebook_purpose));
        const float sigma = deviation();
        const float largest = tables->largest_norm;
        const bool all = size / d >= m / 4;  // most codewords will occur
        if (all) {
            generate_rows(k, s);
        } else {
            s.rows.resize(m * d);
            s.ready.assign((m + 63) / 64, 0);
        }
        for (std::size_t first = 0; first < size; first += group_size()) {
            const std::size_t n = std::min(group_size(), size - first);
            const float norm = norm_of_code(static_cast<std::uint32_t>(r.bits(static_cast<unsigned>(norm_bits))));
            if (norm == 0) {
                continue;
            }
            expect_message(norm <= largest, "a message holds a norm that is too large: it was altered");
            const float unit = norm / std::sqrt(static_cast<float>(n));
            for (std::size_t at = first; at < first + n; at += d) {
                const std::uint64_t pair = r.bits(index_bits + static_cast<unsigned>(bias_bits));
                const std::size_t index = pair & (m - 1);
                float* const codeword = s.rows.data() + index * d;
                if (!all && (s.ready[index / 64] >> (index % 64) & 1u) == 0) {
                    for (std::size_t j = 0; j < d; ++j) {
                        codeword[j] = stream.normal(index * d + j) * sigma;
                    }
                    s.ready[index / 64] |= std::uint64_t{1} << (index % 64);
                }
                const float factor = bias_bits == 0 ? unit : tables->levels[pair >> index_bits] * unit;
                use(at, std::min(d, first + n - at), factor, codeword);
            }
        }
    }

    //! sup of E||C(x) - x||^2 / ||x||^2 over one group of n coordinates: the error of a bucket depends on its squared
    //! norm only, and these add up to n, so that the upper concave envelope of the error at their mean bounds the
    //! average.
    double group_variance(std::size_t n) const {
        const auto bias = table();
        const std::vector<float> factors = factor_levels();
        const auto buckets =
            static_cast<double>((n + static_cast<std::size_t>(dimension) - 1) / static_cast<std::size_t>(dimension));
        std::vector<double> square;
        std::vector<double> error;
        for (std::size_t i = 0; i <= bias->intervals(); ++i) {
            const radial_moments& at = bias->at_node(i);
            square.push_back(at.norm * at.norm);
            double e = at.squared_error;
            if (bias_bits > 0) {
                const float factor = std::clamp(static_cast<float>(1 / at.shrinkage), factors.front(), factors.back());
                e = at.variance() +
                    at.second_moment() * double(stochastic_variance(std::span<const float>(factors), factor));
            }
            error.push_back(e);
            if (square.back() >= static_cast<double>(n)) {
                break;
            }
        }
        // The grid may end just below the norm of a group of one bucket.
        const double mean = std::min(static_cast<double>(n) / buckets, square.back());
        double envelope = 0;
        for (std::size_t i = 0; i < square.size() && square[i] <= mean; ++i) {
            for (std::size_t j = i + 1; j < square.size(); ++j) {
                if (square[j] >= mean) {
                    const double share = (mean - square[i]) / (square[j] - square[i]);
                    envelope = std::max(envelope, (1 - share) * error[i] + share * error[j]);
                }
            }
        }
        const double gap = norm_bits == 32 ? 0.0 : std::ldexp(1.0, 8 - norm_bits);
        return (1 + buckets * envelope / static_cast<double>(n)) * (1 + gap * gap / 4) - 1;
    }
};

}  // namespace frugal
