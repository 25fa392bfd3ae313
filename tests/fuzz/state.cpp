// Any bytes as the saved state of what checkpoints hold, and what was restored at work.

#include <frugal/compress/error_feedback.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/optimize/adam.hpp>
#include <frugal/optimize/momentum.hpp>

#include "check.hpp"

namespace {

//! Restores; true if the bytes were accepted, which then are what is saved again.
template <class T>
bool restored(std::span<const std::byte> bytes, T& value) {
    try {
        frugal::state_archive in(bytes);
        in(value);
        in.finish();
    } catch (const frugal::malformed_message&) {
        return false;
    }
    std::vector<std::byte> saved;
    frugal::state_archive out(saved);
    out(value);
    fuzz::require(saved.size() == bytes.size() && std::memcmp(saved.data(), bytes.data(), saved.size()) == 0,
                  "what was restored is saved as the same bytes");
    return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    constexpr std::size_t d = 4;
    const std::vector<float> x{1.0f, -2.0f, 3.0f, 0.5f};

    frugal::error_feedback feedback{frugal::sparse_compressor{frugal::top_k{.count = 2}}};
    if (restored(bytes, feedback)) {
        frugal::message m;
        try {
            feedback.compress(x, {.round = 1}, m);
        } catch (const frugal::invalid_input&) {
            // a residual of another dimension or that is not finite, or a key that was used
        }
    }
    frugal::momentum momentum;
    frugal::adam adam;
    std::vector<float> w(d, 1.0f);
    try {
        if (restored(bytes, momentum)) {
            momentum.update(w, x, 1);
        }
    } catch (const frugal::invalid_input&) {
    }
    try {
        if (restored(bytes, adam)) {
            adam.update(w, x, 1);
        }
    } catch (const frugal::invalid_input&) {
    }
    return 0;
}
