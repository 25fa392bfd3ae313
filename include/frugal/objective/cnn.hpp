//! Convolutional network for images of few pixels, such as Fashion-MNIST. Needs a CBLAS.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frugal/core/expression.hpp>
#include <frugal/data/dataset.hpp>
#include <frugal/model/activation.hpp>
#include <frugal/model/convolution.hpp>
#include <frugal/model/dense.hpp>
#include <frugal/model/pooling.hpp>
#include <frugal/model/sequential.hpp>
#include <frugal/objective/empirical_risk.hpp>

namespace frugal {

//! Blocks of convolution (3 x 3, keeping the size), ReLU and 2 x 2 max-pooling, then fully connected layers, ReLU
//! between them, and softmax cross entropy, plus l2 / 2 ||w||^2.
//!
//! `cnn(data)` has 206,922 parameters on images of 28 x 28, `cnn(data, {32, 64})` has 421,642. Tensors are
//! "convolution1.weight", ..., "dense1.weight", ...; see `empirical_risk` for all else. About 7 million floating-point
//! operations per sample and gradient with the default filters.
class cnn : public empirical_risk<layer_sequence> {
public:
    //! filters: of every block; hidden: units of the fully connected layers but the last; image: the shape of a sample,
    //! by default one channel of a square. Throws `invalid_input` for an empty data set, an empty layer, samples that
    //! are no such image, images too small to be halved that often, or unless l2 is finite and >= 0.
    explicit cnn(const dataset& data, std::vector<std::size_t> filters = {16, 32},
                 std::vector<std::size_t> hidden = {128}, float l2 = 0, sample_shape image = {})
        : empirical_risk<layer_sequence>(data, layers(data, filters, hidden, image), {}, l2),
          filters_(std::move(filters)),
          hidden_(std::move(hidden)) {
        blas::use_one_thread_per_call();
    }

    //! The same model over another data set, of the same number of features and no more classes.
    cnn with_data(const dataset& other) const {
        cnn copy(*this);
        static_cast<empirical_risk<layer_sequence>&>(copy) = empirical_risk<layer_sequence>::with_data(other);
        return copy;
    }

    std::string name() const {
        return composition("cnn", {list_text("filters", filters_), list_text("hidden", hidden_)});
    }

private:
    static std::string list_text(const char* what, std::span<const std::size_t> numbers) {
        std::string text(what);
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            text += i == 0 ? "(" : ",";
            text += number_text(numbers[i]);
        }
        text += numbers.empty() ? "" : ")";
        return text;
    }

    static layer_sequence layers(const dataset& data, std::span<const std::size_t> filters,
                                 std::span<const std::size_t> hidden, sample_shape image) {
        expect(!data.empty(), "a cnn needs at least one sample");
        if (image == sample_shape{}) {
            const auto side = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(data.dimension()))));
            expect(side * side == data.dimension(), [&] {
                return "a cnn takes samples of " + std::to_string(data.dimension()) +
                       " features for square images, which they are not: give it the shape of an image";
            });
            image = {1, side, side};
        }
        std::vector<any_layer> list;
        for (const std::size_t n : filters) {
            list.emplace_back(convolution{.filters = n, .kernel = 3, .stride = 1, .padding = 1});
            list.emplace_back(relu{});
            list.emplace_back(max_pool{});
        }
        for (const std::size_t n : hidden) {
            list.emplace_back(dense{.outputs = n});
            list.emplace_back(relu{});
        }
        list.emplace_back(dense{.outputs = data.classes()});
        return layer_sequence(image, std::move(list));
    }

    std::vector<std::size_t> filters_;
    std::vector<std::size_t> hidden_;
};

}  // namespace frugal
