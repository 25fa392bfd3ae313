#include "expression.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>

namespace frugal::driver {
namespace {

bool is_word_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-' || c == '+' || c == '/';
}

class parser {
public:
    explicit parser(std::string_view text) : text_(std::make_shared<const std::string>(text)) {}

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

    term one(int depth) {
        if (depth > deepest) {
            fail("expressions may be nested " + std::to_string(deepest) + " deep; this one is deeper");
        }
        term t = word();
        skip_spaces();
        if (peek() == '(') {
            ++position_;
            skip_spaces();
            if (peek() != ')') {
                for (;;) {
                    t.arguments.push_back(argument(depth + 1));
                    skip_spaces();
                    if (peek() != ',') {
                        break;
                    }
                    ++position_;
                }
            }
            if (peek() != ')') {
                fail("expected ',' or ')' here");
            }
            ++position_;
        }
        return t;
    }
    term argument(int depth) {
        const std::size_t start = position_;
        term t = one(depth);
        skip_spaces();
        if (peek() == '=') {
            if (!t.arguments.empty()) {
                position_ = start;
                fail("a parameter's name is a single word");
            }
            ++position_;
            const std::string key = t.word;
            t = one(depth);
            t.key = key;
        }
        return t;
    }
    term word() {
        skip_spaces();
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
    [[noreturn]] void fail(const std::string& sentence) const {
        term here;
        here.at = position_;
        here.word = position_ < text_->size() ? std::string(1, (*text_)[position_]) : std::string();
        here.text = text_;
        fail_at(here, sentence);
    }

    std::shared_ptr<const std::string> text_;
    std::size_t position_ = 0;
};

std::size_t edit_distance(std::string_view a, std::string_view b) {
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

std::optional<double> plain_number(std::string_view text) {
    const std::size_t slash = text.find('/');
    if (slash != std::string_view::npos) {
        const auto a = plain_number(text.substr(0, slash));
        const auto b = plain_number(text.substr(slash + 1));
        return a && b && *b != 0 ? std::optional(*a / *b) : std::nullopt;
    }
    double value = 0;
    const auto r = std::from_chars(text.data(), text.data() + text.size(), value);
    return r.ec == std::errc() && r.ptr == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

std::string compact(double v) {
    char buffer[32];
    const auto r = std::to_chars(buffer, buffer + sizeof buffer, v, std::chars_format::general, 6);
    return std::string(buffer, r.ptr);
}

struct unit {
    std::string_view name;
    double factor;
};

double with_unit(const term& t, const char* what, std::initializer_list<unit> units) {
    std::string known;
    for (const auto& u : units) {
        if (t.word.size() > u.name.size() && t.word.ends_with(u.name)) {
            const auto v = plain_number(std::string_view(t.word).substr(0, t.word.size() - u.name.size()));
            if (v && *v >= 0) {
                return *v * u.factor;
            }
        }
        known += (known.empty() ? "" : ", ") + std::string(u.name);
    }
    fail_at(t, "'" + t.word + "' is not " + what + "; write a number and one of the units " + known);
}

}  // namespace

term parse(std::string_view text) {
    return parser(text).whole();
}

void fail_at(const term& where, const std::string& sentence) {
    std::string message = sentence;
    if (where.text) {
        message += "\n  " + *where.text + "\n  " + std::string(where.at, ' ') + "^" +
                   std::string(where.word.empty() ? 0 : where.word.size() - 1, '~');
    }
    throw invalid_input(message);
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& known) {
    std::string best;
    std::size_t distance = word.size() / 3 + 2;
    for (const auto& k : known) {
        const std::size_t d = edit_distance(word, k);
        if (d < distance) {
            distance = d;
            best = k;
        }
    }
    return best.empty() ? std::string() : " (did you mean '" + best + "'?)";
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& w : words) {
        text += (text.empty() ? "" : ", ") + w;
    }
    return text;
}

double parse_seconds(const term& t) {
    return with_unit(t, "a time", {{"us", 1e-6}, {"ms", 1e-3}, {"s", 1}});
}

double parse_bandwidth(const term& t) {
    return with_unit(t, "a bandwidth", {{"Gbps", 1e9}, {"Mbps", 1e6}, {"kbps", 1e3}, {"bps", 1}});
}

double number_of(const term& t, double low, double high) {
    const auto v = plain_number(t.word);
    if (!v || !t.arguments.empty() || !(*v >= low && *v <= high)) {
        fail_at(t, "'" + t.word + "' is not a number from " + compact(low) + " to " + compact(high));
    }
    return *v;
}

std::int64_t integer_of(const term& t, std::int64_t low, std::int64_t high) {
    std::int64_t v = 0;
    const auto r = std::from_chars(t.word.data(), t.word.data() + t.word.size(), v);
    if (r.ec != std::errc() || r.ptr != t.word.data() + t.word.size() || !t.arguments.empty() || v < low || v > high) {
        fail_at(t,
                "'" + t.word + "' is not a whole number from " + std::to_string(low) + " to " + std::to_string(high));
    }
    return v;
}

arguments::arguments(const term& t, const std::vector<parameter>& parameters, bool variadic) : term_(&t) {
    if (variadic) {
        return;
    }
    std::vector<std::string> known;
    for (const auto& p : parameters) {
        slots_.push_back({p.name, {}, false, false});
        known.push_back(p.name);
    }
    std::size_t next = 0;
    for (const auto& a : t.arguments) {
        std::size_t i = next;
        if (!a.key.empty()) {
            i = static_cast<std::size_t>(std::find(known.begin(), known.end(), a.key) - known.begin());
            if (i == known.size()) {
                term key = a;
                key.word = a.key;
                const std::size_t equals = a.text->rfind('=', a.at);
                key.at = equals == std::string::npos ? a.at : a.text->rfind(a.key, equals);
                fail_at(key, "'" + t.word + "' has no parameter '" + a.key + "'" + did_you_mean(a.key, known) +
                                 (known.empty() ? "; it has none" : "; it has " + joined(known)));
            }
        } else if (next >= slots_.size()) {
            fail_at(a, "'" + t.word + "' takes at most " + std::to_string(slots_.size()) + " arguments" +
                           (known.empty() ? "" : ": " + joined(known)));
        }
        if (slots_[i].given) {
            fail_at(a, "the parameter '" + slots_[i].name + "' of '" + t.word + "' is given twice");
        }
        slots_[i].value = a;
        slots_[i].given = slots_[i].present = true;
        next = i + 1;
    }
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        if (!slots_[i].given && !parameters[i].default_value.empty()) {
            slots_[i].value = parse(parameters[i].default_value);
            slots_[i].present = true;
        }
    }
}

const term& arguments::operator[](std::string_view name) const {
    for (const auto& s : slots_) {
        if (s.name == name) {
            if (!s.present) {
                fail_at(*term_, "'" + term_->word + "' needs its parameter '" + s.name + "'");
            }
            return s.value;
        }
    }
    throw std::logic_error("an entry reads a parameter it does not declare: " + std::string(name));
}

double arguments::number(std::string_view name, double low, double high) const {
    return number_of((*this)[name], low, high);
}

std::int64_t arguments::integer(std::string_view name, std::int64_t low, std::int64_t high) const {
    return integer_of((*this)[name], low, high);
}

bool arguments::flag(std::string_view name) const {
    const term& t = (*this)[name];
    if (t.word == "true" || t.word == "false") {
        return t.word == "true";
    }
    fail_at(t, "'" + t.word + "' is not true or false");
}

bool arguments::given(std::string_view name) const {
    for (const auto& s : slots_) {
        if (s.name == name) {
            return s.given;
        }
    }
    return false;
}

}  // namespace frugal::driver
