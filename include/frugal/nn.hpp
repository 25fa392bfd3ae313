//! Neural networks: layers, and the objectives that need a CBLAS to link.
#pragma once

#include <frugal/boolean/export.hpp>
#include <frugal/model/activation.hpp>
#include <frugal/model/any_layer.hpp>
#include <frugal/model/blas.hpp>
#include <frugal/model/convolution.hpp>
#include <frugal/model/dense.hpp>
#include <frugal/model/layer.hpp>
#include <frugal/model/loss.hpp>
#include <frugal/model/normalization.hpp>
#include <frugal/model/parameters.hpp>
#include <frugal/model/pooling.hpp>
#include <frugal/model/sequential.hpp>
#include <frugal/objective/accuracy.hpp>
#include <frugal/objective/any_objective.hpp>
#include <frugal/objective/cnn.hpp>
#include <frugal/objective/empirical_risk.hpp>
#include <frugal/objective/mlp.hpp>
