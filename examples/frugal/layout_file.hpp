//! Files that say which tensors a vector holds.
#pragma once

#include <cstddef>
#include <filesystem>

#include <frugal/core/tensor_layout.hpp>

namespace frugal::driver {

//! The tensors of a vector of so many elements: a list of {"name", "shape"}, or an object that has it as "tensors".
tensor_layout read_layout(const std::filesystem::path& file, std::size_t elements);

}  // namespace frugal::driver
