//! From descriptions to a table of what can be named, and from expressions to objects.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <frugal/catalogue/policy_list.hpp>
#include <frugal/catalogue/term.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/error.hpp>

namespace frugal {

//! A name for an expression.
struct catalogue_alias {
    std::string_view name;
    std::string_view meaning;
    std::string_view expression;
};

//! What is known of one kind of thing. To add a kind, specialise it for the type that may hold any thing of that kind
//! (which has a constructor from each, and name()):
//!
//!     static constexpr std::string_view kind = "scale";
//!     using policies = policy_list<max_norm, ...>;
//!
//! Optional: `static constexpr std::array aliases{catalogue_alias{...}, ...};` and `static constexpr number_range
//! number;`, where a
//! plain number stands for a thing of this kind.
template <class Any>
struct catalogue_of;

//! A type that may hold anything of one kind of the catalogue.
template <class T>
concept Catalogued = requires { catalogue_of<T>::kind; };

//! One parameter of an entry.
struct described_parameter {
    std::string_view name;
    std::string_view meaning;
    std::string accepts;         //!< such as "a whole number from 1 to 64", "a scale"; empty where nothing can be said
    std::string default_text;    //!< empty: it must be given
    std::string_view must_be{};  //!< the policy whose word must stand here; empty: any value will do
    placement place = placement::named;
    bool (*knows)(std::string_view word) = nullptr;  //!< is that the name of something that may stand here? Or null
};

//! The arguments of a term matched to parameters, by position or by name. Unknown names, too many arguments and
//! arguments given twice are refused. The term must outlive it.
class term_arguments {
public:
    term_arguments(const term& t, std::span<const described_parameter> parameters)
        : term_(&t), given_(parameters.size()) {
        const bool open = !parameters.empty() && parameters.back().place == placement::rest;
        const std::size_t single = parameters.size() - (open ? 1 : 0);
        std::size_t next = 0;
        for (const term& a : t.arguments) {
            std::size_t i = next;
            if (!a.key.empty()) {
                i = find(a, parameters.first(single));
            } else if (next >= single) {
                if (!open) {
                    fail_at(a, in_quotes(t.word) + " takes " +
                                   (single == 0 ? "no arguments" : "at most " + std::to_string(single) + ": ") +
                                   names(parameters));
                }
                rest_.push_back(&a);
                continue;
            }
            if (given_[i] != nullptr) {
                fail_at(a, "the parameter '" + std::string(parameters[i].name) + "' of " + in_quotes(t.word) +
                               " is given twice");
            }
            given_[i] = &a;
            next = i + 1;
        }
    }

    const term& whole() const { return *term_; }
    //! Null where it was not given.
    const term* operator[](std::size_t i) const { return given_[i]; }
    std::span<const term* const> rest() const { return rest_; }

private:
    static std::string names(std::span<const described_parameter> parameters) {
        std::vector<std::string> all;
        for (const described_parameter& p : parameters) {
            all.emplace_back(p.name);
        }
        return joined(all);
    }
    std::size_t find(const term& a, std::span<const described_parameter> parameters) const {
        for (std::size_t i = 0; i < parameters.size(); ++i) {
            if (parameters[i].name == a.key) {
                return i;
            }
        }
        std::vector<std::string> known;
        for (const described_parameter& p : parameters) {
            known.emplace_back(p.name);
        }
        fail_at_key(a, in_quotes(term_->word) + " has no parameter " + in_quotes(a.key) + did_you_mean(a.key, known) +
                           (known.empty() ? "; it has none" : "; it has " + joined(known)));
    }

    const term* term_;
    std::vector<const term*> given_;
    std::vector<const term*> rest_;
};

//! One thing that can be named. Several entries of one name differ in what some of their parameters must be.
template <class Value>
struct catalogue_entry {
    std::string_view name;
    std::string_view meaning;
    std::vector<described_parameter> parameters;
    Value (*build)(const term_arguments&);
};

//! All entries for things that `Value` may hold; made on first use.
template <Catalogued Value>
const std::vector<catalogue_entry<Value>>& entries();

//! The thing that a term names. Throws `expression_error` for what is not known, `invalid_input` and what constructors
//! throw turned into one that points at the term.
template <Catalogued Value>
Value from_term(const term& t);

namespace detail {

template <class T, class Member>
struct value_of_field {
    using type = std::remove_cvref_t<decltype(field_value(std::declval<const T&>(), std::declval<field<Member>>()))>;
};
template <class T, class V>
struct value_of_field<T, std::type_identity<V>> {
    using type = V;
};
//! The type that field i of T holds.
template <class T, std::size_t i>
using field_type = typename value_of_field<T, decltype(field_number<i>(T::describe().fields).member)>::type;

template <class T>
inline constexpr std::size_t field_count = decltype(T::describe().fields)::size;

template <class T>
inline constexpr bool is_made_by_function = !std::same_as<decltype(T::describe().function), std::nullptr_t>;

//! Such as "a whole number from 1 to 64".
template <class V>
std::string accepted_text(const field_text& f) {
    if constexpr (std::is_enum_v<V> || std::same_as<V, bool>) {
        std::vector<std::string> words;
        for (const std::string_view w : f.words) {
            if (!w.empty()) {
                words.emplace_back(w);
            }
        }
        return words.empty() ? "0 or 1" : joined(words);
    } else if constexpr (std::is_arithmetic_v<V>) {
        return f.range.text(std::is_integral_v<V>);
    } else if constexpr (Catalogued<V>) {
        constexpr std::string_view kind = catalogue_of<V>::kind;
        return (std::string_view("aeiou").find(kind[0]) == std::string_view::npos ? "a " : "an ") + std::string(kind);
    } else {
        return {};
    }
}

template <class V>
bool is_known(std::string_view word) {
    return std::ranges::any_of(entries<V>(), [&](const catalogue_entry<V>& e) { return e.name == word; });
}

template <class T>
std::vector<described_parameter> parameters_of() {
    return []<std::size_t... i>(std::index_sequence<i...>) {
        constexpr auto d = T::describe();
        [[maybe_unused]] const auto one = [&]<std::size_t k>(std::integral_constant<std::size_t, k>) {
            using V = field_type<T, k>;
            const auto& f = field_number<k>(d.fields);
            described_parameter p{f.name, f.meaning, accepted_text<V>(f), default_text<T>(f), {}, f.place};
            if constexpr (!Catalogued<V> && Described<V>) {
                p.must_be = V::describe().name;
            } else if constexpr (Catalogued<V>) {
                p.knows = is_known<V>;
            }
            return p;
        };
        return std::vector<described_parameter>{one(std::integral_constant<std::size_t, i>{})...};
    }(std::make_index_sequence<field_count<T>>{});
}

template <Described T>
T build(const term_arguments& a);

//! The value that a term is, for a field.
template <class V>
V read_value(const term& t, const field_text& f) {
    if constexpr (std::is_enum_v<V> || std::same_as<V, bool>) {
        std::vector<std::string> known;
        for (std::size_t i = 0; i < f.words.size() && !f.words[i].empty(); ++i) {
            if (t.word == f.words[i] && t.arguments.empty()) {
                return static_cast<V>(i);
            }
            known.emplace_back(f.words[i]);
        }
        if constexpr (std::same_as<V, bool>) {
            for (const std::string_view word : {"0", "1", "false", "true"}) {
                if (t.word == word && t.arguments.empty()) {
                    return word == "1" || word == "true";
                }
            }
            if (known.empty()) {
                known = {"true", "false"};
            }
        }
        fail_at(t, in_quotes(t.word) + " is not known as '" + std::string(f.name) + "'" + did_you_mean(t.word, known) +
                       "; known: " + joined(known));
    } else if constexpr (std::is_arithmetic_v<V>) {
        return number_of<V>(t, f.range);
    } else if constexpr (requires { V::read(t); }) {
        return V::read(t);
    } else if constexpr (Catalogued<V>) {
        return from_term<V>(t);
    } else if constexpr (Described<V>) {
        const std::vector<described_parameter> parameters = parameters_of<V>();
        if (t.word != V::describe().name) {
            fail_at(t, "expected '" + std::string(V::describe().name) + "' here");
        }
        return build<V>(term_arguments(t, parameters));
    } else {
        if (!t.is_list()) {
            fail_at(t, in_quotes(t.word) + " is not a list, such as [1,2]");
        }
        V values;
        for (const term& element : t.arguments) {
            values.push_back(read_value<typename V::value_type>(element, f));
        }
        return values;
    }
}

//! The field before field i whose name is the default of field i; i where there is none.
template <class T, std::size_t i>
constexpr std::size_t field_of_default() {
    return []<std::size_t... k>(std::index_sequence<k...>) {
        [[maybe_unused]] constexpr auto d = T::describe();
        std::size_t found = i;
        ((found = field_number<k>(d.fields).name == field_number<i>(d.fields).default_text ? k : found), ...);
        return found;
    }(std::make_index_sequence<i>{});
}

template <class T, std::size_t i>
field_type<T, i> read_field(const term_arguments& a) {
    using V = field_type<T, i>;
    constexpr auto d = T::describe();
    constexpr auto f = field_number<i>(d.fields);
    if constexpr (f.place == placement::rest) {
        V values;
        for (const term* element : a.rest()) {
            values.push_back(read_value<typename V::value_type>(*element, f));
        }
        return values;
    } else if (a[i] != nullptr) {
        return read_value<V>(*a[i], f);
    } else if constexpr (!f.default_text.empty()) {
        if constexpr (constexpr std::size_t same = field_of_default<T, i>(); same < i) {
            return read_field<T, same>(a);
        } else {
            return read_value<V>(parse_term(f.default_text), f);
        }
    } else if constexpr (std::is_default_constructible_v<T> && !is_made_by_function<T>) {
        return field_value(T{}, f);
    } else {
        fail_at(a.whole(), in_quotes(a.whole().word) + " needs its parameter '" + std::string(f.name) + "'");
    }
}

//! What f returns; what it refuses becomes an error at the term.
template <class F>
auto at_term(const term& t, F f) {
    try {
        return f();
    } catch (const expression_error&) {
        throw;
    } catch (const invalid_input& problem) {
        fail_at(t, problem.what());
    }
}

//! From fields: by assignment to the members of an aggregate, or by the constructor that takes them in order.
template <class T, std::size_t... i>
T build_from_fields(const term_arguments& a, std::index_sequence<i...>) {
    if constexpr (sizeof...(i) == 0) {
        return T{};
    } else if constexpr (std::is_aggregate_v<T>) {
        constexpr auto d = T::describe();
        T object{};
        ((object.*field_number<i>(d.fields).member = read_field<T, i>(a)), ...);
        if constexpr (requires { object.validate(); }) {
            object.validate();
        }
        return object;
    } else {
        return T(read_field<T, i>(a)...);
    }
}

template <Described T>
T build(const term_arguments& a) {
    return at_term(a.whole(), [&] { return build_from_fields<T>(a, std::make_index_sequence<field_count<T>>{}); });
}

//! The same for an element of a catalogue's list, which may be a function's description.
template <class T, class Value>
Value build_as(const term_arguments& a) {
    if constexpr (is_made_by_function<T>) {
        return at_term(a.whole(), [&] {
            return [&]<std::size_t... i>(std::index_sequence<i...>) {
                return Value(T::describe().function(read_field<T, i>(a)...));
            }(std::make_index_sequence<field_count<T>>{});
        });
    } else {
        return Value(build<T>(a));
    }
}

template <class Value, class... T>
std::vector<catalogue_entry<Value>> entries_of(policy_list<T...>) {
    return {
        catalogue_entry<Value>{T::describe().name, T::describe().meaning, parameters_of<T>(), build_as<T, Value>}...};
}

//! Appends what is not there yet.
inline void note(std::vector<std::string>& words, std::string_view word) {
    if (std::find(words.begin(), words.end(), word) == words.end()) {
        words.emplace_back(word);
    }
}

//! "unknown quantizer 'x' (did you mean ...)", at the term.
[[noreturn]] inline void fail_unknown(const term& t, std::string_view kind, const std::vector<std::string>& known,
                                      const std::string& hint = {}) {
    fail_at(t, "unknown " + std::string(kind) + " " + in_quotes(t.word) +
                   (hint.empty() ? did_you_mean(t.word, known) : hint) + "; known: " + joined(known));
}

//! Where the word is what an entry's parameter must be, or its first may be, the entry written around it.
template <class Value>
std::string wrapped_hint(const std::string& word) {
    for (const catalogue_entry<Value>& e : entries<Value>()) {
        for (const described_parameter& p : e.parameters) {
            const bool may_be = &p == e.parameters.data() && p.knows != nullptr && p.knows(word);
            if (may_be || p.must_be == word) {
                return " (" + (may_be ? p.accepts : "a " + std::string(p.name)) + "; did you mean '" +
                       std::string(e.name) + "(" + word + ")'?)";
            }
        }
    }
    return {};
}

}  // namespace detail

template <Catalogued Value>
const std::vector<catalogue_entry<Value>>& entries() {
    static const std::vector<catalogue_entry<Value>> all =
        detail::entries_of<Value>(typename catalogue_of<Value>::policies{});
    return all;
}

template <Catalogued Value>
Value from_term(const term& t) {
    using catalogue = catalogue_of<Value>;
    if constexpr (requires { catalogue::number; }) {
        if (t.arguments.empty() && number_of<double>(t.word)) {
            return Value(number_of<double>(t, catalogue::number));
        }
    }
    std::vector<const catalogue_entry<Value>*> candidates;
    std::vector<std::string> known;
    for (const catalogue_entry<Value>& e : entries<Value>()) {
        detail::note(known, e.name);
        if (e.name == t.word) {
            candidates.push_back(&e);
        }
    }
    if constexpr (requires { catalogue::aliases; }) {
        for (const catalogue_alias& a : catalogue::aliases) {
            detail::note(known, a.name);
            if (candidates.empty() && a.name == t.word) {
                if (!t.arguments.empty()) {
                    fail_at(t, "the alias '" + t.word + "' takes no arguments; write out " + std::string(a.expression));
                }
                return from_term<Value>(parse_term(a.expression));
            }
        }
    }
    if (candidates.empty()) {
        detail::fail_unknown(t, catalogue::kind, known, detail::wrapped_hint<Value>(t.word));
    }
    const term_arguments a(t, candidates.front()->parameters);
    for (std::size_t i = 0; i < candidates.front()->parameters.size(); ++i) {
        const described_parameter p = candidates.front()->parameters[i];
        if (p.must_be.empty()) {
            continue;
        }
        if (a[i] == nullptr && p.default_text.empty()) {
            fail_at(t, in_quotes(t.word) + " needs its parameter '" + std::string(p.name) + "'");
        }
        const std::string word = a[i] != nullptr ? a[i]->word : parse_term(p.default_text).word;
        known.clear();
        for (const auto* c : candidates) {
            detail::note(known, c->parameters[i].must_be);
        }
        std::erase_if(candidates, [&](const auto* c) { return c->parameters[i].must_be != word; });
        if (candidates.empty()) {
            detail::fail_unknown(a[i] != nullptr ? *a[i] : t, p.name, known);
        }
    }
    return candidates.front()->build(a);
}

//! The thing that an expression names: `parse<any_compressor>("error_feedback(sparse(top_k(fraction=0.01)))")`. Its
//! name() gives back the same thing. Throws `expression_error`, an `invalid_input` that points at the word that is
//! wrong and says what is known in its place.
template <Catalogued Value>
Value parse(std::string_view text) {
    return from_term<Value>(parse_term(text));
}

//! The name of anything in the catalogue.
template <class T>
std::string name_of(const T& thing) {
    return std::string(thing.name());
}
template <class... T>
std::string name_of(const std::variant<T...>& thing) {
    return std::visit([](const auto& held) { return std::string(held.name()); }, thing);
}

}  // namespace frugal
