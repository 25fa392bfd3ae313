//! The LocalOptimizers. Which one when:
//!
//! | optimizer           | state      | choose it for                                                 | header                |
//! |---------------------|------------|---------------------------------------------------------------|-----------------------|
//! | `sgd`               | none       | theory, compressors with feedback, many small clients         | sgd.hpp               |
//! | `momentum`          | d floats   | the default of distributed training                           | momentum.hpp          |
//! | `nesterov`          | d floats   | large batches; the look-ahead form for EXTRAP-SGD             | nesterov.hpp          |
//! | `adam`              | 2 d floats | badly scaled parameters, sparse gradients; on the server only | adam.hpp              |
//! | `boolean_optimizer` | d floats   | truth values, without real weights behind them                | boolean_optimizer.hpp |
//! | `optimizer_by_kind` | of both    | models of truth values and real numbers                       | optimizer_by_kind.hpp |
//!
//! For weights on a grid, each around another optimizer, which makes the steps:
//!
//! | optimizer        | gradients at   | choose it for                                                 | header              |
//! |------------------|----------------|---------------------------------------------------------------|---------------------|
//! | `askew_sgd`      | w              | quantized models of full accuracy: annealed constraints       | askew_sgd.hpp       |
//! | `binary_connect` | grid (on_grid) | the usual baseline: latent weights, straight-through          | binary_connect.hpp  |
//! | `prox_quant`     | w              | a baseline: proximal steps to the grid                        | prox_quant.hpp      |
//! | `mirror_descent` | w              | a baseline, binary: tanh of dual variables                    | mirror_descent.hpp  |
//! | `projected_sgd`  | w              | a baseline, binary: the sphere through all binary weights     | projected_sgd.hpp   |
//! | `bop`            | w, on the grid | binary weights without latent ones                            | bop.hpp             |
//!
//! All are aggregates of hyper-parameters followed by their state; `learning_rate` is a `schedule` (schedule.hpp).
//! A choice at run time is an `any_optimizer` (any_optimizer.hpp).
#pragma once

#include <frugal/optimize/adam.hpp>
#include <frugal/optimize/any_optimizer.hpp>
#include <frugal/optimize/askew_sgd.hpp>
#include <frugal/optimize/binary_connect.hpp>
#include <frugal/optimize/boolean_optimizer.hpp>
#include <frugal/optimize/bop.hpp>
#include <frugal/optimize/mirror_descent.hpp>
#include <frugal/optimize/momentum.hpp>
#include <frugal/optimize/nesterov.hpp>
#include <frugal/optimize/optimizer_by_kind.hpp>
#include <frugal/optimize/projected_sgd.hpp>
#include <frugal/optimize/prox_quant.hpp>
#include <frugal/optimize/schedule.hpp>
#include <frugal/optimize/sgd.hpp>
