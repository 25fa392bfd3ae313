#include "catch.hpp"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <thread>
#include <vector>

#include <frugal/data/idx.hpp>
#include <frugal/data/sampler.hpp>
#include <frugal/data/synthetic.hpp>
#include <frugal/objective/accuracy.hpp>
#include <frugal/objective/softmax_regression.hpp>

#include "objective/gradient_check.hpp"

using namespace frugal;

static_assert(DataClassifier<softmax_regression>);

TEST_CASE("softmax_regression: one sample by hand", "[objective][softmax]") {
    softmax_regression f(dataset({1, 2}, {1}, 2, 2));
    REQUIRE(f.dimension() == 6);
    const std::vector<float> w{1, 0, 0, 1, 0.5f, -0.5f};  // scores 1.5 and 1.5
    std::vector<float> g(6);
    std::vector<float> scores(2);
    CHECK(f.value_and_gradient(w, {}, g) == Approx(std::log(2.0)).epsilon(1e-15));
    CHECK(g == std::vector<float>{0.5f, 1, -0.5f, -1, 0.5f, -0.5f});
    f.logits(w, {}, scores);
    CHECK(scores == std::vector<float>{1.5f, 1.5f});
}

TEST_CASE("softmax_regression: gradient against finite differences", "[objective][softmax]") {
    for (const std::size_t d : {1u, 31u, 65u}) {
        const auto data =
            gaussian_mixture{.samples = 80, .dimension = d, .classes = 5}({1, 0, 0, purposes::data}).train;
        softmax_regression f(data, 0.05f);
        std::vector<std::uint32_t> batch;
        for (std::uint32_t i = 0; i < 40; ++i) {
            batch.push_back(i * 11 % 80);
        }
        const auto reference = [&](const std::vector<double>& w) {
            double total = 0;
            for (const std::uint32_t i : batch) {
                double sum = 0;
                double own = 0;
                for (std::size_t c = 0; c < 5; ++c) {
                    double s = w[5 * d + c];
                    for (std::size_t j = 0; j < d; ++j) {
                        s += w[c * d + j] * double(data.row(i)[j]);
                    }
                    sum += std::exp(s);
                    own = c == data.label(i) ? s : own;
                }
                total += (std::log(sum) - own) / 40;
            }
            for (const double x : w) {
                total += 0.5 * double(0.05f) * x * x;
            }
            return total;
        };
        const auto w = test::normals(f.dimension(), 3, 0.3f);
        CHECK(test::gradient_error(f, reference, w, batch) < 2e-6);
        CHECK(f.value(w, batch) == Approx(reference({w.begin(), w.end()})).epsilon(1e-9));
    }
}

TEST_CASE("softmax_regression: the same bits from copies, in threads and at any alignment",
          "[objective][softmax][equivalence]") {
    const auto data = gaussian_mixture{.samples = 100, .dimension = 77, .classes = 7}({1, 0, 0, purposes::data}).train;
    softmax_regression f(data, 0.01f);
    const auto w = test::normals(f.dimension(), 3);
    std::vector<float> expected(f.dimension());
    const double loss = f.value_and_gradient(w, {}, expected);
    std::vector<std::thread> threads;
    std::vector<int> same(4);
    for (std::size_t t = 0; t < 4; ++t) {
        threads.emplace_back([&, t, copy = f]() mutable {
            std::vector<float> moved_w(w.size() + 16);
            std::vector<float> moved_g(w.size() + 16);
            const auto wt = std::span(moved_w).subspan(t, w.size());
            const auto gt = std::span(moved_g).subspan(3 * t + 1, w.size());
            std::copy(w.begin(), w.end(), wt.begin());
            const double l = copy.value_and_gradient(wt, {}, gt);
            same[t] = l == loss && std::memcmp(gt.data(), expected.data(), 4 * w.size()) == 0;
        });
    }
    for (std::thread& t : threads) {
        t.join();
    }
    CHECK(same == std::vector<int>(4, 1));
}

TEST_CASE("softmax_regression: learns Fashion-MNIST in 300 steps", "[objective][softmax]") {
    if (!std::filesystem::exists(fashion_mnist_folder)) {
        WARN("skipped: the Debian package dataset-fashion-mnist is not installed");
        return;
    }
    const train_test d = load_data("fashion-mnist");
    softmax_regression f(d.train);
    std::vector<float> w(f.dimension());
    std::vector<float> g(f.dimension());
    f.initialize({}, w);
    CHECK(f.value(w, sample_indices()) == Approx(std::log(10.0)).epsilon(1e-12));
    auto sampler = batch_sampler::global(f.samples(), 100, 0, 1, 1);
    for (std::uint64_t r = 0; r < 300; ++r) {
        f.value_and_gradient(w, sampler.batch(r), g);
        for (std::size_t j = 0; j < w.size(); ++j) {
            w[j] -= 0.1f * g[j];
        }
    }
    CHECK(accuracy(f, w, d.test) > 0.77);
}

TEST_CASE("softmax_regression: bad input is named", "[objective][softmax][hostile]") {
    CHECK_THROWS_AS(softmax_regression(dataset()), invalid_input);
    softmax_regression f(dataset({1, 2}, {0, 1}, 1));
    CHECK_THROWS_AS(softmax_regression(f.data(), -1), invalid_input);
    std::vector<float> w(4);
    const std::vector<std::uint32_t> beyond{2};
    CHECK_THROWS_AS(f.value(w, beyond), invalid_input);
    CHECK_THROWS_AS(f.value(std::span(w).first(3), {}), invalid_input);
    CHECK_THROWS_AS(f.logits(w, {}, std::span(w).first(3)), invalid_input);
    CHECK_THROWS_AS(f.with_data(dataset({1, 2}, {0}, 2)), invalid_input);
    CHECK_THROWS_AS(f.with_data(dataset({1, 2}, {0, 2}, 1)), invalid_input);
}
