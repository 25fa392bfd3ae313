#include <frugal/compress/coder/block_coder.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <frugal/compress/coder/any_coder.hpp>
#include <frugal/compress/coder/elias.hpp>
#include <frugal/compress/coder/packed.hpp>
#include <frugal/compress/coder/radix.hpp>
#include <frugal/compress/coder/range_coder.hpp>
#include <frugal/compress/coder/rans.hpp>

#include "coder_checks.hpp"

using namespace frugal;

namespace {

//! A Coder whose blocks cannot be read.
struct without_decode_block : packed {
    bool decode_block(const std::byte*, std::size_t, std::size_t, std::uint8_t*) const = delete;
};

}  // namespace

static_assert(BlockCoder<packed> && BlockCoder<radix> && BlockCoder<any_coder>);
static_assert(!BlockCoder<rans> && !BlockCoder<range_coder> && !BlockCoder<elias> && !BlockCoder<int>);
static_assert(Coder<without_decode_block> && !BlockCoder<without_decode_block>);

TEST_CASE("block coders: pieces of whole granules concatenate, behind any_coder too", "[compress][coder]") {
    coder_checks::check_block_interface(any_coder(packed{}));
    coder_checks::check_block_interface(any_coder(radix{}));
}

TEST_CASE("block coders: bytes that no symbols encode to are refused", "[compress][coder][hostile]") {
    const auto count_refused = [](const auto& coder, std::size_t n, std::size_t size) {
        const std::size_t bytes = coder.bytes_for(n, size);
        std::array<std::byte, 8> in{}, again{};
        std::array<std::uint8_t, 64> s{};
        REQUIRE(bytes == 1);
        int refused = 0;
        for (int value = 0; value < 256; ++value) {
            in[0] = static_cast<std::byte>(value);
            if (!coder.decode_block(in.data(), n, size, s.data())) {
                ++refused;
                continue;
            }
            coder.encode_block(s.data(), n, size, again.data());
            CHECK(again[0] == in[0]);
        }
        return refused;
    };
    CHECK(count_refused(packed{}, 1, 200) == 56);
    CHECK(count_refused(packed{}, 2, 3) == 256 - 9);
    CHECK(count_refused(any_coder(packed{}), 2, 3) == 256 - 9);
    CHECK(count_refused(radix{}, 5, 3) == 256 - 243);
}

TEST_CASE("any_coder: coders that work on whole messages have no granule", "[compress][coder]") {
    CHECK(any_coder(rans{}).granule(3) == 0);
    CHECK(any_coder(range_coder{}).granule(3) == 0);
    CHECK(any_coder(packed{}).granule(3) == packed{}.granule(3));
}
