#include <frugal/optimize/projected_sgd.hpp>

#include <cmath>
#include <vector>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("projected_sgd: every step ends on the sphere of its tensor", "[optimize][projected_sgd]") {
    projected_sgd<> o{.inner = sgd{.learning_rate = 1}};
    std::vector<float> w{2, 3};
    o.update(w, std::vector<float>{-1, -1}, 0);  // (3, 4) onto the sphere of radius sqrt(2)
    CHECK(w[0] == Approx(3 * std::sqrt(2.0) / 5));
    CHECK(w[1] == Approx(4 * std::sqrt(2.0) / 5));
    tensor_layout layout;
    layout.add("a", {1, 2}).add("bias", {1}).add("b", {2, 1});
    w = {1, -1, 5, 2, 2};
    o.weights.fit(layout, w);  // steps 1 and 2
    o.update(w, std::vector<float>{0, 1, 0, 0, -1}, 1);
    CHECK(w[0] * w[0] + w[1] * w[1] == Approx(2));
    CHECK(w[2] == 5);
    CHECK(w[3] * w[3] + w[4] * w[4] == Approx(8));
    CHECK(w[4] / w[3] == Approx(1.5));
}

TEST_CASE("projected_sgd: binary weights stay where they are, zeros too", "[optimize][projected_sgd]") {
    projected_sgd<> o{};
    std::vector<float> w{1, -1, 1, 1, -1}, zeros(3);
    const auto before = w;
    o.update(w, std::vector<float>(5), 0);
    CHECK(w == before);
    o.update(zeros, std::vector<float>(3), 0);
    CHECK(zeros == std::vector<float>(3));
}
