// Any text as an expression: a tree of words, a compressor, an optimizer, a topology, a quantity.

#include <algorithm>
#include <string>

#include <frugal/catalogue.hpp>
#include <frugal/core/error.hpp>

#include "check.hpp"

namespace {

using frugal::term;

//! The term as text again.
std::string text_of(const term& t) {
    std::string text = t.key.empty() ? "" : t.key + "=";
    text += t.word;
    if (t.is_list() || !t.arguments.empty()) {
        text += t.is_list() ? "" : "(";
        for (std::size_t i = 0; i < t.arguments.size(); ++i) {
            text += (i == 0 ? "" : ",") + text_of(t.arguments[i]);
        }
        text += t.is_list() ? ']' : ')';
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

template <class Value>
void check_name(const term& t) {
    allow_refusal([&] {
        const std::string name = frugal::name_of(frugal::from_term<Value>(t));
        fuzz::require(frugal::name_of(frugal::parse<Value>(name)) == name, "a name is an expression of what it names");
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), std::min<std::size_t>(size, 4096));
    allow_refusal([&] {
        const term t = frugal::parse_term(text);
        fuzz::require(text_of(frugal::parse_term(text_of(t))) == text_of(t), "an expression reads as it is written");
        check_name<frugal::any_compressor>(t);
        check_name<frugal::any_optimizer>(t);
        check_name<frugal::schedule>(t);
        check_name<frugal::any_partitioner>(t);
        allow_refusal([&] { frugal::duration::read(t); });
        allow_refusal([&] { frugal::bit_rate::read(t); });
    });
    return 0;
}
