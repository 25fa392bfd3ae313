//! The observers: what can be passed to `run` after the stopping rule, in the order they shall be called.
//!
//! | observer                                | does                                                     | header           |
//! |-----------------------------------------|----------------------------------------------------------|------------------|
//! | `resume{directory}`                     | continues from the last checkpoint; put it first         | checkpoint.hpp   |
//! | `evaluate_every(name, rounds, f)`       | records f(status) as a metric                            | evaluate.hpp     |
//! | `accuracy_every(name, rounds, f)`       | the mean accuracy of all models, on all threads          | accuracy.hpp     |
//! | `progress_bar{}`                        | one line on stderr, if it is a terminal                  | progress.hpp     |
//! | `csv_writer{path, rounds, {metrics}}`   | one row per so many rounds                               | curve_writer.hpp |
//! | `json_lines_writer{path, rounds}`       | one JSON object per so many rounds                       | curve_writer.hpp |
//! | `checkpoint_every{rounds, directory}`   | saves the run, safe against being killed at any moment   | checkpoint.hpp   |
//! | any callable with a `const run_status&` | what you like                                            | status.hpp       |
//!
//! Stopping rules, early stopping included, are in stop.hpp.
#pragma once

#include <frugal/engine/accuracy.hpp>
#include <frugal/engine/checkpoint.hpp>
#include <frugal/engine/curve_writer.hpp>
#include <frugal/engine/evaluate.hpp>
#include <frugal/engine/progress.hpp>
#include <frugal/engine/stop.hpp>
