//! The catalogue where several source files use it: what parses and lists it is compiled once, in the one file that
//! defines FRUGAL_CATALOGUE_HERE before it includes this header. All others include it as it is, and compile many times
//! faster; a program without such a file does not link.
#pragma once

#include <vector>

#include <frugal/catalogue.hpp>

#if defined(FRUGAL_CATALOGUE_HERE)
#define FRUGAL_CATALOGUE_EXTERN
#else
#define FRUGAL_CATALOGUE_EXTERN extern
#endif

namespace frugal {

FRUGAL_CATALOGUE_EXTERN template const std::vector<catalogue_entry<any_quantizer>>& entries<any_quantizer>();
FRUGAL_CATALOGUE_EXTERN template const std::vector<catalogue_entry<any_scale>>& entries<any_scale>();
FRUGAL_CATALOGUE_EXTERN template const std::vector<catalogue_entry<any_coder>>& entries<any_coder>();
FRUGAL_CATALOGUE_EXTERN template const std::vector<catalogue_entry<any_selector>>& entries<any_selector>();
FRUGAL_CATALOGUE_EXTERN template const std::vector<catalogue_entry<any_index_coding>>& entries<any_index_coding>();
FRUGAL_CATALOGUE_EXTERN template const std::vector<catalogue_entry<any_codebook>>& entries<any_codebook>();
FRUGAL_CATALOGUE_EXTERN template const std::vector<catalogue_entry<any_transform>>& entries<any_transform>();
FRUGAL_CATALOGUE_EXTERN template const std::vector<catalogue_entry<any_compressor>>& entries<any_compressor>();
FRUGAL_CATALOGUE_EXTERN template const std::vector<catalogue_entry<any_factor_compressor>>&
entries<any_factor_compressor>();
FRUGAL_CATALOGUE_EXTERN template const std::vector<catalogue_entry<any_aggregator>>& entries<any_aggregator>();
FRUGAL_CATALOGUE_EXTERN template const std::vector<catalogue_entry<any_exchange>>& entries<any_exchange>();
FRUGAL_CATALOGUE_EXTERN template const std::vector<catalogue_entry<any_mixing_matrix>>& entries<any_mixing_matrix>();
FRUGAL_CATALOGUE_EXTERN template const std::vector<catalogue_entry<any_optimizer>>& entries<any_optimizer>();

}  // namespace frugal

#undef FRUGAL_CATALOGUE_EXTERN
