//! Everything that can be named on the command line.
#pragma once

#include <memory>
#include <string>

#include <frugal/compress/any_compressor.hpp>
#include <frugal/compress/coder/any_coder.hpp>
#include <frugal/compress/scale/any_scale.hpp>
#include <frugal/data/dataset.hpp>
#include <frugal/data/partition.hpp>
#include <frugal/mix/mixing_matrix.hpp>
#include <frugal/objective/any_objective.hpp>
#include <frugal/optimize/any_optimizer.hpp>
#include <frugal/optimize/schedule.hpp>

#include "expression.hpp"

namespace frugal::driver {

using any_partitioner = std::function<partition(std::span<const std::uint32_t>, std::size_t, random_key)>;

const registry<any_scale>& scales();
const registry<any_coder>& coders();
//! A quantizer is built together with the scale and coder it is composed with: that is where the SIMD loop is fused.
const registry<any_compressor, any_scale, any_coder>& quantizers();
const registry<any_compressor>& compressors();
//! The selectors of sparse(...), built together with the compressor of the values.
const registry<any_compressor, any_compressor>& selectors();
const registry<schedule>& schedules();
const registry<any_optimizer>& optimizers();
const registry<mixing_matrix>& topologies();
const registry<any_partitioner>& partitioners();
const registry<train_test, random_key>& data_sets();
//! An objective of some nodes, built on a training set; what is random in it is drawn from the seed.
using objective_factory = std::function<any_objective(std::uint32_t node)>;
const registry<objective_factory, const dataset&, std::uint64_t>& objectives();
//! A distributed algorithm and its parameters.
struct algorithm_choice {
    std::string name;
    float consensus_step = 1;  // of choco
};
const registry<algorithm_choice>& algorithms();

}  // namespace frugal::driver
