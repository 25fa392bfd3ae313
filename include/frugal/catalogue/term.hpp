//! Textual expressions such as `error_feedback(sparse(top_k(fraction=0.01)))` as trees, and errors that point at a
//! word.
#pragma once

#include <algorithm>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <limits>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <frugal/core/describe.hpp>
#include <frugal/core/error.hpp>

namespace frugal {

//! An expression that cannot be read: what() is a sentence, and below it the expression with the word underlined.
struct expression_error : invalid_input {
    using invalid_input::invalid_input;
};

//! One word with its arguments: `top_k(fraction=0.01)`. A number is a word without arguments; a list `[1,2]` is the
//! word "[" with its elements.
struct term {
    std::string word;
    std::string key;  //!< of `key=word(...)`; empty where there is none
    std::vector<term> arguments;
    std::size_t at = 0;      //!< column of the word in the text it came from
    std::size_t key_at = 0;  //!< column of the key
    std::shared_ptr<const std::string> text;

    bool is_list() const { return word == "["; }
};

//! A word for a message; of very long ones only the beginning.
inline std::string in_quotes(std::string_view word) {
    constexpr std::size_t longest = 40;
    return "'" + std::string(word.substr(0, longest)) + (word.size() > longest ? "..." : "") + "'";
}

namespace detail {

[[noreturn]] inline void fail_at(const std::string& text, std::size_t at, std::size_t length,
                                 const std::string& sentence) {
    constexpr std::size_t shown = 160;
    constexpr std::size_t before = 60;
    const std::size_t begin = text.size() > shown && at > before ? at - before : 0;
    const bool cut = text.size() - begin > shown;
    const std::string left = begin > 0 ? "..." : "";
    const std::size_t column = left.size() + at - begin;
    throw expression_error(sentence + "\n  " + left + text.substr(begin, shown) + (cut ? "..." : "") + "\n  " +
                           std::string(column, ' ') + "^" +
                           std::string(std::min(std::max<std::size_t>(length, 1), shown) - 1, '~'));
}

}  // namespace detail

//! Throws `expression_error`: the sentence, and below it the expression with the term's word underlined.
[[noreturn]] inline void fail_at(const term& where, const std::string& sentence) {
    detail::fail_at(where.text ? *where.text : where.word, where.at, where.word.size(), sentence);
}
//! The same with the term's key underlined.
[[noreturn]] inline void fail_at_key(const term& where, const std::string& sentence) {
    detail::fail_at(where.text ? *where.text : where.key, where.key_at, where.key.size(), sentence);
}

namespace detail {

class term_parser {
public:
    explicit term_parser(std::string_view text) : text_(std::make_shared<const std::string>(text)) {}

    term whole() {
        term t = one(0);
        skip_spaces();
        if (position_ < text_->size()) {
            fail("expected the end here");
        }
        return t;
    }

private:
    static constexpr int deepest = 32;

    static bool is_word_character(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
               c == '-' || c == '+' || c == '/';
    }

    term one(int depth) {
        if (depth > deepest) {
            fail("expressions may be nested " + std::to_string(deepest) + " deep; this one is deeper");
        }
        skip_spaces();
        if (peek() == '[') {
            term t;
            t.word = "[";
            t.at = position_;
            t.text = text_;
            read_arguments(t, ']', depth);
            return t;
        }
        term t = word();
        skip_spaces();
        if (peek() == '(') {
            read_arguments(t, ')', depth);
        }
        return t;
    }
    //! From the opening bracket on.
    void read_arguments(term& t, char closing, int depth) {
        ++position_;
        skip_spaces();
        if (peek() != closing) {
            for (;;) {
                t.arguments.push_back(argument(depth + 1));
                skip_spaces();
                if (peek() != ',') {
                    break;
                }
                ++position_;
            }
        }
        if (peek() != closing) {
            fail(std::string("expected ',' or '") + closing + "' here");
        }
        ++position_;
    }
    term argument(int depth) {
        skip_spaces();
        const std::size_t start = position_;
        term t = one(depth);
        skip_spaces();
        if (peek() == '=') {
            if (!t.arguments.empty() || t.is_list()) {
                position_ = start;
                fail("a parameter's name is a single word");
            }
            ++position_;
            std::string key = std::move(t.word);
            t = one(depth);
            t.key = std::move(key);
            t.key_at = start;
        }
        return t;
    }
    term word() {
        const std::size_t start = position_;
        while (position_ < text_->size() && is_word_character((*text_)[position_])) {
            ++position_;
        }
        if (position_ == start) {
            fail("expected a name or a number here");
        }
        term t;
        t.word = text_->substr(start, position_ - start);
        t.at = start;
        t.text = text_;
        return t;
    }
    char peek() const { return position_ < text_->size() ? (*text_)[position_] : '\0'; }
    void skip_spaces() {
        while (peek() == ' ' || peek() == '\t' || peek() == '\n') {
            ++position_;
        }
    }
    [[noreturn]] void fail(const std::string& sentence) const { fail_at(*text_, position_, 1, sentence); }

    std::shared_ptr<const std::string> text_;
    std::size_t position_ = 0;
};

inline std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t substituted = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, substituted});
        }
    }
    return row[b.size()];
}

}  // namespace detail

//! Reads one expression, nested at most 32 deep. Throws `expression_error` that points at the character it cannot read.
inline term parse_term(std::string_view text) {
    return detail::term_parser(text).whole();
}

//! The known word closest to `word`, as " (did you mean 'x'?)", or nothing where none is close.
inline std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
    std::string best;
    std::size_t distance = word.size() / 3 + 2;
    for (const std::string& k : known) {
        if (k.size() + distance > word.size() && word.size() + distance > k.size()) {
            const std::size_t d = detail::edit_distance(word, k);
            if (d < distance) {
                distance = d;
                best = k;
            }
        }
    }
    return best.empty() ? std::string() : " (did you mean '" + best + "'?)";
}

//! Comma-separated.
inline std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& w : words) {
        text += (text.empty() ? "" : ", ") + w;
    }
    return text;
}

//! A number, or empty: decimal, or for floating-point numbers a quotient `a/b` of two.
template <class Number>
std::optional<Number> number_of(std::string_view text) {
    const auto plain = []<class T>(std::string_view s, T value) -> std::optional<T> {
        const auto r = std::from_chars(s.data(), s.data() + s.size(), value);
        return r.ec == std::errc() && r.ptr == s.data() + s.size() ? std::optional<T>(value) : std::nullopt;
    };
    if (const auto value = plain(text, Number{})) {
        return value;
    }
    if constexpr (std::floating_point<Number>) {
        const std::size_t slash = text.find('/');
        if (slash != std::string_view::npos) {
            const auto a = plain(text.substr(0, slash), 0.0);
            const auto b = plain(text.substr(slash + 1), 0.0);
            return a && b && *b != 0 ? std::optional(static_cast<Number>(*a / *b)) : std::nullopt;
        }
    } else if (const auto value = plain(text, 0.0)) {  // 1e6
        constexpr double largest =
            std::min(9007199254740992.0, static_cast<double>(std::numeric_limits<Number>::max()));
        if (*value >= 0 && *value <= largest && *value == static_cast<double>(static_cast<Number>(*value))) {
            return static_cast<Number>(*value);
        }
    }
    return std::nullopt;
}

//! The number that a term is, within `range`; points at it otherwise.
template <class Number>
Number number_of(const term& t, const number_range& range) {
    const auto v = number_of<Number>(t.word);
    if (!v || !t.arguments.empty() || !range.contains(static_cast<double>(*v))) {
        fail_at(t, in_quotes(t.word) + " is not " + range.text(std::integral<Number>));
    }
    return *v;
}

}  // namespace frugal
