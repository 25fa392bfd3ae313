#include <frugal/mix/validate.hpp>

#include <cmath>
#include <string>
#include <vector>

#include <frugal/mix/mixing_matrix.hpp>

#include "catch.hpp"

using namespace frugal;

namespace {

std::string refusal(std::size_t n, std::vector<double> weights) {
    try {
        mixing_matrix::from_weights("mine", n, weights);
    } catch (const invalid_input& e) {
        return e.what();
    }
    return "accepted";
}

}  // namespace

TEST_CASE("validate: says what is wrong and where", "[mix][hostile]") {
    CHECK(refusal(2, {0.5, 0.5, 0.5, 0.5}) == "accepted");
    CHECK(refusal(2, {0.5, 0.4, 0.4, 0.6}).find("row 0") != std::string::npos);
    CHECK(refusal(3, {0.5, 0.5, 0, 0, 0.5, 0.5, 0.5, 0, 0.5}).find("symmetric") != std::string::npos);
    CHECK(refusal(2, {1.5, -0.5, -0.5, 1.5}).find("negative") != std::string::npos);
    CHECK(refusal(2, {NAN, 0.5, 0.5, 0.5}).find("finite") != std::string::npos);
    CHECK(refusal(2, {1, 0, 0, 1}).find("connected") != std::string::npos);
    CHECK(refusal(2, {1, 0, 0}).find("weights") != std::string::npos);
}
