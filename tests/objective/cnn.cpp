#include <cmath>
#include <cstdint>
#include <vector>

#include <frugal/data/dataset.hpp>
#include <frugal/model/sequential.hpp>
#include <frugal/objective/accuracy.hpp>
#include <frugal/objective/any_objective.hpp>
#include <frugal/objective/cnn.hpp>
#include <frugal/optimize/momentum.hpp>

#include "catch.hpp"
#include "objective/gradient_check.hpp"

using namespace frugal;

static_assert(DataClassifier<cnn> && Layered<cnn>);

namespace {

//! Images of size x size with a bright bar somewhere: class 0 upright, class 1 lying. No pixel alone says which.
dataset bars(std::size_t samples, std::size_t size, std::uint64_t seed) {
    const random_stream stream({seed, 0, 0, purposes::data});
    std::vector<float> pixels(samples * size * size);
    std::vector<std::uint32_t> labels(samples);
    for (std::size_t i = 0; i < samples; ++i) {
        labels[i] = static_cast<std::uint32_t>(i % 2);
        const std::size_t at = stream.word(i) % size;
        for (std::size_t j = 0; j < size * size; ++j) {
            const bool bright = (labels[i] == 0 ? j % size : j / size) == at;
            pixels[i * size * size + j] = (bright ? 1.0f : 0.0f) + 0.3f * stream.normal(samples + i * size * size + j);
        }
    }
    return dataset(std::move(pixels), std::move(labels), size * size, 2);
}

}  // namespace

TEST_CASE("cnn: tensors, sizes and names", "[objective][cnn]") {
    const dataset image(std::vector<float>(784), {0}, 784, 10);
    const cnn f(image);
    CHECK(f.dimension() == 206922);
    CHECK(f.layout().at("convolution2.weight").shape == std::vector<std::size_t>{32, 16, 3, 3});
    CHECK(f.layout().at("dense1.weight").shape == std::vector<std::size_t>{128, 32 * 7 * 7});
    CHECK(f.name() == "cnn(filters(16,32),hidden(128))");
    CHECK(cnn(image, {32, 64}).dimension() == 421642);
    CHECK(cnn(image, {}, {}).dimension() == 7850);
    CHECK(cnn(image, {4}, {}, 0, {4, 14, 14}).layout().tensor(0).shape == std::vector<std::size_t>{4, 4, 3, 3});
}

TEST_CASE("cnn: gradient against finite differences of the same model in double", "[objective][cnn]") {
    const dataset data = bars(12, 8, 3);
    cnn f(data, {3, 4}, {6}, 0.02f);
    const sequential model({1, 8, 8}, convolution{.filters = 3, .kernel = 3, .stride = 1, .padding = 1}, relu{},
                           max_pool{}, convolution{.filters = 4, .kernel = 3, .stride = 1, .padding = 1}, relu{},
                           max_pool{}, dense{.outputs = 6}, relu{}, dense{.outputs = 2});
    REQUIRE(model.layout() == f.layout());
    std::vector<float> w(f.dimension());
    f.initialize({3, 0, 0, purposes::initialize}, w);
    for (float& x : w) {
        x += 0.05f;  // biases other than 0
    }
    const std::vector<std::uint32_t> batch{0, 7, 3, 10, 11};
    const auto reference = [&](const std::vector<double>& at) {
        std::vector<double> input, output(batch.size() * 2), space(model.workspace(batch.size()));
        for (const std::uint32_t i : batch) {
            input.insert(input.end(), data.row(i).begin(), data.row(i).end());
        }
        model.forward(forward_pass<double>{at, input, batch.size(), output, space});
        double total = 0;
        for (std::size_t r = 0; r < batch.size(); ++r) {
            total += softmax_cross_entropy(output.data() + 2 * r, 2, data.label(batch[r])) / 5;
        }
        for (const double x : at) {
            total += 0.5 * double(0.02f) * x * x;
        }
        return total;
    };
    CHECK(test::gradient_error(f, reference, w, batch) < 1e-4);
    CHECK(f.value(w, batch) == Approx(reference({w.begin(), w.end()})).epsilon(1e-5));
}

TEST_CASE("cnn: learns upright and lying bars, which no linear model can tell apart", "[objective][cnn]") {
    const dataset train = bars(256, 10, 1);
    any_objective f(cnn(train, {4, 8}, {16}));
    std::vector<float> w(f.dimension()), g(f.dimension());
    f.initialize({1, 0, 0, purposes::initialize}, w);
    const double before = f.value(w, {});
    momentum optimizer{.learning_rate = 0.05};
    for (std::uint64_t step = 0; step < 40; ++step) {
        f.value_and_gradient(w, {}, g);
        optimizer.update(w, g, step);
    }
    CHECK(before > 0.5);
    CHECK(f.value(w, {}) < 0.1);
    CHECK(accuracy(f, w, bars(500, 10, 2)) > 0.95);
}

TEST_CASE("cnn: bad input is named", "[objective][cnn][hostile]") {
    const dataset data = bars(4, 8, 1);
    CHECK_THROWS_AS(cnn(dataset()), invalid_input);
    CHECK_THROWS_AS(cnn(data, {2, 2, 2, 2}), invalid_input);
    CHECK_THROWS_AS(cnn(data, {0}), invalid_input);
    CHECK_THROWS_AS(cnn(data, {2}, {0}), invalid_input);
    CHECK_THROWS_AS(cnn(data, {2}, {2}, -1), invalid_input);
    CHECK_THROWS_AS(cnn(data, {2}, {2}, 0, {1, 8, 7}), invalid_input);
    CHECK_THROWS_WITH(
        cnn(dataset({1, 2, 3}, {0}, 3)),
        "a cnn takes samples of 3 features for square images, which they are not: give it the shape of an "
        "image");
}
