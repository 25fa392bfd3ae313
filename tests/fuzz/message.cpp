// Any bytes as a message, as they are and with length and checksum made to fit.

#include "check.hpp"

namespace {

void parse(std::span<const std::byte> bytes) {
    frugal::message m;
    try {
        m.assign(bytes);
    } catch (const frugal::malformed_message&) {
        fuzz::require(m.empty(), "a refused message is left empty");
        return;
    }
    fuzz::require(m.bytes().size() == bytes.size() && std::memcmp(m.bytes().data(), bytes.data(), bytes.size()) == 0,
                  "a message keeps its bytes");
    fuzz::require(m.payload().size() + frugal::message::header_size + frugal::message::checksum_size == bytes.size(),
                  "the payload is what lies between header and checksum");
    fuzz::require(m.payload_bits() <= m.payload().size() * 8, "a message costs no more than it has");
    // The same fields written anew give the same bytes.
    frugal::message again;
    again.begin(m.scheme(), m.key(0), m.dimension());
    std::memcpy(again.buffer().data() + 6, bytes.data() + 6, 2);  // of a seed that nobody here knows
    again.buffer().insert(again.buffer().end(), m.payload().begin(), m.payload().end());
    again.seal(m.payload_bits());
    fuzz::require(std::memcmp(again.bytes().data(), bytes.data(), bytes.size()) == 0, "a message has one form");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    parse(bytes);
    parse(fuzz::completed_message(bytes));
    return 0;
}
