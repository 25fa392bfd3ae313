// Prints what becomes of every 16-bit float, and of floats of all magnitudes, NaN among them.
#include <bit>
#include <cstdint>
#include <cstdio>
#include <vector>

#include <frugal/core/crc32c.hpp>
#include <frugal/core/random.hpp>
#include <frugal/kernels/half.hpp>

using namespace frugal;

namespace {

template <class T>
void print(const char* what, const std::vector<T>& values) {
    std::printf("%s %08x\n", what, crc32c(std::as_bytes(std::span(values))));
}

template <class H>
void convert(const char* name) {
    std::vector<H> halves(1 << 16);
    for (std::size_t i = 0; i < halves.size(); ++i) {
        halves[i].bits = static_cast<std::uint16_t>(i);
    }
    std::vector<float> floats(halves.size());
    kernels::to_floats(std::span(halves), floats);
    print(name, floats);
    const random_stream stream({.seed = 1, .purpose = purposes::user});
    for (std::size_t i = 0; i < floats.size(); ++i) {
        floats[i] = std::bit_cast<float>(stream.word(i));
    }
    kernels::to_halves(floats, std::span(halves));
    print(name, halves);
}

}  // namespace

int main() {
    convert<float16>("float16");
    convert<bfloat16>("bfloat16");
}
