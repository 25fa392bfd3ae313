//! The one file of the project's programs in which the library's catalogue is compiled.
#define FRUGAL_CATALOGUE_HERE
#include <frugal/catalogue/shared.hpp>
