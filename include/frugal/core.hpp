//! The vocabulary alone: concepts, keys and random streams, messages, payloads, state archives. Needs the standard
//! library only, and compiles in a fraction of the time that the umbrella frugal/frugal.hpp takes.
#pragma once

#include <frugal/concepts.hpp>
#include <frugal/core/bit_matrix.hpp>
#include <frugal/core/bits.hpp>
#include <frugal/core/crc32c.hpp>
#include <frugal/core/error.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/core/exact_math.hpp>
#include <frugal/core/expression.hpp>
#include <frugal/core/message.hpp>
#include <frugal/core/random.hpp>
#include <frugal/core/state.hpp>
#include <frugal/core/tensor_layout.hpp>
