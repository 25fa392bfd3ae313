//! Textual expressions such as `dithered(levels=3)`: the names of compositions, and their identity on the wire.
#pragma once

#include <charconv>
#include <initializer_list>
#include <string>
#include <string_view>

namespace frugal {

//! One `name=value` argument of an expression.
struct named_number {
    std::string_view name;
    double value = 0;
};

//! The shortest decimal text that reads back as the same number; a float's own shortest text for a float.
template <class Number>
std::string number_text(Number value) {
    char buffer[40];
    const auto r = std::to_chars(buffer, buffer + sizeof buffer, value);
    return std::string(buffer, r.ptr);
}

//! `expression("dithered", {{"levels", 3}})` is "dithered(levels=3)"; without arguments just the name.
inline std::string expression(std::string_view name, std::initializer_list<named_number> arguments) {
    std::string text(name);
    char separator = '(';
    for (const auto& a : arguments) {
        text += separator;
        text += a.name;
        text += '=';
        text += number_text(a.value);
        separator = ',';
    }
    if (separator == ',') {
        text += ')';
    }
    return text;
}

//! `composition("scalar", {"sign", "max_norm"})` is "scalar(sign,max_norm)"; without parts just the name.
inline std::string composition(std::string_view name, std::initializer_list<std::string> parts) {
    std::string text(name);
    char separator = '(';
    for (const auto& p : parts) {
        text += separator;
        text += p;
        separator = ',';
    }
    if (separator == ',') {
        text += ')';
    }
    return text;
}

}  // namespace frugal
