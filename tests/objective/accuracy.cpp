#include "catch.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frugal/data/synthetic.hpp>
#include <frugal/objective/accuracy.hpp>
#include <frugal/objective/any_objective.hpp>
#include <frugal/objective/mlp.hpp>
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

TEST_CASE("count_accuracy: any division into blocks, in any order, gives the same bits",
          "[objective][accuracy][equivalence]") {
    const auto data =
        gaussian_mixture{.samples = 1500, .dimension = 30, .classes = 6, .separation = 2}({1, 0, 0, purposes::data})
            .train;
    for (any_objective f : {any_objective(mlp(data, {20})), any_objective(softmax_regression(data))}) {
        std::vector<float> w(f.dimension());
        mlp(data, {}).initialize({3, 0, 0, purposes::initialize}, std::span(w).first(6 * 31));
        REQUIRE(evaluation_blocks(f) == 6);
        const accuracy_counts all = count_accuracy(f, w, 0, 6);
        CHECK(all.samples == 1500);
        CHECK(all.means().loss == evaluate(f, w).loss);
        CHECK(all.means().loss == Approx(f.value(w, {})).epsilon(1e-6));
        for (const std::vector<std::size_t>& cuts :
             {std::vector<std::size_t>{0, 6}, {0, 1, 2, 3, 4, 5, 6}, {0, 4, 4, 6}}) {
            accuracy_counts sum;
            for (std::size_t i = cuts.size() - 1; i-- > 0;) {
                any_objective copy = f;
                sum += count_accuracy(copy, w, cuts[i], cuts[i + 1]);
            }
            CHECK(sum == all);
        }
        CHECK_THROWS_AS(count_accuracy(f, w, 0, 7), invalid_input);
        CHECK_THROWS_AS(count_accuracy(f, w, 2, 1), invalid_input);
    }
}

TEST_CASE("accuracy_counts: sums are exact, and what is not finite shows", "[objective][accuracy][exact]") {
    accuracy_counts a;
    CHECK_THROWS_AS(a.means(), invalid_input);
    a.add(0.75, true);
    a.add(0x1p-64, false);
    a.add(0.5, false);
    CHECK(a.loss == 1);
    CHECK(a.loss_fraction == (std::uint64_t{1} << 62) + 1);
    a.add(2147483647.5, true);
    CHECK(a.means().accuracy == 0.5);
    CHECK(a.means().loss == 2147483648.75 / 4);
    accuracy_counts b;
    b.add(INFINITY, false);
    CHECK(b.means().loss == INFINITY);
    b += a;
    CHECK(b.samples == 5);
    CHECK(b.means().loss == INFINITY);
    b.add(NAN, false);
    CHECK(std::isnan(b.means().loss));
    std::vector<std::byte> bytes;
    state_archive saved(bytes);
    saved(b);
    accuracy_counts c;
    state_archive restored{std::span<const std::byte>(bytes)};
    restored(c);
    CHECK(c == b);
}
