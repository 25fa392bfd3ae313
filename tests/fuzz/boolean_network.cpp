// Any bytes as the file of a Boolean network; what is accepted is run and written again.

#include <cstring>
#include <vector>

#include <frugal/boolean/inference.hpp>
#include <frugal/boolean/network_file.hpp>

#include "check.hpp"

namespace {

void read(std::span<const std::byte> bytes) {
    frugal::boolean_network network;
    try {
        network = frugal::parse_boolean_network(bytes);
    } catch (const frugal::malformed_message&) {
        return;
    }
    const auto again = frugal::format_boolean_network(network);
    fuzz::require(std::equal(again.begin(), again.end(), bytes.begin(), bytes.end()), "a network has one file");
    const frugal::boolean_inference inference(network);
    const std::vector<float> x(inference.inputs(), 0.25f);
    std::vector<float> scores(inference.classes());
    inference.scores(x, scores);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    read(bytes);
    if (size >= 4) {  // with a checksum that fits
        std::vector<std::byte> sealed(bytes.begin(), bytes.end());
        const std::uint32_t checksum = frugal::crc32c(bytes.first(size - 4));
        std::memcpy(sealed.data() + size - 4, &checksum, sizeof checksum);
        read(sealed);
    }
    return 0;
}
