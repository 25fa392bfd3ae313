#include <frugal/optimize/schedule.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("schedule: warm-up adds a constant until the scaled rate", "[optimize][schedule]") {
    // 50000 samples, batch 128, 16 workers: 0.2 -> 3.2 in 5 epochs = 122.07 iterations (Lin 2022, 2837-2842)
    const schedule s = schedule(3.2).warm_up(0.2, 122);
    CHECK(s(0) == 0.2);
    CHECK(s(1) - s(0) == Approx(3.0 / 122));
    CHECK(s(61) == Approx(0.2 + 61 * 3.0 / 122));
    CHECK(s(122) == 3.2);
    CHECK(s(100000) == 3.2);
}

TEST_CASE("schedule: values by hand", "[optimize][schedule]") {
    CHECK(schedule(0.25)(12345) == 0.25);
    CHECK(schedule(0.25).name() == "0.25");
    const auto steps = step_decay(1, 0.5, 10);
    CHECK(steps(9) == 1);
    CHECK(steps(10) == 0.5);
    CHECK(steps(35) == 0.125);
    const auto annealed = delayed_decay(1, 0.88, 50, 1);  // Leconte 2024, Table 2.1
    CHECK(annealed(49) == 1);
    CHECK(annealed(50) == 0.88);
    CHECK(annealed(51) == 0.88);
    CHECK(annealed(65) == Approx(0.147).margin(1e-3));
    CHECK(annealed(90) == Approx(0.00602).margin(1e-5));
    CHECK(annealed(99) == Approx(0.00190393).margin(1e-8));
    CHECK(delayed_decay(2, 0.5, 100, 10)(139) == 0.25);
    const auto image = half_and_three_quarters_decay(1, 100);
    CHECK(image(49) == 1);
    CHECK(image(50) == Approx(0.1));
    CHECK(image(74) == Approx(0.1));
    CHECK(image(75) == Approx(0.01));
    CHECK(half_and_three_quarters_decay(1, 7)(4) == Approx(0.1));
    CHECK(half_and_three_quarters_decay(1, 7)(5) == Approx(0.01));
    CHECK(inverse_sqrt_decay(2, 1)(3) == Approx(1));
    const auto half_cosine = cosine_decay(1, 0.2, 100);
    CHECK(half_cosine(0) == Approx(1));
    CHECK(half_cosine(50) == Approx(0.6));
    CHECK(half_cosine(25) == Approx(0.2 + 0.8 * 0.5 * (1 + std::sqrt(0.5))));
    CHECK(half_cosine(99) < 0.2003);
    CHECK(half_cosine(100) == 0.2);
    CHECK(half_cosine(1000) == 0.2);
    const auto long_cosine = cosine_decay(1, 0, 1000003);
    for (std::uint64_t t = 0; t < 1000003; t = t * 5 / 4 + 1) {
        for (const std::uint64_t at : {t, 1000002 - t}) {
            const double sine = std::sin(0.5 * 3.141592653589793 * double(1000003 - at) / 1000003);
            CHECK(long_cosine(at) == Approx(sine * sine).epsilon(1e-14).margin(0));
        }
    }
}

TEST_CASE("schedule: impossible settings are refused", "[optimize][schedule][hostile]") {
    CHECK_THROWS_AS(schedule(-1), invalid_input);
    CHECK_THROWS_AS(schedule(INFINITY), invalid_input);
    CHECK_THROWS_AS(schedule(NAN), invalid_input);
    CHECK_THROWS_AS(step_decay(1, 0, 10), invalid_input);
    CHECK_THROWS_AS(step_decay(1, 0.5, 0), invalid_input);
    CHECK_THROWS_AS(delayed_decay(1, 1.5, 5, 10), invalid_input);
    CHECK_THROWS_AS(delayed_decay(1, 0.5, 5, 0), invalid_input);
    CHECK_THROWS_AS(inverse_sqrt_decay(1, 0), invalid_input);
    CHECK_THROWS_AS(cosine_decay(1, 0, 0), invalid_input);
    const std::vector<std::uint64_t> falling{5, 3};
    CHECK_THROWS_AS(milestone_decay(1, 0.1, falling), invalid_input);
}
