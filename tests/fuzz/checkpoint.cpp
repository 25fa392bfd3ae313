// Any bytes as a checkpoint, as they are and with a checksum made to fit.

#include <frugal/engine/checkpoint.hpp>

#include "check.hpp"

namespace {

void parse(std::span<const std::byte> bytes) {
    try {
        const auto c = frugal::parse_checkpoint(bytes);
        const auto again = frugal::format_checkpoint(c);
        fuzz::require(again.size() == bytes.size() && std::memcmp(again.data(), bytes.data(), bytes.size()) == 0,
                      "a checkpoint has one form");
    } catch (const frugal::malformed_message&) {
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    parse(bytes);
    std::vector<std::byte> completed(bytes.begin(), bytes.end());
    const std::uint32_t checksum = frugal::crc32c(completed);
    const auto* p = reinterpret_cast<const std::byte*>(&checksum);
    completed.insert(completed.end(), p, p + sizeof checksum);
    parse(completed);
    return 0;
}
