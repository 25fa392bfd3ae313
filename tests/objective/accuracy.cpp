#include "catch.hpp"

#include <cmath>
#include <vector>

#include <frugal/objective/accuracy.hpp>
#include <frugal/objective/softmax_regression.hpp>

using namespace frugal;

TEST_CASE("accuracy: by hand; of equal scores the first class counts", "[objective][accuracy]") {
    // Scores: x for class 0 and -x for class 1.
    const dataset data({1, -1, 2, -2, 0, 0}, {0, 1, 1, 1, 0, 1}, 1);
    softmax_regression f(data);
    const std::vector<float> w{1, -1, 0, 0};
    CHECK(accuracy(f, w, data) == 4.0 / 6);
    const evaluation e = evaluate(f, w);
    CHECK(e.accuracy == 4.0 / 6);
    CHECK(e.loss == Approx(f.value(w, sample_indices())).epsilon(1e-12));
    CHECK(accuracy(f, w, dataset({5}, {0}, 1, 2)) == 1.0);
}

TEST_CASE("accuracy: more samples than a block", "[objective][accuracy]") {
    std::vector<float> x(1001);
    std::vector<std::uint32_t> labels(1001);
    for (std::size_t i = 0; i < x.size(); ++i) {
        x[i] = i % 3 == 0 ? 1.0f : -1.0f;
        labels[i] = i % 3 == 0 && i != 999 ? 0u : 1u;
    }
    const dataset data(x, labels, 1);
    const std::vector<float> w{1, -1, 0, 0};
    CHECK(accuracy(softmax_regression(data), w, data) == 1000.0 / 1001);
}
