//! Sizes and accuracy of gradients masked by feedback of the loss (CE-SGD; Tao's dissertation, Table 2.1).
#include <string>
#include <utility>
#include <vector>

#include <frugal/algorithm/ce_sgd.hpp>
#include <frugal/algorithm/synchronous.hpp>
#include <frugal/data.hpp>
#include <frugal/data/sampler.hpp>
#include <frugal/engine/run.hpp>
#include <frugal/engine/tbb_engine.hpp>
#include <frugal/nn.hpp>
#include <frugal/objective/accuracy.hpp>
#include <frugal/optimize/adam.hpp>

#include "claims.hpp"

namespace frugal::driver {
namespace {

const std::string table = "Tao, Table 2.1";

auto masked(loss_mask mask) {
    return sparse_compressor{std::move(mask), identity{}, bitmap_indices{}};
}

//! A gradient of 66 MB, GoogLeNet's on CIFAR-100 according to the source; only its length matters.
std::vector<verdict> table_2_1_sizes(std::uint64_t seed) {
    constexpr std::size_t d = 16'500'000;
    constexpr double density = 24.1 / 66;
    const auto x = normal_vector(d, {.seed = seed, .purpose = purposes::user});
    const auto megabytes = [](double bits) { return bits / 8e6; };
    auto few = masked({.density = density, .speculation = 0});
    message m;
    few.compress(x, {.seed = seed}, m);
    const double values = 32 * static_cast<double>(few.selector().sent_count());
    const double dropped =
        32 * static_cast<double>(
                 sparse_compressor{top_k{.fraction = 0.55}, identity{}, bitmap_indices{}}.selector().count_for(d));
    return {within("CE-SGD, masks of density 0.365: MB of values per round", table, 24.1, megabytes(values), 0.005),
            within("CE-SGD: a dense gradient is so many times larger", table, 2.74, 32.0 * d / values, 0.005),
            within("CE-SGD: MB per round on the wire, masks and all", "closed form: values and one bit a coordinate",
                   24.1 + 66.0 / 32, static_cast<double>(m.bytes().size()) / 1e6, 0.005),
            within("GradientDrop, R = 0.45: MB of values per round", table, 36.2, megabytes(dropped), 0.005)};
}

//! Four workers, FC-300-100 on Fashion-MNIST, batch 64 each, Adam.
std::vector<verdict> table_2_1_training(std::uint64_t seed) {
    constexpr std::size_t workers = 4, batch = 64;
    constexpr std::uint64_t steps = 500;
    const train_test data = load_data("fashion-mnist");
    const mlp objective(data.train, {300, 100});
    std::vector<float> initial(objective.dimension());
    objective.initialize({.seed = seed, .purpose = purposes::initialize}, initial);
    const auto batches = [&](std::size_t k) {
        return batch_sampler::global(data.train.size(), workers * batch, k, workers, seed);
    };
    const adam optimizer{.learning_rate = 0.001};
    mlp test = objective.with_data(data.test);
    const auto accuracy = [&](auto& nodes) { return 100 * evaluate(test, nodes[0].parameters()).accuracy; };
    const auto run_masked = [&](auto codec) {
        auto nodes = ce_sgd({.workers = workers, .seed = seed}, objective, initial, batches, server(std::move(codec)),
                            optimizer);
        const frugal::run_report report = run(tbb_engine{}, nodes, rounds{steps});
        const double sent = report.counted("values sent") / (workers * steps * static_cast<double>(initial.size()));
        return std::pair(accuracy(nodes), 1 / sent);
    };
    auto dense = synchronous({.workers = workers, .seed = seed}, objective, initial, batches, server{}, optimizer);
    run(tbb_engine{}, dense, rounds{steps});
    auto dropping = synchronous({.workers = workers, .seed = seed}, objective, initial, batches,
                                server{error_feedback{sparse_compressor{top_k{.fraction = 0.55}}}}, optimizer);
    run(tbb_engine{}, dropping, rounds{steps});
    const loss_mask mask{.layers = objective.layout().sizes()};
    const auto [plain, plain_ratio] = run_masked(masked(mask));
    const auto [corrected, corrected_ratio] = run_masked(error_feedback{masked(mask)});
    const std::string place = "FC-300-100, 4 workers: ", source = table + ", on another network";
    const double reference = accuracy(dense);
    const auto at_most = [&](const std::string& claim, double published, double measured) {
        return verdict{place + claim, source, published, measured, measured <= published};
    };
    const auto at_least = [&](const std::string& claim, double published, double measured) {
        return verdict{place + claim, source, published, measured, measured >= published};
    };
    return {
        at_least("CE-SGD, a dense gradient's values are so many times more", 66 / 24.1, plain_ratio),
        at_most("CE-SGD, points of accuracy lost, at most", 77.55 - 75.13, reference - plain),
        at_least("CE-SGD with error feedback, a dense gradient's values are so many times more", 66 / 24.1,
                 corrected_ratio),
        at_most("CE-SGD with error feedback, points of accuracy lost, at most", 77.55 - 75.13, reference - corrected),
        at_most("GradientDrop, R = 0.45, points of accuracy lost, at most", 77.55 - 65.40,
                reference - accuracy(dropping))};
}

}  // namespace

reproductions_of_file ce_sgd_claims() {
    return {{"ce-sgd-sizes", "sizes of gradients masked by CE-SGD", table_2_1_sizes},
            {"ce-sgd-training", "accuracy with a third of the gradient", table_2_1_training}};
}

}  // namespace frugal::driver
