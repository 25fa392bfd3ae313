// Any bytes as an .npy file.

#include <frugal/data/npy.hpp>

#include "check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        const auto array = frugal::parse_npy(std::as_bytes(std::span(data, size)));
        std::size_t product = 1;
        for (const std::size_t extent : array.shape) {
            product *= extent;
        }
        fuzz::require(product == array.values.size(), "the shape of an array is that of its values");
        fuzz::require(array.values.size() <= size, "an array has no more elements than its file has bytes");
    } catch (const frugal::invalid_input&) {
    }
    return 0;
}
