//! Synthetic data sets: the same bits from the same key, on every machine.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <frugal/core/describe.hpp>
#include <frugal/core/error.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/core/exact_math.hpp>
#include <frugal/core/random.hpp>
#include <frugal/data/dataset.hpp>
#include <frugal/kernels/linear.hpp>

namespace frugal {

//! Classification of a mixture of Gaussians: sample i has label i mod classes and features mean[label] + N(0, I).
//!
//! separation: root mean square distance between two means, in standard deviations of the noise. The key addresses the
//! means and the noise; test samples follow the training samples.
struct gaussian_mixture {
    std::size_t samples = 1000;
    std::size_t test_samples = 1000;
    std::size_t dimension = 20;
    std::size_t classes = 10;
    double separation = 4;

    static constexpr auto describe() {
        return describes(
            "synthetic", "a mixture of Gaussians, one for each class",
            option("samples", &gaussian_mixture::samples, "training samples").from(1).to(1 << 28),
            option("test_samples", &gaussian_mixture::test_samples, "test samples").from(0).to(1 << 28),
            option("dimension", &gaussian_mixture::dimension, "features").from(1).to(1 << 24),
            option("classes", &gaussian_mixture::classes, "labels").from(1).to(1 << 16),
            option("separation", &gaussian_mixture::separation, "of two means, in standard deviations").from(0));
    }
    std::string name() const { return described_name(*this); }
    //! O((samples + test_samples) dimension). Throws `invalid_input` for sizes of zero.
    train_test operator()(random_key key) const {
        expect(samples > 0 && dimension > 0 && classes > 0,
               "a Gaussian mixture needs at least one sample, one feature and one class");
        expect(separation >= 0 && std::isfinite(separation),
               "the separation of a Gaussian mixture must be finite and >= 0");
        const random_stream centers(key.for_purpose(1));
        const auto scale = static_cast<float>(separation / std::sqrt(2.0 * static_cast<double>(dimension)));
        std::vector<float> mean(classes * dimension);
        for (std::size_t i = 0; i < mean.size(); ++i) {
            mean[i] = rounded(scale * centers.normal(i));
        }
        const random_stream noise(key.for_purpose(2));
        const auto make = [&](std::size_t first, std::size_t count) {
            std::vector<float> features(count * dimension);
            std::vector<std::uint32_t> labels(count);
            for (std::size_t i = 0; i < count; ++i) {
                const std::size_t label = (first + i) % classes;
                labels[i] = static_cast<std::uint32_t>(label);
                for (std::size_t j = 0; j < dimension; ++j) {
                    features[i * dimension + j] =
                        mean[label * dimension + j] + noise.normal((first + i) * dimension + j);
                }
            }
            return dataset(std::move(features), std::move(labels), dimension, classes);
        };
        return {make(0, samples), make(samples, test_samples)};
    }
};

//! A regression problem whose solution without noise is known.
struct regression_problem {
    regression_dataset data;
    std::vector<float> solution;
};

//! Linear regression: features N(0, I), solution w* ~ N(0, I / dimension), targets x.w* + noise N(0, 1).
struct linear_regression {
    std::size_t samples = 1000;
    std::size_t dimension = 20;
    float noise = 0.1f;

    //! O(samples dimension). Throws `invalid_input` for sizes of zero.
    regression_problem operator()(random_key key) const {
        expect(samples > 0 && dimension > 0, "linear regression needs at least one sample and one feature");
        expect(noise >= 0 && std::isfinite(noise), "the noise of linear regression must be finite and >= 0");
        const random_stream weights(key.for_purpose(1));
        const random_stream inputs(key.for_purpose(2));
        const random_stream errors(key.for_purpose(3));
        regression_problem p;
        p.solution.resize(dimension);
        const float scale = 1.0f / std::sqrt(static_cast<float>(dimension));
        for (std::size_t j = 0; j < dimension; ++j) {
            p.solution[j] = scale * weights.normal(j);
        }
        std::vector<float> features(samples * dimension);
        for (std::size_t i = 0; i < features.size(); ++i) {
            features[i] = inputs.normal(i);
        }
        std::vector<float> targets(samples);
        for (std::size_t i = 0; i < samples; ++i) {
            targets[i] =
                static_cast<float>(kernels::dot(features.data() + i * dimension, p.solution.data(), dimension) +
                                   static_cast<double>(noise) * static_cast<double>(errors.normal(i)));
        }
        p.data = regression_dataset(std::move(features), std::move(targets), dimension);
        return p;
    }
};

//! Logistic regression whose solution is a sign vector: features uniform on [-1, 1], w* uniform on {-1, 1}^dimension,
//! label 1 with probability sigmoid(x.w*), else 0 (Leconte 2024, sec. 2.4.1).
struct binary_logistic_regression {
    std::size_t samples = 6000;
    std::size_t dimension = 10;

    //! O(samples dimension). Throws `invalid_input` for sizes of zero.
    regression_problem operator()(random_key key) const {
        expect(samples > 0 && dimension > 0, "logistic regression needs at least one sample and one feature");
        const random_stream weights(key.for_purpose(1));
        const random_stream inputs(key.for_purpose(2));
        const random_stream draws(key.for_purpose(3));
        regression_problem p;
        for (std::size_t j = 0; j < dimension; ++j) {
            p.solution.push_back(weights.centered(j) < 0 ? -1.0f : 1.0f);
        }
        std::vector<float> features(samples * dimension), labels(samples);
        for (std::size_t i = 0; i < features.size(); ++i) {
            features[i] = 2 * inputs.centered(i);
        }
        for (std::size_t i = 0; i < samples; ++i) {
            const double score = kernels::dot(features.data() + i * dimension, p.solution.data(), dimension);
            labels[i] = static_cast<double>(draws.uniform(i)) <= 1 / (1 + exact_exp(-score)) ? 1.0f : 0.0f;
        }
        p.data = regression_dataset(std::move(features), std::move(labels), dimension);
        return p;
    }
};

//! Two half circles of radius 1 that reach into each other, (cos a, sin a) with label 0 and (1 - cos a, 1/2 - sin a)
//! with label 1, a uniform on [0, pi], plus N(0, noise^2) in both coordinates.
struct two_moons {
    std::size_t samples = 2000;
    float noise = 0.1f;

    //! O(samples). Throws `invalid_input` for no samples, or unless the noise is finite and >= 0.
    regression_dataset operator()(random_key key) const {
        expect(samples > 0, "two moons need at least one sample");
        expect(noise >= 0 && std::isfinite(noise), "the noise of two moons must be finite and >= 0");
        const random_stream places(key.for_purpose(1));
        const random_stream errors(key.for_purpose(2));
        std::vector<float> features, labels;
        for (std::size_t i = 0; i < samples; ++i) {
            const auto [sine, cosine] = exact_sine_cosine_of_turns(0.5f * places.centered(i) + 0.25f);
            const bool lower = i % 2 == 1;
            features.push_back(multiply_add(noise, errors.normal(2 * i), lower ? 1 - cosine : cosine));
            features.push_back(multiply_add(noise, errors.normal(2 * i + 1), lower ? 0.5f - sine : sine));
            labels.push_back(lower ? 1.0f : 0.0f);
        }
        return regression_dataset(std::move(features), std::move(labels), 2);
    }
};

}  // namespace frugal
