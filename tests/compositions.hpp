//! One compressor of every kind, for tests that hold for all of them; compiled once, in compositions.cpp.
#pragma once

#include <vector>

#include <frugal/compress/any_compressor.hpp>
#include <frugal/compress/coder/any_coder.hpp>

namespace test {

//! Every coder of the catalogue, with its defaults.
std::vector<frugal::any_coder> all_coders();

//! Everything of the catalogue, and compressors of a user's own: every quantizer with every coder; each scale; sparse
//! with every selector; codebooks; combinators; nested ones.
std::vector<frugal::any_compressor> all_compositions();

}  // namespace test
