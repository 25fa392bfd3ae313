//! `low_rank`: a vector as a matrix of few columns times few rows.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>

#include <frugal/compress/laws.hpp>
#include <frugal/compress/message_interface.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/core/tensor_layout.hpp>
#include <frugal/kernels/low_rank.hpp>
#include <frugal/kernels/normals.hpp>
#include <frugal/kernels/norms.hpp>

namespace frugal {

//! C(M) = P P' M, P an orthonormal basis of the columns of M G, G Gaussian: one step of the power method from a start
//! that the key draws (Halko, Martinsson and Tropp 2011; Vogels et al. 2019).
//!
//! M: the vector row by row, `rows` rows (0: as many as columns, nearly), the last one padded with zeros. Payload: P,
//! then Q = M' P, column after column, 32 bits a number: 32 rank (rows + columns) bits; the vector itself, where that
//! is less. Biased: E||C(M) - M||^2 <= (1 - 1 / min(rows, columns)) ||M||^2, as the first column alone keeps E sum
//! s_i^4 z_i^2 / sum s_i^2 z_i^2 >= sum s_i^2 / min(rows, columns) of the squared singular values s_i^2; exact for
//! matrices of that rank. Pair it with `error_feedback`. Where nodes may agree twice a round, `power_sgd` averages P
//! and Q, keeps Q for the next round and is better by far. O(d rank) time.
struct low_rank {
    std::size_t rank = 2;
    std::size_t rows = 0;
    cached_scheme scheme = {};  //!< internal

    static constexpr auto describe() {
        return describes("low_rank", "the vector as a matrix of low rank (one step of the power method)",
                         option("rank", &low_rank::rank, "of the approximation").from(1).to(64),
                         option("rows", &low_rank::rows, "of the matrix; 0: those of the tensor, or as many as columns")
                             .from(0)
                             .to(static_cast<double>(std::size_t{1} << 32))
                             .unless_default());
    }
    static constexpr bool unbiased = false;

    //! Rows that were not given are those of the tensor, where there is one only, a matrix or more: its first extent.
    void fit(const tensor_layout& layout) {
        if (rows == 0 && layout.count() == 1 && layout.tensor(0).shape.size() >= 2) {
            rows = layout.tensor(0).shape[0];
            scheme = {};
        }
    }
    double contraction(std::size_t d) const {
        const shape s = shape_of(d);
        return s.dense ? 1 : 1 / static_cast<double>(std::min(s.rows, s.cols));
    }
    void validate() const { validate_described(*this); }
    std::string name() const { return described_name(*this); }

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
    void encode(std::span<const float> x, random_key k, payload_writer& w) const {
        validate();
        const float largest = kernels::max_abs(x);
        if (!(largest <= largest_sent)) {
            kernels::expect_all_finite(x);
            throw invalid_input("low_rank: an element exceeds 1e30: scale the vector down");
        }
        const shape s = shape_of(x.size());
        if (s.dense) {
            write(x, w);
            return;
        }
        const auto p = borrow<float>(s.rows * rank);
        const auto q = borrow<float>(s.cols * rank);
        kernels::fill_normal(random_stream(k), q);
        kernels::multiply_by_columns(x, s.cols, q, rank, p);
        kernels::orthonormalize(p, rank);
        kernels::multiply_transposed_by_columns(x, s.cols, p, rank, q);
        write(p, w);
        write(q, w);
    }
    void decode(payload_reader& r, random_key k, std::span<float> y) const {
        std::ranges::fill(y, 0.0f);
        decode_add(r, k, 1.0f, y);
    }
    void decode_add(payload_reader& r, random_key, float weight, std::span<float> acc) const {
        const shape s = shape_of(acc.size());
        if (s.dense) {
            const auto x = borrow<float>(acc.size());
            read(r, largest_sent, x);
            kernels::axpy(weight, x, acc);
            return;
        }
        expect_message((s.rows + s.cols) * rank <= r.remaining_bits() / 32,
                       "the message ends before its content: it was truncated; send it again");
        const auto p = borrow<float>(s.rows * rank);
        const auto q = borrow<float>(s.cols * rank);
        read(r, 2, p);
        read(r, 0x1p118f, q);
        kernels::add_outer_product(weight, p, q, rank, s.cols, acc);
    }

private:
    static constexpr float largest_sent = 1e30f;  // times the root of the largest number of rows below 2^118

    struct shape {
        std::size_t rows;
        std::size_t cols;
        bool dense;  // its factors would not be smaller
    };
    shape shape_of(std::size_t d) const {
        const auto root = static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(d))));
        const std::size_t wanted = rows == 0 ? std::max<std::size_t>(1, root) : rows;
        const std::size_t cols = std::max<std::size_t>(1, (d + wanted - 1) / wanted);
        const std::size_t used = (d + cols - 1) / cols;
        return {used, cols, (used + cols) * rank >= d};
    }
    static void write(std::span<const float> x, payload_writer& w) {
        for (const float v : x) {
            w.number(v);
        }
    }
    static void read(payload_reader& r, float largest, std::span<float> x) {
        for (float& v : x) {
            v = r.number();
            expect_message(v >= -largest && v <= largest, "a message holds a number that is too large: it was altered");
        }
    }
};

}  // namespace frugal
