#include <frugal/model/energy.hpp>

#include <cmath>
#include <vector>

#include "catch.hpp"

using namespace frugal;

namespace {

//! Made up: an operation costs the product of its widths, a byte one unit at each of two passes.
const energy_costs made_up{.multiply_add = [](unsigned a, unsigned b) { return double(a) * double(b); },
                           .memory = {{.energy_per_byte = 1, .traversals = 2}}};

}  // namespace

TEST_CASE("training_precision: storage of a weight in training", "[model][energy]") {
    CHECK(training_precision::real_adam().stored == 96);
    CHECK(training_precision::binary_connect().stored == 33);
    CHECK(training_precision::binary_connect(true).stored == 97);
    CHECK(training_precision::boolean().stored == 33);
    CHECK(training_precision::boolean(16).stored == 17);
}

TEST_CASE("training_energy: operations and bytes by hand", "[model][energy]") {
    const std::vector<layer_work> layer{{.inputs = 8, .outputs = 4, .bits = training_precision::boolean(16)}};
    const energy_report e = training_energy(layer, 2, made_up);
    // 64 terms of one bit each; bits moved: 32 weights, 16 inputs, 8 sums of 32; a quarter of a unit a bit
    CHECK(e.forward == Approx(64 * 1 + (32 + 16 + 256) / 4.0));
    CHECK(e.backward == Approx(64 * 32 + (32 + 256 + 512) / 4.0));
    CHECK(e.variation == Approx(64 * 32 + (16 + 256 + 1024) / 4.0));
    CHECK(e.optimizer == Approx(32 * 1024 + (1024 + 2 * 32 * 17) / 4.0));
    CHECK(e.total() == Approx(e.forward + e.backward + e.variation + e.optimizer));
    const std::vector<layer_work> convolution{{.inputs = 8, .outputs = 4, .positions = 2, .bits = layer[0].bits}};
    CHECK(training_energy(convolution, 1, made_up).forward == e.forward);
}

TEST_CASE("relative_energy: real numbers with Adam are 100 per cent, bits are less", "[model][energy]") {
    const std::vector<layer_work> real{{.inputs = 100, .outputs = 50, .bits = training_precision::real_adam()},
                                       {.inputs = 50, .outputs = 10, .bits = training_precision::real_adam()}};
    CHECK(relative_energy(real, 100, made_up) == Approx(100));
    auto boolean = real, connect = real;
    boolean[0].bits = training_precision::boolean();
    connect[0].bits = training_precision::binary_connect();
    CHECK(relative_energy(boolean, 100, made_up) < relative_energy(connect, 100, made_up));
    CHECK(relative_energy(connect, 100, made_up) < 100);
}

TEST_CASE("training_energy: constants that are none", "[model][energy][hostile]") {
    const std::vector<layer_work> layer{{.inputs = 8, .outputs = 4}};
    CHECK_THROWS_AS(training_energy(layer, 1, {}), invalid_input);
    CHECK_THROWS_AS(training_energy(layer, 1, {.multiply_add = [](unsigned, unsigned) { return -1.0; }}),
                    invalid_input);
    energy_costs memory = made_up;
    memory.memory[0].energy_per_byte = NAN;
    CHECK_THROWS_AS(training_energy(layer, 1, memory), invalid_input);
    CHECK_THROWS_AS(relative_energy(layer, 1, {.multiply_add = [](unsigned, unsigned) { return 0.0; }}), invalid_input);
}
