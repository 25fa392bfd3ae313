//! Tests of a layer's derivatives against finite differences, in double.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <frugal/core/random.hpp>
#include <frugal/model/layer.hpp>

namespace test {

//! Largest error of a derivative by finite differences in double.
constexpr double enough = 1e-7;

inline std::vector<double> normal_doubles(std::size_t n, std::uint64_t seed, double scale = 1) {
    const frugal::random_stream stream({seed, 0, 0, frugal::purposes::user});
    std::vector<double> x(n);
    for (std::size_t i = 0; i < n; ++i) {
        x[i] = scale * double(stream.normal(i));
    }
    return x;
}

//! A layer with a batch: its output, weighted by random numbers and summed, is a function of input and parameters.
template <frugal::Layer L>
struct layer_under_test {
    L layer;
    std::size_t batch;
    frugal::tensor_layout layout{};
    std::vector<double> parameters{}, input{}, weights{};

    layer_under_test(L l, frugal::sample_shape shape, std::size_t samples, std::uint64_t seed = 1)
        : layer(std::move(l)), batch(samples) {
        const std::size_t outputs = batch * layer.bind(shape).size();
        frugal::layer_traits<L>::add_tensors(layer, layout, "");
        parameters = normal_doubles(layout.size(), seed, 0.5);
        input = normal_doubles(batch * shape.size(), seed + 1);
        weights = normal_doubles(outputs, seed + 2);
    }

    std::vector<double> output() { return run(workspace()); }
    double value() {
        const auto y = output();
        double sum = 0;
        for (std::size_t i = 0; i < y.size(); ++i) {
            sum += weights[i] * y[i];
        }
        return sum;
    }

    //! Largest error of the analytic derivatives by input and parameters, relative to the largest of them; that beta =
    //! 1 adds and that the input's may be left out is checked on the way (a failure is infinite).
    double derivative_error() {
        auto space = workspace();
        const auto y = run(space);
        std::vector<double> by_input(input.size(), NAN);
        std::vector<double> by_parameters(parameters.size(), NAN);
        run_backward(space, y, by_input, 0, by_parameters);
        std::vector<double> twice = by_parameters;
        auto again = workspace();
        run_backward(again, run(again), {}, 1, twice);
        double error = 0;
        double largest = 0;
        for (std::size_t j = 0; j < twice.size(); ++j) {
            if (!(std::fabs(twice[j] - 2 * by_parameters[j]) <= 1e-9 * (1 + std::fabs(twice[j])))) {
                return INFINITY;
            }
        }
        const auto compare = [&](std::vector<double>& x, const std::vector<double>& derivative) {
            for (std::size_t j = 0; j < x.size(); ++j) {
                const double h = 1e-6;
                const double at = x[j];
                x[j] = at + h;
                const double up = value();
                x[j] = at - h;
                const double down = value();
                x[j] = at;
                const double slope = (up - down) / (2 * h);
                error = std::max(error, std::isnan(derivative[j]) ? INFINITY : std::fabs(slope - derivative[j]));
                largest = std::max(largest, std::fabs(slope));
            }
        };
        compare(input, by_input);
        compare(parameters, by_parameters);
        return error / largest;
    }

private:
    std::vector<double> workspace() const {
        return std::vector<double>(frugal::layer_traits<L>::workspace(layer, batch), NAN);
    }
    std::vector<double> run(std::span<double> space) {
        std::vector<double> y(weights.size(), NAN);
        layer.forward(frugal::forward_pass<double>{parameters, input, batch, y, space});
        return y;
    }
    std::vector<double> run(std::vector<double>&& space) { return run(std::span<double>(space)); }
    void run_backward(std::span<double> space, std::span<const double> y, std::span<double> by_input, double beta,
                      std::span<double> by_parameters) {
        layer.backward(
            frugal::backward_pass<double>{parameters, input, batch, y, weights, by_input, beta, by_parameters, space});
    }
};

template <frugal::Layer L>
double derivative_error(L layer, frugal::sample_shape shape, std::size_t batch) {
    return layer_under_test<L>(std::move(layer), shape, batch).derivative_error();
}

}  // namespace test
