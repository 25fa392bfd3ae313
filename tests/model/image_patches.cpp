#include <frugal/model/image_patches.hpp>

#include <vector>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("image_patches: an image as a matrix of patches, and back", "[model][image_patches]") {
    const unfolding p = unfolding_of({1, 2, 3}, 2, 1, 1);
    CHECK_NOTHROW(expect_patches(p, "test"));
    CHECK(p.output_rows() == 3);
    CHECK(p.output_columns() == 4);
    const std::vector<int> image{1, 2, 3, 4, 5, 6};
    std::vector<int> matrix(p.patch() * p.places());
    p.unfold(image.data(), matrix.data(), -9);
    CHECK(matrix == std::vector<int>{-9, -9, -9, -9, -9, 1, 2, 3,  -9, 4,  5,  6,   //
                                     -9, -9, -9, -9, 1,  2, 3, -9, 4,  5,  6,  -9,  //
                                     -9, 1,  2,  3,  -9, 4, 5, 6,  -9, -9, -9, -9,  //
                                     1,  2,  3,  -9, 4,  5, 6, -9, -9, -9, -9, -9});
    std::vector<int> sum(6);
    p.fold(matrix.data(), sum.data());
    CHECK(sum == std::vector<int>{4, 8, 12, 16, 20, 24});  // each pixel is in four patches
    CHECK_THROWS_WITH(expect_patches(unfolding_of({1, 2, 3}, 3, 1, 0), "probe"),
                      test::contains_text("probe with a kernel of 3"));
}
