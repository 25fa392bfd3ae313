//! Multilayer perceptron of truth values between a thresholded input and a real last layer. Needs a CBLAS.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frugal/core/expression.hpp>
#include <frugal/data/dataset.hpp>
#include <frugal/model/boolean_dense.hpp>
#include <frugal/model/dense.hpp>
#include <frugal/model/normalization.hpp>
#include <frugal/model/sequential.hpp>
#include <frugal/model/threshold.hpp>
#include <frugal/objective/empirical_risk.hpp>

namespace frugal {

//! Settings of a `boolean_mlp`.
struct boolean_mlp_options {
    float level = 0.5;        //!< a feature is True from here on
    bool normalized = false;  //!< layer normalisation of the sums before each activation
};

//! Features become truth values, hidden layers are `boolean_dense`, each with a `threshold_activation`, and a real
//! `dense` layer gives the scores; softmax cross entropy (Leconte 2024, chapters 3 and 4).
//!
//! Parameters: "boolean_dense1.weight", ..., of kind boolean, and "dense1.weight", "dense1.bias", which are real, as
//! are scale and shift of normalisations: train them with an `optimizer_by_kind`, send them through an
//! `exchange_by_kind`. With an optimizer of real parameters alone the weights are latent and taken by their signs
//! (straight-through).
class boolean_mlp : public empirical_risk<layer_sequence> {
public:
    //! hidden: outputs of every Boolean layer, at least one.
    //! Throws `invalid_input` for an empty data set, no or an empty layer, or a level that is not finite.
    explicit boolean_mlp(const dataset& data, std::vector<std::size_t> hidden = {512}, boolean_mlp_options options = {})
        : empirical_risk<layer_sequence>(data, layers(data, hidden, options)),
          hidden_(std::move(hidden)),
          options_(options) {
        blas::use_one_thread_per_call();
    }

    //! The same model over another data set, of the same number of features and no more classes.
    boolean_mlp with_data(const dataset& other) const {
        boolean_mlp copy(*this);
        static_cast<empirical_risk<layer_sequence>&>(copy) = empirical_risk<layer_sequence>::with_data(other);
        return copy;
    }

    std::string name() const {
        std::string sizes;
        for (const std::size_t n : hidden_) {
            sizes += (sizes.empty() ? "[" : ",") + number_text(n);
        }
        return composition("boolean_mlp", {sizes + ']', "level=" + number_text(options_.level),
                                           "normalized=" + number_text(int{options_.normalized})});
    }

private:
    static layer_sequence layers(const dataset& data, std::span<const std::size_t> hidden,
                                 const boolean_mlp_options& options) {
        expect(!data.empty(), "a boolean_mlp needs at least one sample");
        expect(!hidden.empty(), "a boolean_mlp needs at least one hidden layer: without, use softmax_regression");
        std::vector<any_layer> list;
        list.emplace_back(threshold_activation{.level = options.level});
        std::size_t inputs = data.dimension();
        for (const std::size_t n : hidden) {
            list.emplace_back(boolean_dense{.outputs = n});
            if (options.normalized) {
                list.emplace_back(group_normalization{});
            }
            list.emplace_back(threshold_activation{.variance = options.normalized ? 1.0f : static_cast<float>(inputs)});
            inputs = n;
        }
        list.emplace_back(dense{.outputs = data.classes()});
        return layer_sequence({data.dimension()}, std::move(list));
    }

    std::vector<std::size_t> hidden_;
    boolean_mlp_options options_;
};

}  // namespace frugal
