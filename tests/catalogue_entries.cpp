//! The one file of the tests in which the library's catalogue is compiled.
#define FRUGAL_CATALOGUE_HERE
#include <frugal/catalogue/shared.hpp>
