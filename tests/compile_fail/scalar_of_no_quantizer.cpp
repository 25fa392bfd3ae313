// expect: scalar_compressor: its first argument must be a Quantizer
#include <frugal/compress/scalar.hpp>

struct no_quantizer {};

frugal::scalar_compressor c{no_quantizer{}};
