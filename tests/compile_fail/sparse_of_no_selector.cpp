// expect: sparse_compressor: its first argument must be a Selector
#include <frugal/compress/identity.hpp>
#include <frugal/compress/sparse.hpp>

frugal::sparse_compressor s{frugal::identity{}};
