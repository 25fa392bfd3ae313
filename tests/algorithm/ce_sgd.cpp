// CE-SGD: reductions to synchronous SGD, descent at every step, what its policies do, and how it compares on logistic
// regression.
#include <frugal/algorithm/ce_sgd.hpp>

#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include <frugal/algorithm/synchronous.hpp>
#include <frugal/data/sampler.hpp>
#include <frugal/engine/tbb_engine.hpp>
#include <frugal/exchange/all_gather.hpp>
#include <frugal/objective/softmax_regression.hpp>
#include <frugal/optimize/momentum.hpp>

#include "catch.hpp"
#include "programs.hpp"

namespace ce_sgd_test {

using namespace frugal;
using test::bowl;

namespace {

const std::vector<float> start(100, 1.0f);

template <class N>
std::vector<float> model_of(const N& node) {
    return {node.parameters().begin(), node.parameters().end()};
}

//! 4000 samples of 200 features of standard deviation 0.98^j, two classes told apart by a hyperplane and noise.
dataset two_classes() {
    constexpr std::size_t samples = 4000, d = 200;
    const random_stream features({.seed = 1, .purpose = purposes::data}), plane({.seed = 2, .purpose = purposes::data}),
        noise({.seed = 3, .purpose = purposes::data});
    std::vector<float> x(samples * d);
    std::vector<std::uint32_t> y(samples);
    for (std::size_t i = 0; i < samples; ++i) {
        double margin = 0.3 * double(noise.normal(i));
        for (std::size_t j = 0; j < d; ++j) {
            x[i * d + j] = float(std::pow(0.98, double(j))) * features.normal(i * d + j);
            margin += double(x[i * d + j]) * double(plane.normal(j));
        }
        y[i] = margin > 0 ? 1 : 0;
    }
    return dataset(x, y, d, 2);
}

struct trained {
    double loss, density, fallen;
};

//! 1000 rounds of four workers.
template <class Mask>
trained logistic_problem(const dataset& data, Mask codec) {
    softmax_regression f(data, 1e-4f);
    auto nodes = ce_sgd(
        {.workers = 4, .seed = 1}, f, std::vector<float>(f.dimension()),
        [&](std::size_t k) { return batch_sampler::global(4000, 128, k, 4, 1); }, server(std::move(codec)),
        sgd{.learning_rate = 0.5});
    const auto report = run(tbb_engine{}, nodes, rounds{1000});
    std::vector<float> g(f.dimension());
    double fallen = 0;
    for (std::size_t k = 1; k <= 4; ++k) {
        fallen += nodes[k].mask().share_fallen() / 4;
    }
    return {f.value_and_gradient(nodes[0].parameters(), {}, g),
            report.counted("values sent") / (1000 * 4 * double(f.dimension())), fallen};
}

auto masked(loss_mask mask) {
    return sparse_compressor{std::move(mask), identity{}, bitmap_indices{}};
}

}  // namespace

TEST_CASE("ce_sgd: with full masks it is synchronous SGD, bit for bit", "[algorithm][ce_sgd][equivalence]") {
    auto full = ce_sgd({.workers = 5, .seed = 3}, bowl, start, full_batch{}, loss_mask{.density = 1},
                       momentum{.learning_rate = 0.05});
    auto plain = synchronous({.workers = 5, .seed = 3}, bowl, start, full_batch{}, identity{}, mean{},
                             momentum{.learning_rate = 0.05});
    run(tbb_engine{}, full, rounds{20});
    run(tbb_engine{}, plain, rounds{20});
    CHECK(model_of(full[0]) == model_of(plain[0]));
}

TEST_CASE("ce_sgd: each step descends by what its masks leave of the gradient", "[algorithm][ce_sgd]") {
    // f(x - gamma u) <= f(x) - gamma / 2 ||grad f||^2 + gamma / 2 ||grad f - u||^2 for gamma <= 1 / L, u the mean that
    // was applied; and the error of the mean is at most the mean of the errors
    constexpr std::size_t n = 4;
    constexpr float gamma = 0.5f;  // L < 1.5
    std::vector<float> x = start, g(100);
    const auto at = [&](const std::vector<float>& point, std::vector<double>& mean_gradient) {
        double f = 0;
        mean_gradient.assign(100, 0);
        for (std::size_t k = 0; k < n; ++k) {
            f += bowl(k).value_and_gradient(point, {}, g) / n;
            for (std::size_t j = 0; j < 100; ++j) {
                mean_gradient[j] += double(g[j]) / n;
            }
        }
        return f;
    };
    for (std::uint64_t t = 1; t <= 15; ++t) {
        auto again = ce_sgd({.workers = n, .seed = 1}, bowl, start, full_batch{},
                            loss_mask{.density = 0.4, .speculation = 0.05}, sgd{.learning_rate = gamma});
        run(tbb_engine{}, again, rounds{t});
        std::vector<double> gradient, unused;
        const double before = at(x, gradient);
        const std::vector<float> next = model_of(again[0]);
        double squared = 0, off = 0, errors = 0;
        for (std::size_t k = 0; k < n; ++k) {
            bowl(k).value_and_gradient(x, {}, g);
            for (std::size_t j = 0; j < 100; ++j) {
                errors += again[std::uint32_t(k + 1)].mask().was_sent(j) ? 0 : double(g[j]) * double(g[j]) / n;
            }
        }
        for (std::size_t j = 0; j < 100; ++j) {
            const double u = (double(x[j]) - double(next[j])) / double(gamma);
            squared += gradient[j] * gradient[j];
            off += (gradient[j] - u) * (gradient[j] - u);
        }
        CHECK(at(next, unused) <= before - double(gamma) / 2 * (squared - off) + 1e-5);
        CHECK(off <= errors * (1 + 1e-5) + 1e-9);
        x = next;
    }
}

TEST_CASE("ce_sgd: workers of one objective and one mask descend strictly", "[algorithm][ce_sgd]") {
    // f(x - gamma g_U) <= f(x) - gamma / 2 ||g_U||^2: with a single worker
    const auto f = [](std::size_t) { return bowl(0); };
    double last = 1e300;
    for (std::uint64_t t = 0; t <= 20; t += 2) {
        auto nodes = ce_sgd({.workers = 1, .seed = 1}, f, start, full_batch{}, loss_mask{}, sgd{.learning_rate = 0.6});
        std::vector<float> g(100);
        if (t > 0) {
            run(tbb_engine{}, nodes, rounds{t});
        }
        const double loss = bowl(0).value_and_gradient(t > 0 ? model_of(nodes[0]) : start, {}, g);
        CHECK(loss < last);
        last = loss;
    }
}

TEST_CASE("ce_sgd: replicas agree, unless receivers mask, too", "[algorithm][ce_sgd]") {
    const auto spread = [](receiver_mask receiver) {
        auto nodes = ce_sgd({.workers = 4, .seed = 2, .receiver = receiver}, bowl, start, full_batch{},
                            all_gather(masked({})), sgd{.learning_rate = 0.1});
        run(tbb_engine{}, nodes, rounds{30});
        double sum = 0;
        for (std::uint32_t k = 1; k < 4; ++k) {
            for (std::size_t j = 0; j < 100; ++j) {
                const double e = double(nodes[k].parameters()[j]) - double(nodes[0].parameters()[j]);
                sum += e * e;
            }
        }
        return sum;
    };
    CHECK(spread(receiver_mask::none) == 0);
    CHECK(spread(receiver_mask::own) > 0.01);
    // around a server the workers hold the models
    auto nodes = ce_sgd({.workers = 2, .receiver = receiver_mask::own}, bowl, start, full_batch{}, loss_mask{},
                        sgd{.learning_rate = 0.1});
    run(tbb_engine{}, nodes, rounds{2});
    CHECK(nodes[0].parameters().empty());
    CHECK(nodes[1].parameters().size() == 100);
}

TEST_CASE("ce_sgd: an average of losses is the same feedback for all", "[algorithm][ce_sgd][long]") {
    const auto shares = [](loss_feedback feedback) {
        const dataset data = two_classes();
        const softmax_regression f(data);
        auto nodes = ce_sgd(
            {.workers = 3, .seed = 2, .feedback = feedback}, f, std::vector<float>(f.dimension()),
            [&](std::size_t k) { return batch_sampler::global(4000, 30, k, 3, 1); }, loss_mask{},
            sgd{.learning_rate = 0.1});
        run(tbb_engine{}, nodes, rounds{100});
        return std::vector<double>{nodes[1].mask().share_fallen(), nodes[2].mask().share_fallen(),
                                   nodes[3].mask().share_fallen()};
    };
    const auto own = shares({});
    CHECK((own[0] != own[1] || own[1] != own[2]));
    const auto averaged = shares({.averaged = true});
    CHECK((averaged[0] == averaged[1] && averaged[1] == averaged[2]));
    CHECK(shares({.smoothing = 0.9})[0] > own[0]);  // noise averages out
    std::vector<std::uint32_t> probe(500);
    for (std::uint32_t i = 0; i < 500; ++i) {
        probe[i] = i;
    }
    const auto probed = shares({.probe = probe});
    CHECK((probed[0] == probed[1] && probed[1] == probed[2]));  // one model, one probe
    CHECK(probed[0] > 0.6);
    CHECK_THROWS_AS(shares({.smoothing = 1}), invalid_input);
}

TEST_CASE("ce_sgd: a run goes on from a checkpoint with the same bits", "[algorithm][ce_sgd][state]") {
    const auto make = [] {
        return ce_sgd({.workers = 3, .seed = 4, .feedback = {.averaged = true, .smoothing = 0.5}}, bowl, start,
                      full_batch{}, server(error_feedback{masked({})}), momentum{.learning_rate = 0.05});
    };
    auto whole = make();
    run(tbb_engine{}, whole, rounds{12});
    auto first = make();
    run(tbb_engine{}, first, rounds{5});
    std::vector<std::byte> saved;
    state_archive out(saved);
    first[1].state(out);
    auto second = make();
    state_archive in{std::span<const std::byte>(saved)};
    second[1].state(in);
    in.finish();
    for (std::size_t i = 0; i < 100; ++i) {
        CHECK(second[1].mask().in_mask(i) == first[1].mask().in_mask(i));
    }
    CHECK(second[1].mask().share_fallen() == first[1].mask().share_fallen());
}

TEST_CASE("ce_sgd: logistic regression, four workers, a third of the values",
          "[algorithm][ce_sgd][statistical][long]") {
    const dataset data = two_classes();
    const trained dense = logistic_problem(data, masked({.density = 1}));
    const trained frozen = logistic_problem(data, masked({.speculation = 0}));
    const trained credit = logistic_problem(data, masked({}));
    const trained grown = logistic_problem(data, masked({.credit = mask_credit::grow}));
    const trained residual = logistic_problem(data, error_feedback{masked({})});
    CHECK(dense.density == 1);
    CHECK(frozen.density == Approx(0.3).margin(0.03));
    CHECK(credit.density > 0.30);
    CHECK(credit.density < 0.40);
    CHECK(grown.density > credit.density);
    CHECK(frozen.loss > 1.2 * credit.loss);  // speculation is needed
    CHECK(credit.loss > dense.loss);
    CHECK(residual.loss < 1.05 * dense.loss);  // and keeping what was lost closes the gap
    CHECK(residual.density < 0.40);
    CHECK(credit.fallen == Approx(0.5).margin(0.05));  // two mini-batches are compared
}

}  // namespace ce_sgd_test
