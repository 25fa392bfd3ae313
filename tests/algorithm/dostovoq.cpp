// DoStoVoQ: the algorithms of Leconte (2024), chapter 5 and appendix B.4, as compositions of what there is.
#include <cmath>
#include <vector>

#include <frugal/algorithm/fedavg.hpp>
#include <frugal/algorithm/svrg.hpp>
#include <frugal/algorithm/synchronous.hpp>
#include <frugal/compress/contractive.hpp>
#include <frugal/compress/stovoq.hpp>
#include <frugal/data/batch_source.hpp>
#include <frugal/exchange/diana.hpp>
#include <frugal/exchange/feedback.hpp>
#include <frugal/exchange/server.hpp>
#include <frugal/objective/quadratic.hpp>

#include "catch.hpp"
#include "statistics.hpp"
#include "trained.hpp"

namespace dostovoq_test {

using namespace frugal;

namespace {

constexpr std::size_t dimension = 64, workers = 8, samples = 12;
const std::vector<float> start(dimension, 3.0f);
const stovoq codec{.dimension = 8, .codewords = 64, .group = 64};

//! Node i has `samples` quadratics whose centers are spread about one of its own: heterogeneous nodes, noisy gradients.
struct sum_of_quadratics {
    std::size_t worker;

    static float center(std::size_t i, std::size_t sample, std::size_t k) {
        return std::cos(static_cast<float>(31 * i + k)) + std::sin(static_cast<float>(7 * sample + 3 * k + i));
    }
    std::size_t dimension() const { return dostovoq_test::dimension; }
    double value_and_gradient(std::span<const float> x, sample_indices batch, std::span<float> g) {
        const std::size_t n = batch.empty() ? samples : batch.size();
        double loss = 0;
        std::fill(g.begin(), g.end(), 0.0f);
        for (std::size_t s = 0; s < n; ++s) {
            const std::size_t sample = batch.empty() ? s : batch[s];
            for (std::size_t k = 0; k < x.size(); ++k) {
                const float curvature = 0.5f + static_cast<float>((k + sample) % 8) / 8;
                const float e = x[k] - center(worker, sample, k);
                g[k] += curvature * e / static_cast<float>(n);
                loss += 0.5 * double(curvature) * double(e) * double(e) / static_cast<double>(n);
            }
        }
        return loss;
    }
};
sum_of_quadratics objective(std::size_t worker) {
    return {worker};
}
//! One sample a step.
auto one_sample(std::size_t worker) {
    return batch_function(
        [index = std::vector<std::uint32_t>(1)](std::uint64_t t, std::size_t w) mutable {
            index[0] = static_cast<std::uint32_t>(
                random_stream({.seed = 11, .node = static_cast<std::uint32_t>(w)}).below(samples, t));
            return sample_indices(index);
        },
        worker);
}

//! Where the mean of all objectives has its minimum.
std::vector<float> minimum() {
    std::vector<float> x(dimension);
    for (std::size_t k = 0; k < dimension; ++k) {
        double weighted = 0, total = 0;
        for (std::size_t i = 0; i < workers; ++i) {
            for (std::size_t s = 0; s < samples; ++s) {
                const double curvature = 0.5 + static_cast<double>((k + s) % 8) / 8;
                weighted += curvature * double(sum_of_quadratics::center(i, s, k));
                total += curvature;
            }
        }
        x[k] = static_cast<float>(weighted / total);
    }
    return x;
}

double error_of(const std::vector<float>& x) {
    const auto best = minimum();
    double squared = 0;
    for (std::size_t k = 0; k < dimension; ++k) {
        squared += (double(x[k]) - double(best[k])) * (double(x[k]) - double(best[k]));
    }
    return std::sqrt(squared);
}

const training_options options{.workers = workers, .seed = 5};
const sgd step{.learning_rate = 0.1};
constexpr float alpha = 0.4f;

}  // namespace

TEST_CASE("dostovoq: SGD stalls where the noise of compression holds it, DIANA goes on to the minimum",
          "[algorithm][dostovoq][long]") {
    const double plain =
        error_of(test::trained(synchronous(options, objective, start, full_batch{}, codec, mean{}, step), 600));
    const double with_memory = error_of(
        test::trained(synchronous(options, objective, start, full_batch{}, diana(server(codec), alpha), step), 600));
    CHECK(plain < 0.2 * error_of(start));
    CHECK(plain > 0.01);
    CHECK(with_memory < 1e-3 * plain);
}

TEST_CASE("dostovoq: the noise of a step of n workers, each with a codebook of its own, is 1 / n of one's",
          "[algorithm][dostovoq][statistical][long]") {
    const auto same = [](std::size_t) { return objective(0); };
    const auto after_one_step = [&](std::size_t n, std::uint64_t seed, auto c) {
        return test::trained(synchronous({.workers = n, .seed = seed}, same, start, full_batch{}, c, mean{}, step), 1);
    };
    const auto exact = after_one_step(1, 0, identity{});
    test::moments one, eight;
    for (std::uint64_t seed = 0; seed < 150; ++seed) {
        one.add(test::squared_distance(after_one_step(1, seed, codec), exact));
        eight.add(8 * test::squared_distance(after_one_step(8, seed, codec), exact));
    }
    const double error = std::hypot(one.standard_error(), eight.standard_error());
    CHECK(std::fabs(one.mean() - eight.mean()) < test::z_limit * error);
    CHECK(error < 0.1 * one.mean());
}

TEST_CASE("dostovoq: with SVRG and DIANA one sample a step suffices for the minimum", "[algorithm][dostovoq][long]") {
    const double noisy = error_of(
        test::trained(synchronous(options, objective, start, one_sample, diana(server(codec), alpha), step), 1500));
    const double reduced = error_of(test::trained(loopless_svrg(options, 1.0 / samples, objective, start, full_batch{},
                                                                one_sample, diana(server(codec), alpha), step),
                                                  1500));
    CHECK(noisy > 0.05);
    CHECK(reduced < 1e-4);
    // A full gradient in every round is DIANA.
    test::close(
        test::trained(
            loopless_svrg(options, 1, objective, start, full_batch{}, one_sample, diana(server(codec), alpha), step),
            50),
        test::trained(synchronous(options, objective, start, full_batch{}, diana(server(codec), alpha), step), 50));
}

TEST_CASE("dostovoq: FedAvg, with cohorts and local steps", "[algorithm][dostovoq][long]") {
    const auto end = [&](auto... exchange) {
        return error_of(
            test::trained(fedavg({.clients = workers, .sampled = 4, .steps = {.count = 3}, .seed = 2}, objective, start,
                                 full_batch{}, sgd{.learning_rate = 0.02}, sgd{.learning_rate = 1}, exchange...),
                          300));
    };
    const double exact = end();  // the cohorts differ from round to round: an error that no message causes
    CHECK(end(server(codec)) < 2 * exact + 0.1);
    CHECK(end(server(codec)) < 0.2 * error_of(start));
}

TEST_CASE("dostovoq: with error feedback, unbiased scaled down or GRVQ as it is", "[algorithm][dostovoq]") {
    const auto end = [&](auto exchange, float rate) {
        return error_of(test::trained(
            synchronous(options, objective, start, full_batch{}, exchange, sgd{.learning_rate = rate}), 2000));
    };
    stovoq directional = codec;
    directional.bias_bits = 0;
    // What is lost is sent later, so that a smaller step leaves a smaller error; without feedback a bias stays.
    for (const float rate : {0.1f, 0.01f}) {
        CHECK(end(feedback(server(directional)), rate) < 3 * rate);
        CHECK(end(feedback(server(contractive{codec})), rate) < 3 * rate);
    }
    CHECK(end(server(directional), 0.01f) > 0.06);
    CHECK_THROWS_AS(feedback(server(stovoq{.dimension = 8, .codewords = 4, .group = 64})), invalid_input);
}

}  // namespace dostovoq_test
