//! Optimizers, topologies, data, partitions and objectives of the command line.
#include <cmath>

#include <frugal/data.hpp>
#include <frugal/mix/topologies.hpp>
#include <frugal/nn.hpp>
#include <frugal/objective/least_squares.hpp>
#include <frugal/objective/quadratic.hpp>
#include <frugal/objective/softmax_regression.hpp>
#include <frugal/optimize/optimizers.hpp>

#include "registries.hpp"

namespace frugal::driver {
namespace {

constexpr std::int64_t many = std::int64_t{1} << 40;

std::size_t size_of(const arguments& a, std::string_view name, std::int64_t low, std::int64_t high = 1 << 20) {
    return static_cast<std::size_t>(a.integer(name, low, high));
}

//! A learning rate: a number, or a schedule.
schedule rate_of(const arguments& a) {
    const term& t = a["learning_rate"];
    return t.arguments.empty() ? schedule(number_of(t, 0, 1e6)) : schedules().build(t);
}

float float_of(const arguments& a, std::string_view name, double low, double high) {
    return static_cast<float>(a.number(name, low, high));
}

template <class Optimizer>
any_optimizer with_velocity(const arguments& a) {
    Optimizer o;
    o.learning_rate = rate_of(a);
    o.factor = float_of(a, "factor", 0, 0.999999);
    o.weight_decay = float_of(a, "weight_decay", 0, 1e6);
    return o;
}

const parameter learning_rate{"learning_rate", "0.1", "a number or a schedule"};
const parameter weight_decay{"weight_decay", "0", "l2 penalty added to the gradient"};

}  // namespace

const registry<schedule>& schedules() {
    static const registry<schedule> r(
        "learning-rate schedule",
        {{"step_decay",
          "rate * factor^floor(round / every)",
          {{"rate", "", "first rate"}, {"factor", "0.9", "per period"}, {"every", "", "rounds per period"}},
          [](const arguments& a) {
              return step_decay(a.number("rate", 0, 1e6), a.number("factor", 0, 1),
                                static_cast<std::uint64_t>(a.integer("every", 1, many)));
          }},
         {"inverse_sqrt_decay",
          "rate * sqrt(scale / (scale + round))",
          {{"rate", "", "first rate"}, {"scale", "1", "rounds until the rate has fallen by 1/sqrt(2)"}},
          [](const arguments& a) {
              return inverse_sqrt_decay(a.number("rate", 0, 1e6), a.number("scale", 1e-9, 1e12));
          }},
         {"cosine_decay",
          "half a cosine",
          {{"rate", "", "first rate"}, {"final_rate", "0", "last rate"}, {"total", "", "rounds"}},
          [](const arguments& a) {
              return cosine_decay(a.number("rate", 0, 1e6), a.number("final_rate", 0, 1e6),
                                  static_cast<std::uint64_t>(a.integer("total", 1, many)));
          }}});
    return r;
}

const registry<any_optimizer>& optimizers() {
    static const registry<any_optimizer> r(
        "optimizer", {{"sgd",
                       "plain stochastic gradient descent",
                       {learning_rate, weight_decay},
                       [](const arguments& a) -> any_optimizer {
                           return sgd{.learning_rate = rate_of(a), .weight_decay = float_of(a, "weight_decay", 0, 1e6)};
                       }},
                      {"momentum",
                       "heavy ball",
                       {learning_rate, {"factor", "0.9", "of the velocity kept"}, weight_decay},
                       with_velocity<momentum>},
                      {"nesterov",
                       "Nesterov momentum",
                       {learning_rate, {"factor", "0.9", "of the velocity kept"}, weight_decay},
                       with_velocity<nesterov>},
                      {"adam",
                       "Adam",
                       {{"learning_rate", "0.001", "a number or a schedule"},
                        {"beta_1", "0.9", "decay of the first moment"},
                        {"beta_2", "0.999", "decay of the second moment"},
                        {"epsilon", "1e-8", "added to the root"},
                        weight_decay},
                       [](const arguments& a) -> any_optimizer {
                           adam o;
                           o.learning_rate = rate_of(a);
                           o.beta_1 = float_of(a, "beta_1", 0, 0.999999);
                           o.beta_2 = float_of(a, "beta_2", 0, 0.9999999);
                           o.epsilon = float_of(a, "epsilon", 1e-30, 1);
                           o.weight_decay = float_of(a, "weight_decay", 0, 1e6);
                           return o;
                       }}});
    return r;
}

const registry<mixing_matrix>& topologies() {
    const auto with_nodes = [](mixing_matrix (*make)(std::size_t)) {
        return [make](const arguments& a) { return make(size_of(a, "nodes", 1)); };
    };
    const parameter nodes{"nodes", "", "number of nodes"};
    static const registry<mixing_matrix> r(
        "topology",
        {{"ring", "each node and two neighbours", {nodes}, with_nodes(ring)},
         {"chain", "a ring that is not closed", {nodes}, with_nodes(chain)},
         {"star", "one node in the middle", {nodes}, with_nodes(star)},
         {"torus",
          "a grid that wraps around",
          {{"rows", "", "rows"}, {"columns", "", "columns"}},
          [](const arguments& a) { return torus(size_of(a, "rows", 1, 4096), size_of(a, "columns", 1, 4096)); }},
         {"complete", "everyone with everyone", {nodes}, with_nodes(complete)},
         {"exponential", "neighbours at distances 1, 2, 4, ...", {nodes}, with_nodes(exponential)},
         {"social_network", "Davis' southern women, 32 nodes", {}, [](const arguments&) { return social_network(); }}});
    return r;
}

const registry<any_partitioner>& partitioners() {
    static const registry<any_partitioner> r(
        "partition",
        {{"iid", "uniformly at random", {}, [](const arguments&) -> any_partitioner { return iid{}; }},
         {"shards",
          "runs of the samples sorted by label",
          {{"per_node", "2", "runs per node"}},
          [](const arguments& a) -> any_partitioner { return shards{.per_node = size_of(a, "per_node", 1)}; }},
         {"dirichlet",
          "shares of every class drawn from a Dirichlet distribution",
          {{"alpha", "1", "concentration: small is more unequal"}},
          [](const arguments& a) -> any_partitioner { return dirichlet{.alpha = a.number("alpha", 1e-3, 1e6)}; }}});
    return r;
}

const registry<train_test, random_key>& data_sets() {
    static const registry<train_test, random_key> r(
        "data set", {{"fashion-mnist",
                      "Fashion-MNIST of Debian's package dataset-fashion-mnist",
                      {},
                      [](const arguments&, random_key) { return load_data("fashion-mnist"); }},
                     {"synthetic",
                      "a mixture of Gaussians, one per class",
                      {{"samples", "4000", "training samples"},
                       {"test_samples", "1000", "test samples"},
                       {"dimension", "20", "features"},
                       {"classes", "10", "classes"},
                       {"separation", "4", "distance of two means, in standard deviations"}},
                      [](const arguments& a, random_key key) {
                          return gaussian_mixture{.samples = size_of(a, "samples", 1, 1 << 28),
                                                  .test_samples = size_of(a, "test_samples", 1, 1 << 28),
                                                  .dimension = size_of(a, "dimension", 1, 1 << 24),
                                                  .classes = size_of(a, "classes", 2, 1 << 16),
                                                  .separation = a.number("separation", 0, 1e6)}(key);
                      }}});
    return r;
}

const registry<objective_factory, const dataset&, std::uint64_t>& objectives() {
    static const registry<objective_factory, const dataset&, std::uint64_t> r(
        "objective",
        {{"softmax",
          "softmax regression on the data",
          {{"l2", "0", "penalty l2 / 2 ||w||^2"}},
          [](const arguments& a, const dataset& data, std::uint64_t) -> objective_factory {
              return
                  [o = any_objective(softmax_regression(data, float_of(a, "l2", 0, 1e6)))](std::uint32_t) { return o; };
          }},
         {"mlp",
          "multi-layer perceptron on the data: mlp(300,100) has hidden layers of 300 and 100 units",
          {},
          [](const arguments& a, const dataset& data, std::uint64_t) -> objective_factory {
              std::vector<std::size_t> hidden;
              for (const auto& t : a.all()) {
                  if (!t.key.empty()) {
                      fail_at(t, "'mlp' has no parameter '" + t.key + "'; write the units of its layers: mlp(300,100)");
                  }
                  hidden.push_back(static_cast<std::size_t>(integer_of(t, 1, 1 << 20)));
              }
              return [o = any_objective(mlp(data, hidden))](std::uint32_t) { return o; };
          },
          true},
         {"least_squares",
          "linear regression on synthetic data of its own",
          {{"samples", "1000", "samples"}, {"dimension", "20", "features"}, {"noise", "0.1", "of the targets"}},
          [](const arguments& a, const dataset&, std::uint64_t seed) -> objective_factory {
              const auto problem = linear_regression{
                  .samples = size_of(a, "samples", 1, 1 << 28),
                  .dimension = size_of(a, "dimension", 1, 1 << 24),
                  .noise = float_of(a, "noise", 0, 1e6)}(random_key{.seed = seed, .purpose = purposes::data});
              return [o = any_objective(least_squares(problem.data))](std::uint32_t) { return o; };
          }},
         {"quadratic",
          "curvature / 2 ||w - c||^2 with a center c ~ N(0, I) per node",
          {{"dimension", "1000", "parameters"}, {"curvature", "1", "of the objective"}},
          [](const arguments& a, const dataset&, std::uint64_t seed) -> objective_factory {
              const std::size_t d = size_of(a, "dimension", 1, 1 << 28);
              const float curvature = float_of(a, "curvature", 1e-9, 1e9);
              return [=](std::uint32_t node) {
                  const random_stream normal(random_key{.seed = seed, .node = node, .purpose = purposes::data});
                  std::vector<float> center(d);
                  for (std::size_t i = 0; i < d; ++i) {
                      center[i] = normal.normal(i);
                  }
                  return any_objective(quadratic(std::move(center), curvature));
              };
          }}});
    return r;
}

const registry<algorithm_choice>& algorithms() {
    static const registry<algorithm_choice> r(
        "algorithm", {{"synchronous",
                       "workers compress gradients, a server averages and updates",
                       {},
                       [](const arguments&) { return algorithm_choice{"synchronous"}; }},
                      {"dpsgd",
                       "decentralized: a gradient step, then exact averaging with the neighbours",
                       {},
                       [](const arguments&) { return algorithm_choice{"dpsgd"}; }},
                      {"choco",
                       "decentralized with compressed differences (CHOCO-SGD)",
                       {{"gamma", "0.4", "consensus step size, in (0, 1]"}},
                       [](const arguments& a) { return algorithm_choice{"choco", float_of(a, "gamma", 1e-9, 1)}; }}});
    return r;
}

}  // namespace frugal::driver
