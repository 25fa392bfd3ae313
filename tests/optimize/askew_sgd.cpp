#include <frugal/optimize/askew_sgd.hpp>

#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

#include <frugal/core/random.hpp>
#include <frugal/optimize/adam.hpp>

#include "catch.hpp"
#include "kernels/architectures.hpp"
#include "kernels/values.hpp"

using namespace frugal;

static_assert(RatedOptimizer<askew_sgd<>> && RatedOptimizer<askew_sgd<adam>> && BringsToGrid<askew_sgd<>>);
static_assert(!BringsToGrid<sgd>);

namespace {

constexpr double infinite = 1e300;

//! v of eq. 2.13 in double; limit is infinite unless it is given.
double direction(const grid& values, double u, double w, float epsilon, float alpha, float limit = 1e30f) {
    return values.visit([&](const auto& v) { return askew_rule{epsilon, alpha, limit, 1}(v, w, 0.0, -u); });
}

//! phi as the source has it: by the cell that holds w.
double distance_to_grid(const grid& values, double w) {
    const auto at = [&](std::size_t i) { return double{values[i]}; };
    const auto square = [](double x) { return x * x; };
    if (w < at(0)) {
        return square(w - at(0));
    }
    for (std::size_t i = 0; i + 1 < values.size(); ++i) {
        if (w < at(i + 1)) {
            return square((w - at(i)) * (w - at(i + 1)));
        }
    }
    return square(w - at(values.size() - 1));
}

double uniform(std::uint64_t i, double low, double high) {
    return low + (high - low) * (0.5 + double{random_stream({.seed = 8, .purpose = purposes::user}).centered(i)});
}

//! One step of rate 1 of one weight.
float stepped(askew_sgd<> o, float w, float g) {
    std::vector<float> x{w};
    o.inner.learning_rate = 1;
    o.update(x, std::vector<float>{g}, 0);
    return x[0];
}

const std::vector<grid>& some_grids() {
    static const std::vector<grid> all{binary_grid(), ternary_grid(), integer_grid(4), even_grid(-1, 2.0f / 3, 4),
                                       listed_grid({-3, -0.5f, 0, 0.25f, 8})};
    return all;
}

}  // namespace

TEST_CASE("askew_sgd: directions by hand", "[optimize][askew_sgd]") {
    struct row {
        float u, w, epsilon, phi, slope, v;
    };
    for (const row& r : {row{0.3f, 0.5f, 0.3f, 0.5625f, 1.5f, 0.0875f},      // push
                         row{-0.3f, 0.5f, 0.3f, 0.5625f, 1.5f, 0.3f},        // the gradient returns fast enough
                         row{-0.05f, 0.5f, 0.3f, 0.5625f, 1.5f, 0.0875f},    // push
                         row{0.3f, 0.9f, 0.3f, 0.0361f, 0.684f, -0.3f},      // free
                         row{0.3f, 2.0f, 0.3f, 1, -2, -0.3f},                // gradient
                         row{0.1f, 2.0f, 0.3f, 1, -2, -0.175f},              // push
                         row{-0.2f, -0.5f, 0.3f, 0.5625f, -1.5f, -0.0875f},  // push
                         row{0, 0.01f, 0.3f, 0.99980001f, 0.039996f, 1},     // push, cut from 8.748
                         row{0, 0, 0.3f, 1, 0, 1},                           // middle of the cell
                         row{0.7f, 0, 1.0f, 1, 0, -0.7f}}) {                 // intervals touch: free
        const auto c = binary_grid().visit([&](const auto& v) { return grid_constraint<float>(v, r.w, r.epsilon); });
        CHECK(c.value == Approx(r.epsilon - r.phi).margin(1e-6));
        CHECK(c.slope == Approx(r.slope).margin(1e-6));
        CHECK(direction(binary_grid(), r.u, r.w, r.epsilon, 0.5f, 1) == Approx(r.v).epsilon(1e-5));
        CHECK(stepped({.epsilon = r.epsilon}, r.w, r.u) == Approx(r.w + r.v).margin(2e-6));
        CHECK(stepped({.epsilon = r.epsilon, .order = askew_order::constrain_first}, r.w, r.u) ==
              Approx(r.w + r.v).margin(2e-6));
    }
    CHECK(direction(binary_grid(), 0, 0.01, 0.3f, 0.5f) == Approx(8.748).epsilon(1e-3));
}

TEST_CASE("askew_sgd: phi and its derivative on every grid", "[optimize][askew_sgd]") {
    for (const grid& values : some_grids()) {
        for (std::uint64_t i = 0; i < 2000; ++i) {
            const double w = uniform(i, -10, 10), h = 1e-5;
            const auto psi = [&](double at) {
                return values.visit([&](const auto& v) { return grid_constraint<double>(v, at, 1); });
            };
            const double phi = distance_to_grid(values, w);
            CHECK(1 - psi(w).value == Approx(phi).margin(1e-5 * (1 + phi)));
            CHECK(psi(w).slope == Approx((psi(w + h).value - psi(w - h).value) / (2 * h)).margin(2e-3).epsilon(1e-5));
        }
    }
}

TEST_CASE("askew_sgd: the direction is the projection of -u onto the velocities allowed", "[optimize][askew_sgd]") {
    for (const grid& values : some_grids()) {
        for (std::uint64_t i = 0; i < 300; ++i) {
            const double u = uniform(3 * i, -3, 3), w = uniform(3 * i + 1, -3, 3);
            const auto epsilon = static_cast<float>(uniform(3 * i + 2, 0, 0.1));
            const float alpha = 0.7f;
            const double v = direction(values, u, w, epsilon, alpha);
            const auto psi = values.visit([&](const auto& p) { return grid_constraint<double>(p, w, epsilon); });
            if (psi.value > 0) {
                CHECK(v == -u);
                continue;
            }
            const double least = -double{alpha} * psi.value;
            CHECK(psi.slope * v >= least * (1 - 1e-9));
            double nearest = infinite;  // over a grid of velocities
            for (int k = -4000; k <= 4000; ++k) {
                const double candidate = -u + k * std::fabs(v + u) / 3000;
                if (psi.slope * candidate >= least) {
                    nearest = std::min(nearest, std::fabs(candidate + u));
                }
            }
            CHECK(std::fabs(v + u) <= nearest * (1 + 1e-9));
            // v = -u + lambda psi', lambda >= 0 (Lemma 25)
            CHECK((v + u) * psi.slope >= 0);
        }
    }
}

TEST_CASE("askew_sgd: only a push is cut to the limit", "[optimize][askew_sgd]") {
    CHECK(direction(binary_grid(), -5, 0.5, 0.3f, 0.5f, 1) == 5);   // the gradient's
    CHECK(direction(binary_grid(), -5, 0.01, 0.3f, 0.5f, 1) == 1);  // less than 8.748 asked for: push
    CHECK(direction(binary_grid(), -9, 0.01, 0.3f, 0.5f, 1) == 9);
    CHECK(direction(binary_grid(), 1, -0.01, 0.3f, 0.5f, 2) == -2);
}

TEST_CASE("askew_sgd: admitted intervals", "[optimize][askew_sgd]") {
    struct row {
        double epsilon, low, high;
    };
    for (const row& r :
         {row{1, 0, 2}, row{0.88, 0.248831, 1.938083}, row{0.3, 0.672516, 1.547723}, row{0.15, 0.782753, 1.387298},
          row{0.01, 0.948683, 1.1}, row{0.006, 0.960490, 1.077460}, row{0.00190393, 0.977940, 1.043634}}) {
        const auto intervals = admitted_intervals(binary_grid(), r.epsilon);
        REQUIRE(intervals.size() == 2);
        CHECK(intervals[1].low == Approx(r.low).margin(1e-6));
        CHECK(intervals[1].high == Approx(r.high).margin(1e-6));
        CHECK(intervals[0].low == -intervals[1].high);
        CHECK(intervals[0].high == -intervals[1].low);
    }
    CHECK(separating_epsilon(binary_grid()) == 1);
    CHECK(separating_epsilon(integer_grid(4)) == 0.0625);
    CHECK(separating_epsilon(even_grid(-1, 2.0f / 3, 4)) == Approx(0.012346).epsilon(1e-4));
    for (const grid& values : some_grids()) {
        const double epsilon = 0.9 * separating_epsilon(values);
        const auto intervals = admitted_intervals(values, epsilon);
        for (std::size_t i = 0; i < values.size(); ++i) {
            for (const double edge : {intervals[i].low, intervals[i].high}) {
                CHECK(distance_to_grid(values, edge) == Approx(epsilon).epsilon(1e-4));
            }
            CHECK((i == 0 || intervals[i - 1].high < intervals[i].low));
            CHECK((i == 0 || admitted_intervals(values, 1e6)[i].low == admitted_intervals(values, 1e6)[i - 1].high));
        }
    }
}

TEST_CASE("askew_sgd: with much slack it is the inner optimizer", "[optimize][askew_sgd][equivalence]") {
    for (const askew_order order : {askew_order::precondition_first, askew_order::constrain_first}) {
        const adam inner{.learning_rate = 0.1};
        adam alone = inner;
        askew_sgd<adam> held{.inner = inner, .epsilon = 1e30, .order = order};
        auto w = test::values(100, 1), x = w;
        for (std::uint64_t t = 0; t < 5; ++t) {
            const auto g = test::values(100, 2 + t);
            alone.update(w, g, t);
            held.update(x, g, t);
            CHECK(w == x);
        }
    }
}

TEST_CASE("askew_sgd: without slack and gradient weights come down to the grid geometrically",
          "[optimize][askew_sgd]") {
    askew_sgd<> o{.inner = sgd{.learning_rate = 0.1}, .alpha = 1, .limit = 10, .epsilon = 0};
    std::vector<float> w{2}, zero{0};
    o.update(w, zero, 0);
    CHECK(w[0] == Approx(1.95));  // the distance shrinks by 1 - rate alpha / 2
    for (int t = 1; t < 100; ++t) {
        o.update(w, zero, 0);
    }
    CHECK(w[0] == Approx(1 + std::pow(0.95, 100)));
}

TEST_CASE("askew_sgd: violations die out like exp(-alpha t)", "[optimize][askew_sgd]") {
    const float rate = 1e-3f, alpha = 2;
    for (const grid& values : {binary_grid(), even_grid(-1, 2.0f / 3, 4)}) {
        const double epsilon = 0.2 * separating_epsilon(values);
        for (const float start : {0.3f, 0.9f, -0.6f, 2.0f, -3.0f}) {
            askew_sgd<> o{.weights = values,
                          .inner = sgd{.learning_rate = rate},
                          .alpha = alpha,
                          .limit = 1e6f,
                          .epsilon = epsilon};
            std::vector<float> w{start};
            const double violation = std::min(0.0, epsilon - distance_to_grid(values, double{start}));
            for (int t = 1; t <= 2000; ++t) {
                // f = -w^2: away from the grid
                o.update(w, std::vector<float>{-2 * w[0]}, 0);
                const double psi = epsilon - distance_to_grid(values, double{w[0]});
                CHECK(psi >= 1.02 * violation * std::exp(-double{alpha} * double{rate} * t) - 5e-3);
            }
        }
    }
}

TEST_CASE("askew_sgd: finds the corner of the constrained problem, and stays a descent there",
          "[optimize][askew_sgd]") {
    // f = ((w1 - 0.5)^2 + (w2 - 0.5)^2) / 3; the corner is sqrt(1 - sqrt(0.3)) (Leconte 2024, fig. 2.1)
    for (const float alpha : {0.1f, 1.0f}) {
        askew_sgd<> o{.inner = sgd{.learning_rate = 0.1}, .alpha = alpha, .epsilon = 0.3};
        std::vector<float> w{0.5f, 0.5f};
        float last = 0;
        for (std::uint64_t t = 0; t < 4000; ++t) {
            last = w[0];
            o.update(w, std::vector<float>{2 * (w[0] - 0.5f) / 3, 2 * (w[1] - 0.5f) / 3}, t);
            CHECK(w[0] >= last - 1e-6f);
        }
        CHECK(w[0] == Approx(0.672516).margin(1e-3));
        CHECK(w[0] == w[1]);
    }
    // From inside the admitted set f falls, but for what a step of this rate may overshoot the border by.
    for (const float rate : {0.01f, 0.001f}) {
        askew_sgd<> o{.inner = sgd{.learning_rate = rate}, .epsilon = 0.3};
        std::vector<float> w{1.5f, -1.2f};
        double f = infinite, rises = 0;
        for (std::uint64_t t = 0; t < static_cast<std::uint64_t>(20 / rate); ++t) {
            const double now = std::pow(double{w[0]} - 0.5, 2) + std::pow(double{w[1]} - 0.5, 2);
            rises += std::max(0.0, now - f);
            f = now;
            o.update(w, std::vector<float>{2 * (w[0] - 0.5f), 2 * (w[1] - 0.5f)}, t);
        }
        CHECK(rises < 3 * double{rate});
        CHECK(w[0] == Approx(0.672516).margin(5e-3));
        CHECK(w[1] == Approx(-0.672516).margin(5e-3));
    }
}

TEST_CASE("askew_sgd: below the separating slack and with small steps no weight changes its cell",
          "[optimize][askew_sgd]") {
    askew_sgd<> o{.inner = sgd{.learning_rate = 0.01}, .epsilon = 0.3};
    auto w = std::vector<float>(200);
    for (std::size_t i = 0; i < w.size(); ++i) {
        w[i] = i % 2 == 0 ? 1.0f : -1.0f;
    }
    for (std::uint64_t t = 0; t < 500; ++t) {
        std::vector<float> g(200);
        for (std::size_t i = 0; i < g.size(); ++i) {
            g[i] = static_cast<float>(uniform(t * 200 + i, -5, 5)) + w[i];  // towards 0, where no grid point is
        }
        o.update(w, g, t);
    }
    for (std::size_t i = 0; i < w.size(); ++i) {
        CHECK((w[i] > 0) == (i % 2 == 0));
        CHECK(std::fabs(w[i]) > 0.5f);
    }
}

TEST_CASE("askew_sgd: steps of tensors scale the grid, biases are free", "[optimize][askew_sgd]") {
    tensor_layout layout;
    layout.add("weight", {1, 2}).add("bias", {1});
    askew_sgd<> o{.inner = sgd{.learning_rate = 0.1}, .epsilon = 0.3};
    std::vector<float> w{0.1f, -0.1f, 0.05f};
    o.weights.fit(layout, w);
    w = {0.05f, -0.05f, 0.05f};
    o.update(w, std::vector<float>{0, 0, 0}, 0);
    CHECK(w[0] == Approx(0.1 * (0.5 + 0.1 * 0.0875)).epsilon(1e-5));
    CHECK(w[1] == -w[0]);
    CHECK(w[2] == 0.05f);
}

TEST_CASE("askew_sgd: every architecture gives the bits of the plain loop", "[optimize][askew_sgd][equivalence]") {
    for (const grid& values : some_grids()) {
        values.visit([&](const auto& points) {
            const askew_rule rule{0.01f, 0.5f, 1, 0.1f};
            const auto step = [&](auto& to, const auto& from) { to = rule(points, from, from, to); };
            for (const std::size_t n : test::sizes) {
                const auto w = test::values(n, 1), target = test::values(n, 2);
                auto expected = target;
                for (std::size_t i = 0; i < n; ++i) {
                    step(expected[i], w[i]);
                }
                test::for_each_architecture([&]<class Arch>(Arch) {
                    auto to = target;
                    kernels::zip<Arch>(n, step, to.data(), w.data());
                    CHECK(to == expected);
                });
            }
        });
    }
}

TEST_CASE("askew_sgd: a diverged gradient stays one, impossible settings are refused",
          "[optimize][askew_sgd][hostile]") {
    CHECK(std::isnan(stepped({.epsilon = 0.3}, 0.5f, NAN)));
    CHECK(std::isnan(stepped({.epsilon = 0.3, .order = askew_order::constrain_first}, 0.5f, NAN)));
    CHECK(std::isnan(stepped({.epsilon = 0.3}, NAN, 1)));
    CHECK_THROWS_AS(stepped({.alpha = 0}, 1, 1), invalid_input);
    CHECK_THROWS_AS(stepped({.limit = 0}, 1, 1), invalid_input);
    CHECK_THROWS_AS(stepped({.order = askew_order(2)}, 1, 1), invalid_input);
    CHECK_THROWS_AS(admitted_intervals(binary_grid(), -1), invalid_input);
    askew_sgd<> o{};
    std::vector<float> w(3);
    CHECK_THROWS_AS(o.update(w, std::vector<float>(2), 0), invalid_input);
}
