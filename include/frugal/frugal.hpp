//! The umbrella: everything that needs nothing to link but TBB. What needs more has its own umbrella: frugal/nn.hpp
//! (BLAS),
//! frugal/data.hpp (zlib), frugal/mpi.hpp (MPI).
#pragma once

#include <frugal/aggregate/grouped.hpp>
#include <frugal/aggregate/mean.hpp>
#include <frugal/aggregate/minimax_mean.hpp>
#include <frugal/aggregate/side_information_mean.hpp>
#include <frugal/algorithm/choco.hpp>
#include <frugal/algorithm/dpsgd.hpp>
#include <frugal/algorithm/gossip.hpp>
#include <frugal/algorithm/synchronous.hpp>
#include <frugal/compress.hpp>
#include <frugal/compress/blocked.hpp>
#include <frugal/compress/per_tensor.hpp>
#include <frugal/core.hpp>
#include <frugal/data/partition.hpp>
#include <frugal/data/sampler.hpp>
#include <frugal/data/synthetic.hpp>
#include <frugal/engine/checkpoint.hpp>
#include <frugal/engine/network.hpp>
#include <frugal/engine/observers.hpp>
#include <frugal/engine/run.hpp>
#include <frugal/engine/stop.hpp>
#include <frugal/engine/tbb_engine.hpp>
#include <frugal/mix/topologies.hpp>
#include <frugal/mix/validate.hpp>
#include <frugal/objective/accuracy.hpp>
#include <frugal/objective/any_objective.hpp>
#include <frugal/objective/least_squares.hpp>
#include <frugal/objective/quadratic.hpp>
#include <frugal/objective/softmax_regression.hpp>
#include <frugal/optimize/any_optimizer.hpp>
#include <frugal/optimize/optimizers.hpp>
#include <frugal/optimize/schedule.hpp>
#include <frugal/version.hpp>
