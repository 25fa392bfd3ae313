// Any bytes as an IDX file, and two of them as samples and labels.

#include <frugal/data/idx.hpp>

#include "check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    try {
        const auto array = frugal::parse_idx(bytes);
        std::uint64_t product = 1;
        for (const std::uint32_t extent : array.extents) {
            product *= extent;
        }
        fuzz::require(product == array.values.size(), "the extents of an array are those of its values");
    } catch (const frugal::invalid_input&) {
    }
    if (size < 1) {
        return 0;
    }
    const auto rest = bytes.subspan(1);
    const std::size_t at = rest.size() * data[0] / 255;
    try {
        const auto samples = frugal::parse_idx(rest.first(at));
        const auto labels = frugal::parse_idx(rest.subspan(at));
        const auto set = frugal::dataset_from_idx(samples, labels);
        fuzz::require(set.dimension() * labels.values.size() == samples.values.size(),
                      "a data set has all its samples");
    } catch (const frugal::invalid_input&) {
    }
    return 0;
}
