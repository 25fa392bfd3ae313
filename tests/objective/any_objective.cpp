#include "catch.hpp"

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <frugal/data/synthetic.hpp>
#include <frugal/objective/accuracy.hpp>
#include <frugal/objective/any_objective.hpp>
#include <frugal/objective/quadratic.hpp>
#include <frugal/objective/softmax_regression.hpp>

#include "objective/gradient_check.hpp"

using namespace frugal;

static_assert(DataClassifier<any_objective>);

namespace {

//! The least that an objective must offer.
struct minimal {
    int calls = 0;
    std::size_t dimension() const { return 2; }
    double value_and_gradient(std::span<const float> w, sample_indices, std::span<float> g) {
        g[0] = 1;
        g[1] = 2;
        ++calls;
        return double(w[0]) + 2 * double(w[1]) + calls;
    }
};

}  // namespace

TEST_CASE("any_objective: does what it holds does", "[objective][any]") {
    const auto data = gaussian_mixture{.samples = 100, .dimension = 7, .classes = 3}({1, 0, 0, purposes::data});
    softmax_regression f(data.train, 0.1f);
    any_objective a(f);
    CHECK(a.dimension() == f.dimension());
    CHECK(a.classes() == 3);
    CHECK(a.samples() == 100);
    CHECK(a.name() == "softmax");
    CHECK(a.layout() == f.layout());
    CHECK(a.layout().at("bias").offset == 21);
    const auto w = test::normals(f.dimension(), 2);
    std::vector<float> g(w.size());
    std::vector<float> h(w.size());
    const std::vector<std::uint32_t> batch{1, 50, 3};
    CHECK(a.value_and_gradient(w, batch, g) == f.value_and_gradient(w, batch, h));
    CHECK(g == h);
    CHECK(a.value(w, batch) == f.value(w, batch));
    CHECK(accuracy(a, w, data.test) == accuracy(f, w, data.test));
}

TEST_CASE("any_objective: copies are independent", "[objective][any]") {
    any_objective a{minimal{}};
    const std::vector<float> w{0, 0};
    std::vector<float> g(2);
    CHECK(a.value_and_gradient(w, {}, g) == 1.0);
    any_objective b = a;
    CHECK(a.value_and_gradient(w, {}, g) == 2.0);
    CHECK(a.value_and_gradient(w, {}, g) == 3.0);
    CHECK(b.value_and_gradient(w, {}, g) == 2.0);
    b = a;
    CHECK(b.value_and_gradient(w, {}, g) == 4.0);
    const any_objective c = std::move(b);
    CHECK(c.dimension() == 2);
    CHECK_FALSE(bool(any_objective()));
}

TEST_CASE("any_objective: what the objective does not offer", "[objective][any][hostile]") {
    any_objective a{minimal{}};
    std::vector<float> w{5, 5};
    CHECK(a.classes() == 0);
    CHECK(a.samples() == 1);
    CHECK(a.layout() == tensor_layout::flat(2));
    std::vector<std::byte> bytes;
    state_archive saved(bytes);
    a.state(saved);
    CHECK(bytes.empty());
    CHECK(a.value(w, {}) == 16.0);
    a.initialize({}, w);
    CHECK(w == std::vector<float>{0, 0});
    CHECK_THROWS_AS(a.logits(w, {}, w), invalid_input);
    CHECK_THROWS_AS(a.data(), invalid_input);
    CHECK_THROWS_AS(any_objective(quadratic({1})).with_data(dataset()), invalid_input);
}
