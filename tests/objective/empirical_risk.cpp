#include <cmath>
#include <cstdint>
#include <vector>

#include <frugal/data/synthetic.hpp>
#include <frugal/model/activation.hpp>
#include <frugal/model/dense.hpp>
#include <frugal/model/sequential.hpp>
#include <frugal/objective/accuracy.hpp>
#include <frugal/objective/any_objective.hpp>
#include <frugal/objective/empirical_risk.hpp>
#include <frugal/objective/least_squares.hpp>
#include <frugal/objective/mlp.hpp>

#include "catch.hpp"
#include "objective/gradient_check.hpp"

using namespace frugal;

using two_layers = sequential<dense, relu, dense>;
static_assert(Model<two_layers> && Model<layer_sequence> && !Model<dense> && !Model<any_layer>);
static_assert(DataClassifier<empirical_risk<two_layers>>);
static_assert(Objective<empirical_risk<two_layers, squared_error>>);
static_assert(!Classifier<empirical_risk<two_layers, squared_error>>);

TEST_CASE("empirical_risk: of a sequential it is the mlp of the same layers", "[objective][empirical_risk]") {
    const auto data = gaussian_mixture{.samples = 300, .dimension = 20, .classes = 4}({1, 0, 0, purposes::data}).train;
    empirical_risk f(data, sequential({20}, dense{.outputs = 9}, relu{}, dense{.outputs = 4}), cross_entropy{}, 0.1f);
    mlp m(data, {9}, 0.1f);
    CHECK(f.layout() == m.layout());
    CHECK(f.name() == "sequential(dense(9),relu,dense(4))");
    std::vector<float> w(f.dimension()), v(f.dimension()), g(f.dimension()), h(f.dimension());
    f.initialize({1, 0, 0, purposes::initialize}, w);
    m.initialize({1, 0, 0, purposes::initialize}, v);
    CHECK(w == v);
    CHECK(f.value_and_gradient(w, {}, g) == m.value_and_gradient(w, {}, h));
    CHECK(g == h);
}

TEST_CASE("empirical_risk: of one linear output and squared error it is least squares", "[objective][empirical_risk]") {
    const auto p = linear_regression{.samples = 300, .dimension = 20}({1, 0, 0, purposes::data});
    empirical_risk f(p.data, sequential({20}, dense{.outputs = 1}), squared_error{});
    least_squares s(p.data);
    auto w = test::normals(21, 3);
    w[20] = 0;  // the bias, which least squares has not
    std::vector<float> g(21), h(20);
    const std::span<const float> without_bias = std::span(w).first(20);
    CHECK(f.value_and_gradient(w, {}, g) == Approx(s.value_and_gradient(without_bias, {}, h)).epsilon(1e-6));
    for (std::size_t j = 0; j < 20; ++j) {
        CHECK(g[j] == Approx(h[j]).margin(1e-5));
    }
    std::vector<float> out(2);
    const std::vector<std::uint32_t> batch{7, 299};
    f.outputs(w, batch, out);
    CHECK(out[1] == Approx(kernels::dot(w.data(), p.data.row(299).data(), 20)).epsilon(1e-5));
    any_objective any(f);
    CHECK(any.classes() == 0);
    CHECK(any.layout().at("dense1.bias").offset == 20);
}

TEST_CASE("empirical_risk: models and data that do not fit are refused", "[objective][empirical_risk][hostile]") {
    const auto data = gaussian_mixture{.samples = 30, .dimension = 6, .classes = 4}({1, 0, 0, purposes::data}).train;
    const auto regression = linear_regression{.samples = 30, .dimension = 6}({1, 0, 0, purposes::data}).data;
    const auto of = [](std::size_t inputs, std::size_t outputs) {
        return sequential({inputs}, dense{.outputs = outputs});
    };
    CHECK_THROWS_AS(empirical_risk(data, of(5, 4)), invalid_input);
    CHECK_THROWS_AS(empirical_risk(data, of(6, 3)), invalid_input);
    CHECK_THROWS_AS(empirical_risk(dataset(), of(6, 4)), invalid_input);
    CHECK_THROWS_AS(empirical_risk(data, of(6, 4), {}, NAN), invalid_input);
    CHECK_THROWS_AS(empirical_risk(regression, of(6, 2), squared_error{}), invalid_input);
    CHECK_THROWS_AS(empirical_risk(data, sequential(dense{.outputs = 4})), invalid_input);  // never bound to a shape
    CHECK(empirical_risk(data, of(6, 9)).classes() == 9);
}
