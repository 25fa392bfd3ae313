//! What a training step costs in energy, by the constants of a machine that the user knows (Leconte 2024, chapter 3,
//! whose own constants and figures are withheld: there are none here).
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frugal/core/error.hpp>
#include <frugal/core/exact.hpp>

namespace frugal {

//! Bits of what a layer works on, and of what is stored for each of its weights while it is trained.
struct training_precision {
    unsigned weight = 32;
    unsigned activation = 32;
    unsigned gradient = 32;
    unsigned stored = 32;  //!< bits a weight, with latent weights, accumulators and moments

    static constexpr training_precision real_adam() { return {32, 32, 32, 96}; }
    //! A latent number and its sign, and the moments of Adam where that moves it.
    static constexpr training_precision binary_connect(bool adam = false) { return {1, 32, 32, adam ? 97u : 33u}; }
    //! The same with truth values as activations.
    static constexpr training_precision binary_network(bool adam = false) { return {1, 1, 32, adam ? 97u : 33u}; }
    //! A truth value and an accumulator of 16 or 32 bits.
    static constexpr training_precision boolean(unsigned accumulator = 32) { return {1, 1, 32, 1 + accumulator}; }
};

//! A place where operands lie. traversals: how often each operand of a phase passes through it, which is the data
//! flow's.
struct memory_level {
    double energy_per_byte = 0;
    double traversals = 1;
};

//! Constants of a machine, all in one unit of energy. multiply_add(a, b): a multiplication of operands of a and b bits
//! and an addition; of bits, an XNOR and a count.
struct energy_costs {
    std::function<double(unsigned a, unsigned b)> multiply_add;
    std::vector<memory_level> memory{};
};

//! A layer of `inputs` terms a sum and `outputs` sums, at `positions` places of a sample (1 of a dense layer).
struct layer_work {
    std::size_t inputs = 1;
    std::size_t outputs = 1;
    std::size_t positions = 1;
    training_precision bits{};
};

//! Energy of the phases of one step.
struct energy_report {
    double forward = 0;
    double backward = 0;   //!< to the layer's inputs
    double variation = 0;  //!< gradient of the weights
    double optimizer = 0;

    double total() const { return forward + backward + variation + optimizer; }
    energy_report& operator+=(const energy_report& other) {
        forward += other.forward;
        backward += other.backward;
        variation += other.variation;
        optimizer += other.optimizer;
        return *this;
    }
};

//! The energy of a step of `batch` samples through these layers: operations times their cost, and bytes of the operands
//! times the cost of each memory level. A product of matrices reads both factors and writes the result once for each
//! traversal; sums count as gradients, the optimizer reads and writes what is stored and makes one operation a weight.
//! Throws `invalid_input` for costs that are negative or not finite.
inline energy_report training_energy(std::span<const layer_work> layers, std::size_t batch, const energy_costs& costs) {
    expect(costs.multiply_add != nullptr, "training_energy: the cost of an operation is not given");
    double per_bit = 0;
    for (const memory_level& level : costs.memory) {
        expect(level.energy_per_byte >= 0 && is_finite(level.energy_per_byte) && level.traversals >= 0 &&
                   is_finite(level.traversals),
               "training_energy: costs of memory must be finite and not negative");
        per_bit += level.energy_per_byte * level.traversals / 8;
    }
    const auto operation = [&](unsigned a, unsigned b) {
        const double cost = costs.multiply_add(a, b);
        expect(cost >= 0 && is_finite(cost), [&] {
            return "training_energy: the cost of an operation on " + std::to_string(a) + " and " + std::to_string(b) +
                   " bits must be finite and not negative";
        });
        return cost;
    };
    energy_report all;
    for (const layer_work& l : layers) {
        const double places = static_cast<double>(batch) * static_cast<double>(l.positions);
        const double weights = static_cast<double>(l.inputs) * static_cast<double>(l.outputs);
        const double terms = places * weights;
        const training_precision& b = l.bits;
        const double w = weights * b.weight;
        const double x = places * static_cast<double>(l.inputs) * b.activation;
        const double x_gradient = places * static_cast<double>(l.inputs) * b.gradient;
        const double s_gradient = places * static_cast<double>(l.outputs) * b.gradient;
        const double w_gradient = weights * b.gradient;
        all += {
            .forward = terms * operation(b.weight, b.activation) + per_bit * (w + x + s_gradient),
            .backward = terms * operation(b.weight, b.gradient) + per_bit * (w + s_gradient + x_gradient),
            .variation = terms * operation(b.activation, b.gradient) + per_bit * (x + s_gradient + w_gradient),
            .optimizer = weights * operation(b.gradient, b.gradient) + per_bit * (w_gradient + 2 * weights * b.stored)};
    }
    return all;
}

//! In per cent of the same layers in real numbers with Adam.
inline double relative_energy(std::vector<layer_work> layers, std::size_t batch, const energy_costs& costs) {
    const double mine = training_energy(layers, batch, costs).total();
    for (layer_work& l : layers) {
        l.bits = training_precision::real_adam();
    }
    const double real = training_energy(layers, batch, costs).total();
    expect(real > 0, "relative_energy: costs of 0 say nothing");
    return 100 * mine / real;
}

}  // namespace frugal
