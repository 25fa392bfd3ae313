#include "catch.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <new>
#include <thread>
#include <vector>

#include <frugal/data/idx.hpp>
#include <frugal/data/sampler.hpp>
#include <frugal/data/synthetic.hpp>
#include <frugal/objective/accuracy.hpp>
#include <frugal/objective/mlp.hpp>
#include <frugal/objective/softmax_regression.hpp>

#include "objective/gradient_check.hpp"

using namespace frugal;

static_assert(DataClassifier<mlp>);

namespace {

dataset mixture(std::size_t samples, std::size_t dimension, std::size_t classes) {
    return gaussian_mixture{.samples = samples, .dimension = dimension, .classes = classes}({1, 0, 0, purposes::data})
        .train;
}

//! The loss in double, written down once more.
double reference_loss(const mlp& f, const std::vector<double>& w, const std::vector<std::uint32_t>& batch, double l2) {
    double total = 0;
    for (const std::uint32_t i : batch) {
        std::vector<double> x(f.data().row(i).begin(), f.data().row(i).end());
        const std::size_t layers = f.hidden().size() + 1;
        for (std::size_t l = 0; l < layers; ++l) {
            const auto& weights = f.layout().tensor(2 * l);
            const auto& bias = f.layout().tensor(2 * l + 1);
            std::vector<double> y(weights.shape[0]);
            for (std::size_t o = 0; o < y.size(); ++o) {
                y[o] = w[bias.offset + o];
                for (std::size_t j = 0; j < x.size(); ++j) {
                    y[o] += w[weights.offset + o * weights.shape[1] + j] * x[j];
                }
                if (l + 1 < layers) {
                    y[o] = std::max(y[o], 0.0);
                }
            }
            x = y;
        }
        double sum = 0;
        for (const double s : x) {
            sum += std::exp(s);
        }
        total += (std::log(sum) - x[f.data().label(i)]) / static_cast<double>(batch.size());
    }
    for (const double x : w) {
        total += 0.5 * l2 * x * x;
    }
    return total;
}

}  // namespace

TEST_CASE("mlp: FC-300-100 on images of 784 pixels has 266,610 parameters", "[objective][mlp]") {
    const mlp f(dataset(std::vector<float>(784), {0}, 784, 10), {300, 100});
    CHECK(f.dimension() == 266610);
    CHECK(f.name() == "mlp(300,100)");
    tensor_layout expected;
    expected.add("dense1.weight", {300, 784}).add("dense1.bias", {300}).add("dense2.weight", {100, 300});
    expected.add("dense2.bias", {100}).add("dense3.weight", {10, 100}).add("dense3.bias", {10});
    CHECK(f.layout() == expected);
}

TEST_CASE("mlp: one sample by hand", "[objective][mlp]") {
    mlp f(dataset({1, -1}, {0}, 2, 2), {2});
    REQUIRE(f.dimension() == 12);
    // Hidden units: 2 - 1 + 0 = 1 and -1 - 1 + 1 = -1, which ReLU cuts. Scores: 3 and 1.
    const std::vector<float> w{2, 1, -1, 1, 0, 1, 3, 5, 1, 7, 0, 0};
    std::vector<float> g(12);
    std::vector<float> scores(2);
    f.logits(w, {}, scores);
    CHECK(scores == std::vector<float>{3, 1});
    const double p = 1 / (1 + std::exp(2.0));  // softmax of the wrong class
    CHECK(f.value_and_gradient(w, {}, g) == Approx(-std::log(1 - p)));
    // d(scores) = (-p, p); hidden unit 1: -3 p + p = -2 p; hidden unit 2 is cut.
    const double expected[] = {-2 * p, 2 * p, 0, 0, -2 * p, 0, -p, 0, p, 0, -p, p};
    for (std::size_t j = 0; j < 12; ++j) {
        CHECK(double(g[j]) == Approx(expected[j]).epsilon(1e-6).margin(1e-12));
    }
}

TEST_CASE("mlp: gradient against finite differences, for many shapes", "[objective][mlp]") {
    const std::vector<std::vector<std::size_t>> shapes{{}, {1}, {7}, {33, 16}, {5, 4, 3}};
    for (const auto& hidden : shapes) {
        mlp f(mixture(60, 17, 4), hidden, 0.02f);
        std::vector<float> w(f.dimension());
        f.initialize({3, 0, 0, purposes::initialize}, w);
        for (float& x : w) {
            x += 0.05f;  // biases other than 0
        }
        std::vector<std::uint32_t> batch;
        for (std::uint32_t i = 0; i < 30; ++i) {
            batch.push_back(i * 7 % 60);
            const auto reference = [&](const std::vector<double>& at) {
                return reference_loss(f, at, batch, double(0.02f));
            };
            if (i == 0 || i == 29) {
                CHECK(test::gradient_error(f, reference, w, batch) < 2e-4);
                CHECK(f.value(w, batch) == Approx(reference({w.begin(), w.end()})).epsilon(1e-5));
            }
        }
    }
}

TEST_CASE("mlp: without hidden layers it is softmax regression", "[objective][mlp][equivalence]") {
    const auto data = mixture(300, 40, 5);
    mlp f(data, {}, 0.1f);
    softmax_regression s(data, 0.1f);
    REQUIRE(f.dimension() == s.dimension());
    const auto w = test::normals(f.dimension(), 4, 0.2f);
    std::vector<float> g(w.size());
    std::vector<float> h(w.size());
    CHECK(f.value_and_gradient(w, {}, g) == Approx(s.value_and_gradient(w, {}, h)).epsilon(1e-6));
    for (std::size_t j = 0; j < w.size(); ++j) {
        CHECK(g[j] == Approx(h[j]).margin(1e-5));
    }
}

TEST_CASE("mlp: a batch of many blocks is the mean of its parts", "[objective][mlp]") {
    mlp f(mixture(700, 20, 3), {16});
    std::vector<float> w(f.dimension());
    f.initialize({3, 0, 0, purposes::initialize}, w);
    std::vector<float> all(w.size());
    std::vector<float> listed(w.size());
    std::vector<double> mean(w.size());
    const double loss = f.value_and_gradient(w, {}, all);
    std::vector<std::uint32_t> batch(700);
    double sum = 0;
    for (std::uint32_t i = 0; i < 700; ++i) {
        batch[i] = i;
        std::vector<float> g(w.size());
        sum += f.value_and_gradient(w, std::span(&batch[i], 1), g) / 700;
        for (std::size_t j = 0; j < w.size(); ++j) {
            mean[j] += double(g[j]) / 700;
        }
    }
    CHECK(loss == Approx(sum).epsilon(1e-6));
    CHECK(f.value(w, {}) == loss);
    for (std::size_t j = 0; j < w.size(); ++j) {
        CHECK(double(all[j]) == Approx(mean[j]).margin(1e-6));
    }
    CHECK(f.value_and_gradient(w, batch, listed) == loss);  // gathered or in place: the same bits
    CHECK(listed == all);
}

TEST_CASE("mlp: the same bits in threads, from copies and at any alignment", "[objective][mlp][equivalence]") {
    mlp f(mixture(300, 784, 10), {300, 100});
    std::vector<float> w(f.dimension());
    f.initialize({3, 0, 0, purposes::initialize}, w);
    for (const std::size_t size : {1u, 2u, 5u, 12u, 13u, 40u, 200u, 300u}) {
        std::vector<std::uint32_t> batch(size);
        for (std::size_t i = 0; i < size; ++i) {
            batch[i] = static_cast<std::uint32_t>(i * 7 % 300);
        }
        std::vector<float> expected(w.size());
        const double loss = f.value_and_gradient(w, batch, expected);
        std::vector<std::thread> threads;
        std::vector<int> differing(4);
        for (std::size_t t = 0; t < 4; ++t) {
            threads.emplace_back([&, t, copy = f]() mutable {
                std::vector<float> moved_w(w.size() + 32);
                std::vector<float> moved_g(w.size() + 32, NAN);
                for (std::size_t shift = 4 * t; shift < 4 * t + 4; ++shift) {
                    const auto wt = std::span(moved_w).subspan(shift, w.size());
                    const auto gt = std::span(moved_g).subspan((5 * shift + 3) % 17, w.size());
                    std::copy(w.begin(), w.end(), wt.begin());
                    const double l = copy.value_and_gradient(wt, batch, gt);
                    differing[t] += l != loss || std::memcmp(gt.data(), expected.data(), 4 * w.size()) != 0;
                }
            });
        }
        for (std::thread& t : threads) {
            t.join();
        }
        CHECK(differing == std::vector<int>(4, 0));
    }
}

TEST_CASE("mlp: initial weights have the variance of He, biases are zero", "[objective][mlp][statistical]") {
    const mlp f(mixture(10, 50, 10), {400, 30});
    std::vector<float> w(f.dimension());
    const random_key key{8, 0, 0, purposes::initialize};
    f.initialize(key, w);
    const double expected[] = {2.0 / 50, 0, 2.0 / 400, 0, 1.0 / 30, 0};
    for (std::size_t t = 0; t < 6; ++t) {
        const auto values = f.layout().tensor(t).of(std::span<const float>(w));
        double squares = 0;
        for (const float x : values) {
            squares += double(x) * double(x);
        }
        const auto n = static_cast<double>(values.size());
        CHECK(std::fabs(squares / n - expected[t]) <= 4.5 * expected[t] * std::sqrt(2 / n));
    }
    std::vector<float> again(f.dimension());
    f.initialize(key, again);
    CHECK(again == w);
}

TEST_CASE("mlp: divergence shows as a loss that is not finite", "[objective][mlp]") {
    mlp f(mixture(10, 5, 3), {4});
    std::vector<float> w(f.dimension(), NAN);
    std::vector<float> g(f.dimension());
    CHECK(std::isnan(f.value_and_gradient(w, {}, g)));
    CHECK(accuracy(f, w, f.data()) == 0.0);
}

TEST_CASE("mlp: learns Fashion-MNIST in 200 steps", "[objective][mlp]") {
    if (!std::filesystem::exists(fashion_mnist_folder)) {
        WARN("skipped: the Debian package dataset-fashion-mnist is not installed");
        return;
    }
    const train_test d = load_data("fashion-mnist");
    mlp f(d.train, {300, 100});
    std::vector<float> w(f.dimension());
    std::vector<float> g(f.dimension());
    f.initialize({1, 0, 0, purposes::initialize}, w);
    auto sampler = batch_sampler::global(f.samples(), 200, 0, 1, 1);
    for (std::uint64_t r = 0; r < 200; ++r) {
        f.value_and_gradient(w, sampler.batch(r), g);
        for (std::size_t j = 0; j < w.size(); ++j) {
            w[j] -= 0.1f * g[j];
        }
    }
    CHECK(accuracy(f, w, d.test) > 0.78);
}

TEST_CASE("mlp: bad input is named", "[objective][mlp][hostile]") {
    CHECK_THROWS_AS(mlp(dataset()), invalid_input);
    const auto data = mixture(10, 5, 3);
    CHECK_THROWS_AS(mlp(data, {4, 0}), invalid_input);
    CHECK_THROWS_AS(mlp(data, {std::size_t{1} << 40}), invalid_input);
    CHECK_THROWS_AS(mlp(data, {4}, -1), invalid_input);
    mlp f(data, {4});
    std::vector<float> w(f.dimension());
    std::vector<float> g(f.dimension());
    const std::vector<std::uint32_t> beyond{10};
    CHECK_THROWS_AS(f.value_and_gradient(w, beyond, g), invalid_input);
    CHECK_THROWS_AS(f.value_and_gradient(std::span(w).first(3), {}, g), invalid_input);
    CHECK_THROWS_AS(f.value_and_gradient(w, {}, std::span(g).first(3)), invalid_input);
    CHECK_THROWS_AS(f.logits(w, {}, std::span(g).first(29)), invalid_input);
    CHECK_THROWS_AS(f.with_data(mixture(10, 6, 3)), invalid_input);
    CHECK_THROWS_AS(f.with_data(mixture(10, 5, 4)), invalid_input);
    CHECK_THROWS_AS(f.with_data(dataset()), invalid_input);
}

TEST_CASE("mlp: factors multiply to the gradient, blocks of samples joined", "[objective][mlp]") {
    const dataset data = mixture(700, 600, 5);
    for (const std::size_t samples : {1u, 60u, 300u}) {  // 300: two blocks
        mlp f(data, {900, 30});
        std::vector<float> w(f.dimension()), g(w.size()), with(w.size());
        f.initialize({.seed = 1}, w);
        std::vector<std::uint32_t> batch(samples);
        for (std::size_t i = 0; i < samples; ++i) {
            batch[i] = static_cast<std::uint32_t>(i * 2);
        }
        const double loss = f.value_and_gradient(w, batch, g);
        factor_record record;
        CHECK(f.value_and_factors(w, batch, with, record) == loss);
        std::size_t as_factors = 0;
        for (const named_tensor& t : f.layout().tensors()) {
            const bool fewer = t.shape.size() == 2 && factor_shape{samples, t.shape[0], t.shape[1], {}}.is_smaller();
            REQUIRE(record.has(t.offset) == fewer);
            if (!fewer) {
                CHECK(std::equal(t.of(std::span(g)).begin(), t.of(std::span(g)).end(), t.of(std::span(with)).begin()));
                continue;
            }
            ++as_factors;
            const factor_pair pair = record.at(t.offset);
            REQUIRE(pair.samples == samples);
            double worst = 0;
            for (std::size_t e = 0; e < t.size; e += 7) {
                double sum = 0;
                for (std::size_t s = 0; s < samples; ++s) {
                    sum += double(pair.errors[s * pair.shape().rows + e / pair.shape().columns]) *
                           double(pair.inputs[s * pair.shape().columns + e % pair.shape().columns]);
                }
                worst = std::max(worst, std::fabs(sum - double(g[t.offset + e])));
            }
            CHECK(worst < 1e-5);
        }
        CHECK(as_factors == (samples == 1 ? 3u : 1u));
    }
    mlp penalised(data, {600}, 0.1f);
    std::vector<float> w(penalised.dimension()), g(w.size());
    factor_record record;
    CHECK_THROWS_AS(penalised.value_and_factors(w, {}, g, record), invalid_input);
}
