#include <frugal/catalogue/entry.hpp>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <frugal/catalogue/compressors.hpp>

#include "catch.hpp"

namespace {

// A kind of a program's own: shapes.
struct square {
    double side = 1;
    static constexpr auto describe() {
        return frugal::describes("square", "four equal sides",
                                 frugal::option("side", &square::side, "its length").above(0));
    }
    std::string name() const { return frugal::described_name(*this); }
};
struct polygon {
    std::vector<int> sides{};
    static constexpr auto describe() {
        return frugal::describes("polygon", "any sides", frugal::rest("sides", &polygon::sides, "lengths").from(1));
    }
    std::string name() const { return frugal::described_name(*this); }
    void validate() const { frugal::expect(sides.size() >= 3, "polygon: at least three sides"); }
};
square doubled(square base, int times) {
    return {.side = base.side * (1 << times)};
}
constexpr auto doubled_description =
    frugal::describes_function("doubled", "a larger square", doubled, frugal::argument<square>("base", "what"),
                               frugal::argument<int>("times", "how often").from(0).to(8).otherwise("1"));
struct framed {
    square inside{.side = 3};
    static constexpr auto describe() {
        return frugal::describes("framed", "a square in a frame", frugal::option("inside", &framed::inside, "what"));
    }
    std::string name() const { return frugal::described_name(*this); }
};
constexpr auto unit_description = frugal::describes_function("unit", "the unit square", [] { return square{}; });

using shape = std::variant<square, polygon, framed>;

}  // namespace

template <>
struct frugal::catalogue_of<shape> {
    static constexpr std::string_view kind = "shape";
    using policies = policy_list<square, polygon, framed, made_by<doubled_description>, made_by<unit_description>>;
    static constexpr std::array aliases{catalogue_alias{"big", "a big one", "square(side=100)"}};
};

using namespace frugal;

namespace {

std::string made(const std::string& text) {
    return name_of(parse<shape>(text));
}

template <class Value>
std::string complaint(const std::string& text) {
    try {
        parse<Value>(text);
    } catch (const invalid_input& e) {
        return e.what();
    }
    return {};
}

}  // namespace

TEST_CASE("parse: arguments by position and by name, defaults, aliases, functions, lists", "[catalogue][exact]") {
    CHECK(made("square") == "square(side=1)");
    CHECK(made("square()") == "square(side=1)");
    CHECK(made("square(2)") == "square(side=2)");
    CHECK(made("square(side=1/4)") == "square(side=0.25)");
    CHECK(made("big") == "square(side=100)");
    CHECK(made("polygon(3,4,5)") == "polygon(3,4,5)");
    CHECK(made("doubled(square(3),2)") == "square(side=12)");
    CHECK(made("doubled(times=2,base=square)") == "square(side=4)");
    CHECK(made("doubled(square)") == "square(side=2)");
    CHECK(made("unit") == "square(side=1)");
}

TEST_CASE("parse: a part of one type only has the default of the whole", "[catalogue][exact]") {
    CHECK(made("framed") == "framed(inside=square(side=3))");
    CHECK(made("framed(inside=square(2))") == "framed(inside=square(side=2))");
    CHECK_THROWS_AS(made("framed(inside=unit)"), expression_error);
}

TEST_CASE("parse: errors point at the word and say what is known", "[catalogue][hostile]") {
    CHECK(complaint<shape>("sqare") ==
          "unknown shape 'sqare' (did you mean 'square'?); known: square, polygon, framed, doubled, unit, big\n  "
          "sqare\n  ^~~~~");
    CHECK(complaint<shape>("square(size=1)") ==
          "'square' has no parameter 'size' (did you mean 'side'?); it has side\n  square(size=1)\n         ^~~~");
    CHECK(complaint<shape>("square(1,2)").find("'square' takes at most 1: side") == 0);
    CHECK(complaint<shape>("square(1,side=2)").find("the parameter 'side' of 'square' is given twice") == 0);
    CHECK(complaint<shape>("square(0)").find("'0' is not a number above 0\n  square(0)\n         ^") == 0);
    CHECK(complaint<shape>("polygon(1,2)").find("polygon: at least three sides\n  polygon(1,2)\n  ^~~~~~~") == 0);
    CHECK(complaint<shape>("polygon(sides=1)").find("'polygon' has no parameter 'sides'") == 0);
    CHECK(complaint<shape>("doubled").find("'doubled' needs its parameter 'base'") == 0);
    CHECK(complaint<shape>("doubled(polygon)").find("unknown base 'polygon'; known: square") == 0);
    CHECK(complaint<shape>("big(2)").find("the alias 'big' takes no arguments; write out square(side=100)") == 0);
    CHECK(complaint<shape>("unit(1)").find("'unit' takes no arguments") == 0);
}

TEST_CASE("parse: what must be one of several policies is chosen by its word", "[catalogue][exact]") {
    CHECK(complaint<any_compressor>("scalar(dithred)").find("unknown quantizer 'dithred' (did you mean 'dithered'?)") ==
          0);
    CHECK(complaint<any_compressor>("scalar").find("'scalar' needs its parameter 'quantizer'") == 0);
    CHECK(complaint<any_compressor>("sparse(top_k(count=1),indices=rise_indices)")
              .find("unknown indices 'rise_indices' (did you mean 'rice_indices'?); known: fixed_width_indices, "
                    "rice_indices") == 0);
    CHECK(complaint<any_compressor>("dithered").find("(a quantizer; did you mean 'scalar(dithered)'?)") !=
          std::string::npos);
    CHECK(complaint<any_compressor>("scalar(nested_dithered(fine=0.3,coarse=1))").find("integer multiple of fine\n") !=
          std::string::npos);
    CHECK(complaint<any_compressor>("stovoq(levels=[1])").find("is not known as 'levels'") != std::string::npos);
    CHECK(complaint<any_compressor>("scalar(stochastic_codebook(levels=3))").find("'3' is not a list") == 0);
}

TEST_CASE("parse: hostile texts are refused", "[catalogue][hostile]") {
    std::string deep;
    for (int i = 0; i < 60000; ++i) {
        deep += "error_feedback(";
    }
    CHECK_FALSE(complaint<any_compressor>(deep).empty());
    CHECK_FALSE(complaint<any_compressor>(std::string(60000, '/')).empty());
    CHECK_FALSE(complaint<any_compressor>("scalar(nested_dithered(fine=" + std::string(60000, '/') + "))").empty());
    CHECK_FALSE(complaint<any_compressor>("stovoq(" + std::string(60000, ',') + ")").empty());
}
