//! The fully connected layer of truth values. Needs a CBLAS for its derivatives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <frugal/core/bit_matrix.hpp>
#include <frugal/core/expression.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/kernels/bit_gemm.hpp>
#include <frugal/model/blas.hpp>
#include <frugal/model/layer.hpp>
#include <frugal/model/sign_rows.hpp>

namespace frugal {

//! s_j = w_j0 + sum_i x_i w_ji of truth values -1 and +1, where a product is XNOR: the number of inputs that agree with
//! the weights minus that of those that do not, an integer (Leconte 2024, equations 3.1 and 3.2).
//! `threshold_activation` makes truth values of it again.
//!
//! An input or weight is +1 where it is >= 0, so that real inputs and latent real weights (straight-through training by
//! a real optimizer) are taken by their signs. `weight` is outputs x inputs, of kind boolean; with a bias it has a last
//! column for an input that is always True. Weights start as fair coins.
//!
//! Forward packs both to bits and counts those that differ: outputs inputs / 64 word operations per sample, and 1/32 of
//! the weight memory of `dense`. Backward is that of `dense` for the signs (equations 3.3 and 3.4 are ordinary
//! backpropagation): exact for integer output gradients as long as sums stay below 2^24, real otherwise.
struct boolean_dense {
    std::size_t outputs = 1;
    bool bias = false;
    sample_shape input = {};

    sample_shape bind(sample_shape shape) {
        input = checked_shape(shape, "boolean_dense");
        return checked_shape({outputs}, "boolean_dense");
    }
    constexpr bool reads_output() const { return false; }
    std::string_view kind() const { return "boolean_dense"; }
    std::string name() const {
        return composition("boolean_dense", {number_text(outputs), "bias=" + number_text(int{bias})});
    }

    void add_tensors(tensor_layout& layout, const std::string& prefix) const {
        layout.add(prefix + "weight", {outputs, terms()}, value_kind::boolean);
    }
    void initialize(const random_stream& stream, std::size_t first, float, std::span<float> parameters) const {
        for (std::size_t i = 0; i < parameters.size(); ++i) {
            parameters[i] = (stream.word(first + i) & 1u) != 0 ? 1.0f : -1.0f;
        }
    }

    template <class T>
    void forward(const forward_pass<T>& p) const {
        const std::size_t stride = words_for(terms());
        const auto words = borrow<std::uint64_t>((p.batch + outputs) * stride);
        const bit_matrix_span x(words.data(), p.batch, terms());
        const bit_matrix_span w(words.data() + p.batch * stride, outputs, terms());
        pack_sign_rows(p.input, input.size(), x);
        pack_sign_rows(p.parameters, terms(), w);
        const auto sums = borrow<std::int32_t>(p.batch * outputs);
        kernels::boolean_gemm(x, w, std::span<std::int32_t>(sums));
        for (std::size_t i = 0; i < sums.size(); ++i) {
            p.output[i] = static_cast<T>(sums[i]);
        }
    }

    template <class T>
    void backward(const backward_pass<T>& p) const {
        const std::size_t inputs = input.size();
        const T* delta = p.output_gradient.data();
        const auto x = borrow<T>(p.batch * terms());
        for (std::size_t r = 0; r < p.batch; ++r) {
            sign_values(p.input.subspan(r * inputs, inputs), x.data() + r * terms());
            if (bias) {
                x[r * terms() + inputs] = 1;
            }
        }
        blas::multiply<T>(blas::layout::transposed, blas::layout::stored, outputs, terms(), p.batch, delta, outputs,
                          x.data(), terms(), p.beta, p.gradient.data(), terms(), true);
        if (!p.input_gradient.empty()) {
            const auto w = borrow<T>(outputs * terms());
            sign_values(p.parameters, w.data());
            blas::multiply<T>(blas::layout::stored, blas::layout::stored, p.batch, inputs, outputs, delta, outputs,
                              w.data(), terms(), 0, p.input_gradient.data(), inputs, false);
        }
    }

private:
    std::size_t terms() const { return input.size() + (bias ? 1 : 0); }
};

}  // namespace frugal
