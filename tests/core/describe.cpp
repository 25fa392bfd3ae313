#include <frugal/core/describe.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"

using namespace frugal;

namespace {

enum class color { red, green };

struct inner {
    float share = 0.1f;
    static constexpr auto describe() {
        return describes("inner", "a part", option("share", &inner::share, "of it").above(0).to(1));
    }
    std::string name() const { return described_name(*this); }
    void validate() const { validate_described(*this); }
};

struct outer {
    inner part_of{};
    int count = 3;
    bool fast = false;
    color tint = color::green;
    std::size_t bucket = 0;
    std::vector<float> levels{};
    std::vector<int> steps{};

    static constexpr auto describe() {
        return describes("outer", "everything a field can be", part("part", &outer::part_of, "a policy"),
                         option("count", &outer::count, "a number").from(1).below(100),
                         option("fast", &outer::fast, "a truth value"),
                         option("tint", &outer::tint, "a word").one_of("red", "green"),
                         part("bucket", &outer::bucket, "0 for all").unless_default(),
                         option("levels", &outer::levels, "a list").from(-10),
                         rest("steps", &outer::steps, "any number of numbers"));
    }
    std::string name() const { return described_name(*this); }
    void validate() const { validate_described(*this); }
};

//! Its option is given to a constructor and has no default.
class hidden {
public:
    explicit hidden(double rate) : rate_(rate) {}
    static constexpr auto describe() {
        return describes("hidden", "a constructor", option("rate", &hidden::rate, "in units").otherwise("0.5"));
    }
    double rate() const { return rate_; }

private:
    double rate_;
};

}  // namespace

TEST_CASE("describe: a name is written from the fields", "[core][describe][exact]") {
    CHECK(inner{}.name() == "inner(share=0.1)");
    CHECK(outer{}.name() == "outer(inner(share=0.1),count=3,fast=0,tint=green,levels=[])");
    CHECK(outer{.count = 100000, .fast = true, .tint = color::red, .bucket = 7, .levels = {-1, 0.25f}, .steps = {1, 2}}
              .name() == "outer(inner(share=0.1),count=100000,fast=1,tint=red,7,levels=[-1,0.25],1,2)");
    CHECK(described_name(hidden(0.1)) == "hidden(rate=0.1)");
}

TEST_CASE("describe: a default is that of the type, or of the description", "[core][describe][exact]") {
    constexpr auto d = outer::describe();
    CHECK(default_text<outer>(field_number<0>(d.fields)) == "inner(share=0.1)");
    CHECK(default_text<outer>(field_number<1>(d.fields)) == "3");
    CHECK(default_text<outer>(field_number<3>(d.fields)) == "green");
    CHECK(default_text<hidden>(field_number<0>(hidden::describe().fields)) == "0.5");
    CHECK(default_text<hidden>(argument<int>("n", "of a function")).empty());
}

TEST_CASE("describe: values outside their range are refused by name", "[core][describe][hostile]") {
    outer{}.validate();
    CHECK_THROWS_WITH(outer{.count = 0}.validate(), "outer: count must be a whole number from 1 to below 100, not 0");
    CHECK_THROWS_WITH(outer{.count = 100}.validate(), test::contains_text("not 100"));
    CHECK_THROWS_WITH((outer{.part_of = {.share = 0}}.validate()), "inner: share must be a number above 0 to 1, not 0");
    CHECK_THROWS_AS((outer{.part_of = {.share = std::numeric_limits<float>::quiet_NaN()}}.validate()), invalid_input);
    CHECK_THROWS_AS(outer{.tint = static_cast<color>(3)}.validate(), invalid_input);
    CHECK_THROWS_AS((outer{.levels = {0, std::numeric_limits<float>::infinity()}}.validate()), invalid_input);
    CHECK_THROWS_AS((outer{.levels = {-11}}.validate()), invalid_input);
}
