#include "choices.hpp"

#include <utility>

#include <frugal/data.hpp>
#include <frugal/nn.hpp>
#include <frugal/objective/least_squares.hpp>
#include <frugal/objective/quadratic.hpp>
#include <frugal/objective/softmax_regression.hpp>

namespace frugal::driver {
namespace {

objective_factory same_for_all(any_objective objective) {
    return [o = std::move(objective)](std::uint32_t) { return o; };
}

}  // namespace

train_test fashion_mnist::operator()(random_key) const {
    return load_data("fashion-mnist");
}

objective_factory softmax_choice::operator()(const dataset& data, std::uint64_t) const {
    return same_for_all(softmax_regression(data, l2));
}

objective_factory mlp_choice::operator()(const dataset& data, std::uint64_t) const {
    return same_for_all(mlp(data, hidden));
}

objective_factory boolean_mlp_choice::operator()(const dataset& data, std::uint64_t) const {
    return same_for_all(boolean_mlp(data, hidden, {.level = level, .normalized = normalized}));
}

objective_factory least_squares_choice::operator()(const dataset&, std::uint64_t seed) const {
    const auto problem = linear_regression{.samples = samples, .dimension = dimension, .noise = noise}(
        random_key{.seed = seed, .purpose = purposes::data});
    return same_for_all(least_squares(problem.data));
}

objective_factory quadratic_choice::operator()(const dataset&, std::uint64_t seed) const {
    return [d = dimension, curvature = curvature, seed](std::uint32_t node) {
        const random_stream normal(random_key{.seed = seed, .node = node, .purpose = purposes::data});
        std::vector<float> center(d);
        for (std::size_t i = 0; i < d; ++i) {
            center[i] = normal.normal(i);
        }
        return any_objective(quadratic(std::move(center), curvature));
    };
}

}  // namespace frugal::driver

template const std::vector<frugal::catalogue_entry<frugal::any_compressor>>& frugal::entries<frugal::any_compressor>();
template const std::vector<frugal::catalogue_entry<frugal::any_exchange>>& frugal::entries<frugal::any_exchange>();
