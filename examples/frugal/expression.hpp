//! Textual expressions of the command line, such as `error_feedback(sparse(top_k(fraction=0.01)))`, and the registries
//! that turn them into objects. A wrong word is reported with its place and with what is known there.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <frugal/core/error.hpp>

namespace frugal::driver {

//! One word with its arguments: `top_k(fraction=0.01)`; a number is a word without arguments.
struct term {
    std::string word;
    std::string key;  // of `key=word(...)`, empty if positional
    std::vector<term> arguments;
    std::size_t at = 0;  // column of the word in the text it came from
    std::shared_ptr<const std::string> text;
};

//! Parses one expression; throws `invalid_input` that points at the character it cannot read.
term parse(std::string_view text);

//! `invalid_input` with a sentence, and below it the expression with the word underlined.
[[noreturn]] void fail_at(const term& where, const std::string& sentence);

//! The known word closest to `word`, as " (did you mean 'x'?)", or nothing when none is close.
std::string did_you_mean(const std::string& word, const std::vector<std::string>& known);

//! Comma-separated.
std::string joined(const std::vector<std::string>& words);

//! Numbers with units: 50us, 1.5ms, 2s in seconds; 100Mbps, 10Gbps in bits per second.
double parse_seconds(const term& t);
double parse_bandwidth(const term& t);

//! The element of that name; `invalid_input` that lists what is known if there is none.
template <class T>
const T& find_named(const std::vector<T>& all, const std::string& kind, const std::string& name) {
    std::vector<std::string> known;
    for (const T& element : all) {
        if (element.name == name) {
            return element;
        }
        known.push_back(element.name);
    }
    throw invalid_input("unknown " + kind + " '" + name + "'" + did_you_mean(name, known) +
                        "; known: " + joined(known));
}

//! A parameter of a registry entry: its name, default (an expression; empty = required) and meaning.
struct parameter {
    std::string name;
    std::string default_value;
    std::string meaning;
};

//! The arguments of a term matched to an entry's parameters, by position or by name; defaults filled in.
class arguments {
public:
    arguments(const term& t, const std::vector<parameter>& parameters, bool variadic);

    const term& operator[](std::string_view name) const;
    double number(std::string_view name, double low, double high) const;
    std::int64_t integer(std::string_view name, std::int64_t low, std::int64_t high) const;
    bool flag(std::string_view name) const;
    //! Was it written (rather than filled in by the default)?
    bool given(std::string_view name) const;
    const std::vector<term>& all() const { return term_->arguments; }
    const term& whole() const { return *term_; }

private:
    struct slot {
        std::string name;
        term value;
        bool given = false;
        bool present = false;
    };
    const term* term_;
    std::vector<slot> slots_;
};

double number_of(const term& t, double low, double high);
std::int64_t integer_of(const term& t, std::int64_t low, std::int64_t high);

//! Named factories of one kind of thing ("compressor", "topology", ...), extra context passed to each.
template <class Value, class... Context>
class registry {
public:
    struct entry {
        entry(std::string name_, std::string meaning_, std::vector<parameter> parameters_,
              std::function<Value(const arguments&, Context...)> build_, bool variadic_ = false)
            : name(std::move(name_)),
              meaning(std::move(meaning_)),
              parameters(std::move(parameters_)),
              build(std::move(build_)),
              variadic(variadic_) {}
        //! A short name for an expression.
        entry(std::string alias, std::string meaning_, std::string expands_to_)
            : name(std::move(alias)), meaning(std::move(meaning_)), expands_to(std::move(expands_to_)) {}

        std::string name;
        std::string meaning;
        std::vector<parameter> parameters;
        std::function<Value(const arguments&, Context...)> build;
        bool variadic = false;
        std::string expands_to;
    };

    registry(std::string kind, std::vector<entry> entries) : kind_(std::move(kind)), entries_(std::move(entries)) {}

    const std::string& kind() const { return kind_; }
    const std::vector<entry>& entries() const { return entries_; }
    std::vector<std::string> names() const {
        std::vector<std::string> result;
        for (const auto& e : entries_) {
            result.push_back(e.name);
        }
        return result;
    }
    Value build(const term& t, Context... context) const {
        for (const auto& e : entries_) {
            if (e.name == t.word) {
                if (!e.expands_to.empty()) {
                    if (!t.arguments.empty()) {
                        fail_at(t, "the alias '" + e.name + "' takes no arguments; write out " + e.expands_to);
                    }
                    return build(parse(e.expands_to), context...);
                }
                const arguments a(t, e.parameters, e.variadic);
                try {
                    return e.build(a, context...);
                } catch (const invalid_input& problem) {
                    if (std::string_view(problem.what()).find('\n') != std::string_view::npos) {
                        throw;
                    }
                    fail_at(t, problem.what());
                }
            }
        }
        fail_at(t, "unknown " + kind_ + " '" + t.word + "'" + did_you_mean(t.word, names()) +
                       "; known: " + joined(names()));
    }
    Value build(std::string_view text, Context... context) const { return build(parse(text), context...); }

private:
    std::string kind_;
    std::vector<entry> entries_;
};

}  // namespace frugal::driver
