#include <frugal/catalogue/term.hpp>

#include <string>

#include "catch.hpp"

using namespace frugal;

namespace {

std::string complaint(const std::string& text) {
    try {
        parse_term(text);
    } catch (const expression_error& e) {
        return e.what();
    }
    return {};
}

}  // namespace

TEST_CASE("term: words, arguments, keys and lists with their columns", "[catalogue][term][exact]") {
    const term t = parse_term(" a ( b = c(1e-3) , [1, -2] ,d/e ) ");
    CHECK(t.word == "a");
    CHECK(t.at == 1);
    REQUIRE(t.arguments.size() == 3);
    CHECK(t.arguments[0].key == "b");
    CHECK(t.arguments[0].key_at == 5);
    CHECK(t.arguments[0].word == "c");
    CHECK(t.arguments[0].arguments.at(0).word == "1e-3");
    REQUIRE(t.arguments[1].is_list());
    CHECK(t.arguments[1].arguments.at(1).word == "-2");
    CHECK(t.arguments[2].word == "d/e");
    CHECK(parse_term("ring()").arguments.empty());
    CHECK(parse_term("[]").is_list());
}

TEST_CASE("term: what cannot be read is pointed at", "[catalogue][term][hostile]") {
    CHECK(complaint("a(b") == "expected ',' or ')' here\n  a(b\n     ^");
    CHECK(complaint("a(b))") == "expected the end here\n  a(b))\n      ^");
    CHECK(complaint("a(,)") == "expected a name or a number here\n  a(,)\n    ^");
    CHECK(complaint("a(b(1)=c)") == "a parameter's name is a single word\n  a(b(1)=c)\n    ^");
    CHECK(complaint("a([1)").find("expected ',' or ']' here") == 0);
    CHECK_FALSE(complaint("").empty());
    CHECK_FALSE(complaint("=").empty());
    CHECK_FALSE(complaint("a=b").empty());
}

TEST_CASE("term: texts of any length and depth give an error, not an overflow", "[catalogue][term][hostile]") {
    constexpr std::size_t many = 60000;
    for (const char c : {'(', ')', '[', ',', '='}) {
        const std::string what = complaint("a" + std::string(many, c));
        CHECK_FALSE(what.empty());
        CHECK(what.size() < 1000);
    }
    std::string deep;
    for (std::size_t i = 0; i < many; ++i) {
        deep += "a(";
    }
    CHECK(complaint(deep).find("nested 32 deep") != std::string::npos);
    CHECK_FALSE(number_of<double>(std::string(many, '/')).has_value());
    CHECK_FALSE(number_of<double>("1" + std::string(many, '/')).has_value());
    const term slashes = parse_term(std::string(many, '/'));
    try {
        number_of<double>(slashes, number_range{});
        FAIL();
    } catch (const expression_error& e) {
        CHECK(std::string(e.what()).size() < 1000);
    }
}

TEST_CASE("term: the place of an error in a long text is shown with what surrounds it", "[catalogue][term][exact]") {
    const std::string text = "a(" + std::string(500, 'x') + ",?" + std::string(500, ' ') + ")";
    const std::string what = complaint(text);
    const std::size_t line = what.find('\n');
    const std::size_t next = what.find('\n', line + 1);
    const std::size_t column = what.find('^') - next - 1;
    CHECK(what.at(line + 1 + column) == '?');
}

TEST_CASE("term: numbers of every type", "[catalogue][term][exact]") {
    CHECK(number_of<float>("0.1") == 0.1f);
    CHECK(number_of<double>("1/3") == 1.0 / 3);
    CHECK(number_of<float>("1/3") == static_cast<float>(1.0 / 3));
    CHECK(number_of<int>("1e+05") == 100000);
    CHECK(number_of<std::uint64_t>("18446744073709551615") == ~std::uint64_t{0});
    CHECK_FALSE(number_of<int>("3000000000").has_value());
    CHECK_FALSE(number_of<int>("3e9").has_value());
    CHECK_FALSE(number_of<int>("1.5").has_value());
    CHECK_FALSE(number_of<int>("nan").has_value());
    CHECK_FALSE(number_of<std::size_t>("-1").has_value());
    CHECK_FALSE(number_of<double>("1/0").has_value());
    CHECK_FALSE(number_of<double>("1/2/3").has_value());
    CHECK_FALSE(number_of<double>("1x").has_value());
    CHECK_FALSE(number_of<double>("").has_value());
    CHECK_THROWS_WITH(number_of<double>(parse_term("nan"), number_range{}),
                      test::contains_text("'nan' is not a number"));
    CHECK_THROWS_WITH(number_of<int>(parse_term("0"), number_range{.low = 1}),
                      test::contains_text("'0' is not a whole number from 1"));
}

TEST_CASE("term: the closest known word is suggested, unless nothing is close", "[catalogue][term][exact]") {
    CHECK(did_you_mean("dithred", {"sign", "dithered"}) == " (did you mean 'dithered'?)");
    CHECK(did_you_mean("entirely_else", {"sign", "dithered"}).empty());
    CHECK(did_you_mean(std::string(60000, 'a'), {"sign"}).empty());
}
