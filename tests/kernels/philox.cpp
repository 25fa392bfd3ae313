#include <cstdint>
#include <vector>

#include <frugal/kernels/philox.hpp>
#include "architectures.hpp"
#include "catch.hpp"

using frugal::random_stream;

TEST_CASE("random_words: the words of random_stream on every architecture", "[kernels][philox][exact]") {
    test::for_each_architecture([](auto arch) {
        using Arch = decltype(arch);
        CAPTURE(Arch::name());
        for (const std::uint64_t round : {std::uint64_t{0}, std::uint64_t{7}, std::uint64_t{0xFEDCBA9876543210u}}) {
            const random_stream stream({.seed = 41 + round, .node = 3, .round = round, .purpose = 9});
            // The last two cross the blocks where the index of a block outgrows 32 bits.
            for (const std::uint64_t first :
                 {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{64}, std::uint64_t{1000},
                  (std::uint64_t{1} << 34) - 128, (std::uint64_t{1} << 36) - 7}) {
                for (const auto n : std::initializer_list<std::size_t>{0, 1, 31, 32, 33, 63, 64, 65, 200}) {
                    std::vector<std::uint32_t> words(n);
                    frugal::kernels::random_words<Arch>(stream, first, n, words.data());
                    std::size_t wrong = 0;
                    for (std::size_t i = 0; i < n; ++i) {
                        wrong += words[i] != stream.word(first + i) ? 1u : 0u;
                    }
                    std::vector<std::uint64_t> words64(n);
                    frugal::kernels::random_words64<Arch>(stream, first, n, words64.data());
                    for (std::size_t i = 0; i < n; ++i) {
                        wrong += words64[i] != stream.word64(first + i) ? 1u : 0u;
                    }
                    REQUIRE(wrong == 0);
                }
            }
        }
    });
}
