//! What the catalogue knows, as text: for help and for tables in documents.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <frugal/catalogue/entry.hpp>

namespace frugal {

//! One name of a kind, with all its entries taken together.
struct listed {
    std::string signature;  //!< such as `scalar(quantizer, scale=max_norm, coder=packed)`
    std::string meaning;
    std::vector<std::string> parameters;  //!< one line each: name, meaning, what it accepts
    std::string expression;               //!< of an alias, what it stands for; otherwise empty
};

namespace detail {

template <class Value>
std::string signature_of(const catalogue_entry<Value>& e) {
    std::string text(e.name);
    char separator = '(';
    for (const described_parameter& p : e.parameters) {
        text += separator;
        text += separator == '(' ? "" : " ";
        text += p.name;
        text += p.place == placement::rest ? ",..." : p.default_text.empty() ? "" : "=" + p.default_text;
        separator = ',';
    }
    return separator == '(' ? text : text + ')';
}

//! What parameter i may be, over all entries of that name: "one of dithered, sign".
template <class Value>
std::string choices_of(const catalogue_entry<Value>& first, std::size_t i) {
    std::vector<std::string> words;
    for (const catalogue_entry<Value>& e : entries<Value>()) {
        if (e.name == first.name && !e.parameters[i].must_be.empty()) {
            note(words, e.parameters[i].must_be);
        }
    }
    return words.empty() ? std::string() : "one of " + joined(words);
}

//! Where entries of one name have other defaults than the first: " (mean_abs with sign)".
template <class Value>
std::string other_defaults(const catalogue_entry<Value>& first, std::size_t i) {
    std::string text;
    for (const catalogue_entry<Value>& e : entries<Value>()) {
        if (e.name == first.name && e.parameters[i].default_text != first.parameters[i].default_text) {
            for (const described_parameter& p : e.parameters) {
                if (!p.must_be.empty()) {
                    text.append(text.empty() ? " (" : ", ").append(e.parameters[i].default_text);
                    text.append(" with ").append(p.must_be);
                    break;
                }
            }
        }
    }
    return text.empty() ? text : text + ')';
}

}  // namespace detail

//! Everything of a kind, in the order of the catalogue, aliases last.
template <Catalogued Value>
std::vector<listed> list_of() {
    std::vector<listed> all;
    std::string_view before;
    for (const catalogue_entry<Value>& e : entries<Value>()) {
        if (e.name == before) {
            continue;
        }
        before = e.name;
        listed one{detail::signature_of(e), std::string(e.meaning), {}, {}};
        for (std::size_t i = 0; i < e.parameters.size(); ++i) {
            const described_parameter& p = e.parameters[i];
            const std::string accepts = p.must_be.empty() ? p.accepts : detail::choices_of(e, i);
            const bool required = p.default_text.empty() && p.place != placement::rest;
            one.parameters.push_back(std::string(p.name) + ": " + std::string(p.meaning) +
                                     (accepts.empty() ? "" : "; " + accepts) + detail::other_defaults(e, i) +
                                     (required ? " (required)" : ""));
        }
        all.push_back(std::move(one));
    }
    if constexpr (requires { catalogue_of<Value>::aliases; }) {
        for (const catalogue_alias& a : catalogue_of<Value>::aliases) {
            all.push_back({std::string(a.name), std::string(a.meaning), {}, std::string(a.expression)});
        }
    }
    return all;
}

//! One of them as indented lines.
inline std::string text_of(const listed& one) {
    std::string text = "  " + one.signature + "  " + one.meaning + '\n';
    if (!one.expression.empty()) {
        text += "      = " + one.expression + '\n';
    }
    for (const std::string& p : one.parameters) {
        text += "      " + p + '\n';
    }
    return text;
}

//! All of them as indented lines.
template <Catalogued Value>
std::string list_text() {
    std::string text;
    for (const listed& one : list_of<Value>()) {
        text += text_of(one);
    }
    return text;
}

//! The same as a table in Markdown.
template <Catalogued Value>
std::string list_markdown() {
    const auto escaped = [](std::string_view from) {
        std::string to;
        for (const char c : from) {
            to += c == '|' || c == '*' || c == '_' ? std::string{'\\', c} : std::string(1, c);
        }
        return to;
    };
    std::string text = "| name | meaning | parameters |\n|---|---|---|\n";
    for (const listed& one : list_of<Value>()) {
        text += "| `" + one.signature + "` | " + escaped(one.meaning) + " | ";
        text += one.expression.empty() ? "" : "`" + one.expression + "`";
        for (std::size_t i = 0; i < one.parameters.size(); ++i) {
            text += (i == 0 ? "" : "<br>") + escaped(one.parameters[i]);
        }
        text += " |\n";
    }
    return text;
}

}  // namespace frugal
