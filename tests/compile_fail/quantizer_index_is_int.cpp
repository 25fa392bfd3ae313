// expect: scalar_compressor: its first argument must be a Quantizer
#include <frugal/compress/scalar.hpp>

struct int_quantizer {
    frugal::alphabet symbols() const { return {-1, 1}; }
    int index(float x) const { return x > 0 ? 1 : -1; }
    float value(float i) const { return i; }
    std::string name() const { return "int_quantizer"; }
};

frugal::scalar_compressor c{int_quantizer{}};
