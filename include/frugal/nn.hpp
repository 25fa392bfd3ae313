//! Neural networks: the objectives that need a CBLAS to link.
#pragma once

#include <frugal/objective/accuracy.hpp>
#include <frugal/objective/any_objective.hpp>
#include <frugal/objective/blas.hpp>
#include <frugal/objective/mlp.hpp>
