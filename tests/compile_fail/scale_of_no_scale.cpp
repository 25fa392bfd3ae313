// expect: scalar_compressor: its second argument must be a Scale
#include <frugal/compress/scalar.hpp>
#include <frugal/quantize/dithered.hpp>

frugal::scalar_compressor c{frugal::dithered{}, frugal::packed{}};
