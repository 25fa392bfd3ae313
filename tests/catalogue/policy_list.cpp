#include <frugal/catalogue/policy_list.hpp>

#include <string_view>
#include <type_traits>
#include <variant>

#include "catch.hpp"

namespace policy_list_test {

using namespace frugal;

namespace {

struct named {
    std::string_view name;
};
template <class T>
struct boxed {};

constexpr named description{"made"};

static_assert(std::is_same_v<each_of<boxed, policy_list<int, char>>, policy_list<boxed<int>, boxed<char>>>);
static_assert(std::is_same_v<each_of<boxed, policy_list<>>, policy_list<>>);
static_assert(std::is_same_v<all_of<>, policy_list<>>);
static_assert(std::is_same_v<all_of<policy_list<int>>, policy_list<int>>);
static_assert(
    std::is_same_v<all_of<policy_list<int>, policy_list<>, policy_list<char, int>>, policy_list<int, char, int>>);
static_assert(std::is_same_v<one_of<policy_list<int, char>>, std::variant<int, char>>);

}  // namespace

TEST_CASE("policy_list: one of a list is visited as what it is; a made one has its description",
          "[catalogue][policy_list]") {
    const one_of<all_of<policy_list<int>, policy_list<float>>> chosen = 2.5f;
    CHECK(std::visit([](auto v) { return double(v); }, chosen) == 2.5);
    CHECK(chosen.index() == 1);
    CHECK(made_by<description>::describe().name == "made");
}

}  // namespace policy_list_test
