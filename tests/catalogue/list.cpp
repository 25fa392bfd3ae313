#include <frugal/catalogue/list.hpp>

#include <frugal/catalogue/shared.hpp>

#include <algorithm>
#include <string>

#include <frugal/catalogue/policies.hpp>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("list: one line for each name, its parameters, defaults and ranges", "[catalogue][list][exact]") {
    const auto all = list_of<any_compressor>();
    const auto count = [&](const std::string& start) {
        return std::count_if(all.begin(), all.end(), [&](const listed& l) { return l.signature.rfind(start, 0) == 0; });
    };
    CHECK(count("scalar") == 1);
    CHECK(count("sparse(") == 1);
    CHECK(count("dqsg") == 1);
    const std::string text = list_text<any_compressor>();
    CHECK(text.find("  scalar(quantizer, scale=max_norm, coder=packed)  ") != std::string::npos);
    CHECK(text.find("a scale (mean_abs with sign)") != std::string::npos);
    CHECK(text.find("      quantizer: how a coordinate becomes a symbol; one of dithered, ") != std::string::npos);
    CHECK(text.find(
              "      indices: how their indices travel; one of fixed_width_indices, rice_indices, bitmap_indices (") !=
          std::string::npos);
    CHECK(text.find("      = scalar(dithered(levels=3),bucketed(max_norm,512),radix)\n") != std::string::npos);
    CHECK(list_text<any_quantizer>().find("levels: powers of two up to the norm; a whole number from 1 to 64\n") !=
          std::string::npos);
    CHECK(list_text<schedule>().find("milestone_decay(rate, factor, steps,...)") != std::string::npos);
}

TEST_CASE("list: as Markdown, with what Markdown would take for its own escaped", "[catalogue][list][exact]") {
    const std::string text = list_markdown<any_scale>();
    CHECK(text.find("| name | meaning | parameters |\n|---|---|---|\n| `max_norm` | max \\|x\\_i\\|: ") == 0);
    CHECK(text.find("| `fixed(kappa=1)` |") != std::string::npos);
}
