#include <frugal/compress/coder/elias.hpp>
#include <frugal/compress/coder/packed.hpp>
#include <frugal/compress/coder/radix.hpp>
#include <frugal/compress/coder/range_coder.hpp>
#include <frugal/compress/coder/rans.hpp>
#include <frugal/core/crc32c.hpp>

#include "coder_checks.hpp"

using namespace frugal;

namespace {

//! Skewed towards the middle, by integer arithmetic only.
template <class S>
std::vector<S> fixed_symbols(std::size_t n, std::size_t size) {
    const random_stream u({.seed = 42, .round = size});
    std::vector<S> s(n);
    for (std::size_t i = 0; i < n; ++i) {
        std::uint64_t sum = 0;
        for (std::size_t k = 0; k < 6; ++k) {
            sum += u.below(size, 6 * i + k);
        }
        s[i] = static_cast<S>((sum + 3) / 6);
    }
    return s;
}

template <class C>
std::vector<std::uint32_t> checksums(C coder) {
    std::vector<std::uint32_t> sums;
    for (const std::size_t size : {2u, 3u, 7u, 56u, 255u}) {
        for (const std::size_t n : {13u, 2000u, 200'000u}) {
            const auto e = coder_checks::encode(coder, fixed_symbols<std::uint8_t>(n, size), size);
            sums.push_back(crc32c(e.bytes));
        }
    }
    for (const std::size_t size : {1025u, 70'000u}) {
        const auto e = coder_checks::encode(coder, fixed_symbols<std::uint32_t>(20'000, size), size);
        sums.push_back(crc32c(e.bytes));
    }
    return sums;
}

}  // namespace

TEST_CASE("coders: the bytes are the same for ever, on every instruction set", "[compress][coder][exact]") {
    using list = std::vector<std::uint32_t>;
    CHECK(checksums(packed{}) == list{0xE0605846, 0x0D4E00EE, 0xF4A65118, 0x636CD1BA, 0x59C711D3, 0xAD6FF730,
                                      0xD89FB538, 0x98C19FBC, 0x0CA22DCA, 0x4FE24E6F, 0x5A0D5171, 0x9B28A963,
                                      0xA1EB92FF, 0xDA4DE64B, 0x304D0A1A, 0xF9933560, 0xD9215A18});
    CHECK(checksums(radix{}) == list{0xE0605846, 0x0D4E00EE, 0xF4A65118, 0x2586C8DE, 0x540A2A02, 0x4059600C, 0x922D424E,
                                     0x1960CA68, 0xC856484C, 0xA656A258, 0x24D73ABD, 0x969184AA, 0xA1EB92FF, 0xDA4DE64B,
                                     0x304D0A1A, 0x0A2D0B8F, 0xD9215A18});
    CHECK(checksums(range_coder{}) == list{0x64BF6EFB, 0xDE2C2B4F, 0x42DA3998, 0xC9E01E1B, 0x998AF1F2, 0xA5C12755,
                                           0x0FD5D756, 0x2040BA2F, 0xBC929170, 0x4F52C731, 0x1FA82D87, 0x55F35943,
                                           0x113B1864, 0xBFE26CB1, 0x6104FEEB, 0xA8763BE0, 0xDE4C3781});
    CHECK(checksums(rans{}) == list{0xA7A015F5, 0xFF72F62B, 0xCA04E8DD, 0xE3690D9B, 0xD3B79ACF, 0xCB7280E1, 0x82807E10,
                                    0xB12E5A1A, 0x459F2871, 0x328F5883, 0x2B2A0EFD, 0xE5A4D528, 0x098A8CA7, 0xDB7B192C,
                                    0x84BC1C84, 0xDEF0AF38, 0xC87EB100});
    CHECK(checksums(elias{}) == list{0x624C8372, 0x4F56FEB9, 0x5309F585, 0x27A56CD3, 0x32048274, 0x4A4C2C70, 0x0524B846,
                                     0xB63DB616, 0xC3DDF691, 0x2E3F5E65, 0xAFF6B69E, 0xB1B3047F, 0x5432CAF2, 0xD4977F1A,
                                     0x2D8C8719, 0xE34F394F, 0xF1FBF2ED});
}
