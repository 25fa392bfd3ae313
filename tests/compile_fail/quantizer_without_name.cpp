// expect: a policy needs .std::string name.. const
#include <frugal/compress/scalar.hpp>

struct nameless {
    frugal::alphabet symbols() const { return {-1, 1}; }
    float index(float x) const { return x; }
    float value(float i) const { return i; }
};

std::string text() {
    frugal::scalar_compressor c{nameless{}};
    return c.name();
}
