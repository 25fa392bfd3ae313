// Any text as an expression of the command line.

#include "frugal/expression.hpp"

#include <frugal/core/error.hpp>

#include "check.hpp"
#include "frugal/expression.cpp"

namespace {

using frugal::driver::term;

//! The term as text again.
std::string text_of(const term& t) {
    std::string text = t.key.empty() ? "" : t.key + "=";
    text += t.word;
    if (!t.arguments.empty()) {
        text += '(';
        for (std::size_t i = 0; i < t.arguments.size(); ++i) {
            text += (i == 0 ? "" : ",") + text_of(t.arguments[i]);
        }
        text += ')';
    }
    return text;
}

template <class F>
void allow_refusal(F f) {
    try {
        f();
    } catch (const frugal::invalid_input& problem) {
        fuzz::require(problem.what()[0] != '\0', "a refusal says something");
    }
}

const frugal::driver::registry<double>& numbers() {
    using frugal::driver::arguments;
    static const frugal::driver::registry<double> known(
        "number", {{"pair",
                    "two numbers",
                    {{"a", "1", "first"}, {"b", "", "second"}},
                    [](const arguments& a) { return a.number("a", -1e9, 1e9) + a.number("b", 0, 1); }},
                   {"whole",
                    "an integer",
                    {{"n", "3", "n"}, {"yes", "true", "flag"}},
                    [](const arguments& a) { return a.flag("yes") ? static_cast<double>(a.integer("n", 0, 100)) : 0; }},
                   {"nested", "another number", {{"inner", "pair(1,0.5)", "a number"}}, [](const arguments& a) {
                        return numbers().build(a["inner"]);
                    }}});
    return known;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), std::min<std::size_t>(size, 4096));
    allow_refusal([&] {
        const term t = frugal::driver::parse(text);
        fuzz::require(text_of(frugal::driver::parse(text_of(t))) == text_of(t), "an expression reads as it is written");
        allow_refusal([&] { frugal::driver::parse_seconds(t); });
        allow_refusal([&] { frugal::driver::parse_bandwidth(t); });
        allow_refusal([&] { numbers().build(t); });
    });
    return 0;
}
