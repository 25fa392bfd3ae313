//! Multilayer perceptron: fully connected layers, ReLU between them, softmax cross entropy at the end. Needs a CBLAS.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frugal/core/expression.hpp>
#include <frugal/data/dataset.hpp>
#include <frugal/model/activation.hpp>
#include <frugal/model/dense.hpp>
#include <frugal/model/sequential.hpp>
#include <frugal/objective/empirical_risk.hpp>

namespace frugal {

//! f(w) = mean over the batch of the cross entropy of softmax(W_L relu(... relu(W_1 x + b_1) ...) + b_L), plus
//! l2 / 2 ||w||^2. `mlp(data, {300, 100})` is the FC-300-100 network of LeCun et al. 1998: 266,610 parameters on MNIST.
//!
//! Parameters: "dense1.weight" (outputs x inputs), "dense1.bias", "dense2.weight", ...; see `dense` for their initial
//! values and `empirical_risk` for all else. A gradient takes about 6 dimension() floating-point operations per sample.
//! From the first mlp on OpenBLAS is single threaded in this process (model/blas.hpp).
class mlp : public empirical_risk<layer_sequence> {
public:
    //! hidden: outputs of every hidden layer; none is softmax regression.
    //! Throws `invalid_input` for an empty data set, an empty layer, or unless l2 is finite and >= 0.
    explicit mlp(const dataset& data, std::vector<std::size_t> hidden = {300, 100}, float l2 = 0)
        : empirical_risk<layer_sequence>(data, layers(data, hidden), {}, l2), hidden_(std::move(hidden)) {
        blas::use_one_thread_per_call();
    }

    //! Outputs of every hidden layer.
    std::span<const std::size_t> hidden() const { return hidden_; }

    //! The same model over another data set, of the same number of features and no more classes.
    mlp with_data(const dataset& other) const {
        mlp copy(*this);
        static_cast<empirical_risk<layer_sequence>&>(copy) = empirical_risk<layer_sequence>::with_data(other);
        return copy;
    }

    std::string name() const {
        std::string text = "mlp(";
        for (const std::size_t n : hidden_) {
            text += text.back() == '(' ? "" : ",";
            text += number_text(n);
        }
        text += ')';
        return text;
    }

private:
    static layer_sequence layers(const dataset& data, std::span<const std::size_t> hidden) {
        expect(!data.empty(), "an mlp needs at least one sample");
        std::vector<any_layer> list;
        for (const std::size_t n : hidden) {
            list.emplace_back(dense{.outputs = n});
            list.emplace_back(relu{});
        }
        list.emplace_back(dense{.outputs = data.classes()});
        return layer_sequence({data.dimension()}, std::move(list));
    }

    std::vector<std::size_t> hidden_;
};

}  // namespace frugal
