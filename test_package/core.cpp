// What needs no TBB, header by header.
#include <cstdio>
#include <vector>

#include <frugal/compress/scalar.hpp>
#include <frugal/quantize/dithered.hpp>

int main() {
    const std::vector<float> x{0.5f, -1.0f, 0.25f};
    frugal::scalar_compressor compressor{frugal::dithered{.levels = 1}};
    frugal::message m;
    compressor.compress(x, {.seed = 1}, m);
    std::vector<float> y(x.size());
    compressor.decompress(m, {.seed = 1}, y);
    std::printf("%zu floats in %zu bytes\n", x.size(), m.bytes().size());
}
