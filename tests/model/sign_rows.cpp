#include <frugal/model/sign_rows.hpp>

#include <vector>

#include "catch.hpp"
#include "layers.hpp"

using namespace frugal;

TEST_CASE("sign_rows: rows of packed signs, of floats and doubles, with and without a bias", "[model][sign_rows]") {
    for (const std::size_t columns : {1u, 63u, 64u, 65u, 128u}) {
        for (const std::size_t more : {0u, 1u}) {
            auto x = test::random_signs(3 * columns, columns);
            x[0] = 0;
            const std::vector<double> same(x.begin(), x.end());
            bit_matrix a(3, columns + more), b(3, columns + more);
            for (auto& word : a.words()) {
                word = ~std::uint64_t{0};  // what was there must not matter
            }
            b.words()[0] = 7;
            pack_sign_rows(std::span<const float>(x), columns, a.view());
            pack_sign_rows(std::span<const double>(same), columns, b.view());
            CHECK(a == b);
            CHECK(has_clear_padding(a));
            for (std::size_t r = 0; r < 3; ++r) {
                for (std::size_t i = 0; i < columns; ++i) {
                    REQUIRE(a(r, i) == (x[r * columns + i] >= 0));
                }
                CHECK((more == 0 || a(r, columns)));
            }
        }
    }
    std::vector<float> y(3);
    sign_values(std::span<const float>(std::vector<float>{-2, 0, 5}), y.data());
    CHECK(y == std::vector<float>{-1, 1, 1});
}
