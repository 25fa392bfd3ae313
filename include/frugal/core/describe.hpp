//! What a policy says of itself, once: its textual name, one sentence, its options with meaning and range. `name()`,
//! validation, expressions on a command line, help and tables derive from it.
//!
//!     struct dithered {
//!         int levels = 1;
//!         static constexpr auto describe() {
//!             return describes("dithered", "uniform with subtractive dither",
//!                              option("levels", &dithered::levels, "levels on each side of zero").from(1).to(1 <<
//!                              24));
//!         }
//!         std::string name() const { return described_name(*this); }
//!         void validate() const { validate_described(*this); }
//!     };
//!
//! The order of the fields is their order as positional arguments, in the constructor (of a policy that has one) and in
//! the name. Defaults are those of the type. `describe()` stands before what uses it in the class.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <frugal/core/error.hpp>
#include <frugal/core/expression.hpp>

namespace frugal {

//! The finite numbers an option may be; the ends belong to it unless they are excluded.
struct number_range {
    double low = std::numeric_limits<double>::lowest();
    double high = std::numeric_limits<double>::max();
    bool low_excluded = false;
    bool high_excluded = false;

    //! False for NaN.
    constexpr bool contains(double v) const {
        return (low_excluded ? v > low : v >= low) && (high_excluded ? v < high : v <= high);
    }
    //! Such as "a whole number from 1 to 64" or "a number above 0".
    std::string text(bool whole) const {
        std::string result = whole ? "a whole number" : "a number";
        if (low != std::numeric_limits<double>::lowest()) {
            result += (low_excluded ? " above " : " from ") + bound_text(low);
        }
        if (high != std::numeric_limits<double>::max()) {
            result += (high_excluded ? " to below " : " to ") + bound_text(high);
        }
        return result;
    }

private:
    static std::string bound_text(double v) {
        constexpr double largest_exact = 9007199254740992.0;
        return v >= -largest_exact && v <= largest_exact && v == static_cast<double>(static_cast<long long>(v))
                   ? number_text(static_cast<long long>(v))
                   : number_text(v);
    }
};

//! How a field is written: `name=value`; its value alone; or all further values, one argument each.
enum class placement { named, positional, rest };

//! What is said of a field, whatever it holds.
struct field_text {
    static constexpr std::size_t most_words = 4;

    std::string_view name;
    std::string_view meaning;
    placement place = placement::named;
    number_range range{};
    std::array<std::string_view, most_words> words{};  //!< of an enumeration or a truth value, from 0 on
    std::string_view default_text{};                   //!< where the type has no default of its own
    bool hidden_default = false;                       //!< is left out of the name where it has its default
};

//! One field of a description. Member: a pointer to a data member or to a const member function without arguments; or
//! std::type_identity<V>, for the argument of a function. Made by `option`, `part`, `rest` and `argument`.
template <class Member>
struct field : field_text {
    Member member;

    constexpr field from(double low) const {
        field f = *this;
        f.range.low = low;
        return f;
    }
    constexpr field above(double low) const {
        field f = from(low);
        f.range.low_excluded = true;
        return f;
    }
    constexpr field to(double high) const {
        field f = *this;
        f.range.high = high;
        return f;
    }
    constexpr field below(double high) const {
        field f = to(high);
        f.range.high_excluded = true;
        return f;
    }
    template <class... Word>
    constexpr field one_of(Word... word) const {
        field f = *this;
        f.words = {word...};
        return f;
    }
    //! The default: an expression, or the name of an earlier field of the same type, whose value it then is.
    constexpr field otherwise(std::string_view text) const {
        field f = *this;
        f.default_text = text;
        return f;
    }
    constexpr field unless_default() const {
        field f = *this;
        f.hidden_default = true;
        return f;
    }
};

//! Written `name=value`.
template <class Member>
constexpr field<Member> option(std::string_view name, Member member, std::string_view meaning) {
    return {{name, meaning}, member};
}
//! Written by its value alone: the parts of a combinator.
template <class Member>
constexpr field<Member> part(std::string_view name, Member member, std::string_view meaning) {
    return {{name, meaning, placement::positional}, member};
}
//! A vector whose elements are the last arguments, however many.
template <class Member>
constexpr field<Member> rest(std::string_view name, Member member, std::string_view meaning) {
    return {{name, meaning, placement::rest}, member};
}
//! The argument of a function (see `describes_function`).
template <class V>
constexpr field<std::type_identity<V>> argument(std::string_view name, std::string_view meaning) {
    return {{name, meaning}, {}};
}

//! A vector of the last arguments of a function, however many.
template <class V>
constexpr field<std::type_identity<std::vector<V>>> arguments_left(std::string_view name, std::string_view meaning) {
    return {{name, meaning, placement::rest}, {}};
}

//! Field i of a list.
template <std::size_t i, class Member>
struct numbered_field {
    field<Member> value;
};

//! The fields of a description in their order: what a std::tuple is, compiled in a fraction of its time.
template <class Indices, class... Members>
struct field_list;
//! With the numbers spelled out.
template <std::size_t... i, class... Members>
struct field_list<std::index_sequence<i...>, Members...> : numbered_field<i, Members>... {
    static constexpr std::size_t size = sizeof...(i);

    //! use(field) for each of them.
    template <class Use>
    constexpr void for_each([[maybe_unused]] Use use) const {
        (use(static_cast<const numbered_field<i, Members>*>(this)->value), ...);
    }
};

//! Field number i of a `field_list`.
template <std::size_t i, class Member>
constexpr const field<Member>& field_number(const numbered_field<i, Member>& fields) {
    return fields.value;
}

//! Function: what makes the object from the fields' values, or std::nullptr_t where the type does it itself.
template <class Function, class... Members>
struct description {
    std::string_view name;
    std::string_view meaning;
    Function function;
    field_list<std::make_index_sequence<sizeof...(Members)>, Members...> fields;
};

//! What `describe()` of a type returns.
template <class... Members>
constexpr description<std::nullptr_t, Members...> describes(std::string_view name, std::string_view meaning,
                                                            const field<Members>&... fields) {
    return {name, meaning, nullptr, {{fields}...}};
}
//! Describes a function that makes a value of many: a topology, a schedule.
template <class Function, class... Members>
constexpr description<Function, Members...> describes_function(std::string_view name, std::string_view meaning,
                                                               Function function, const field<Members>&... fields) {
    return {name, meaning, function, {{fields}...}};
}

//! A type that describes itself.
template <class T>
concept Described = requires { T::describe().name; };

//! What a field of T holds.
template <class T, class Member>
constexpr decltype(auto) field_value(const T& object, const field<Member>& f) {
    if constexpr (std::is_member_object_pointer_v<Member>) {
        return (object.*f.member);
    } else {
        return (object.*f.member)();
    }
}

//! The value as it stands in an expression, such that it reads back as the same value.
template <class V>
std::string value_text(const V& value, const field_text& f) {
    if constexpr (std::is_enum_v<V>) {
        return std::string(f.words.at(static_cast<std::size_t>(value)));
    } else if constexpr (std::same_as<V, bool>) {
        return f.words[0].empty() ? (value ? "1" : "0") : std::string(f.words[value ? 1 : 0]);
    } else if constexpr (std::is_arithmetic_v<V>) {
        return number_text(value);
    } else if constexpr (requires { value.name(); }) {
        return std::string(value.name());
    } else {
        static_assert(
            requires { value.begin(); },
            "a policy needs `std::string name() const`: it is a part of the wire identity");
        std::string text = "[";
        for (const auto& element : value) {
            text += (text.size() > 1 ? "," : "") + value_text(element, f);
        }
        return text + ']';
    }
}

//! The text of a field's default: that of T{}, unless the description gives one. Empty where a value is required.
template <class T, class Member>
std::string default_text(const field<Member>& f) {
    if (!f.default_text.empty()) {
        return std::string(f.default_text);
    }
    if constexpr (std::is_default_constructible_v<T> && std::is_member_pointer_v<Member>) {
        return value_text(field_value(T{}, f), f);
    } else {
        return {};
    }
}

namespace detail {

//! Writes word(value,key=value,...).
struct expression_writer {
    std::string text;
    char separator = '(';

    //! key: empty for a value that stands alone.
    void write(std::string_view key, std::string_view value) {
        text += separator;
        if (!key.empty()) {
            text.append(key).append(1, '=');
        }
        text += value;
        separator = ',';
    }
};

template <class T, class Member>
void write_field(expression_writer& out, const T& object, const field<Member>& f) {
    const auto& value = field_value(object, f);
    if (f.place == placement::rest) {
        if constexpr (requires { value.begin(); }) {
            for (const auto& element : value) {
                out.write("", value_text(element, f));
            }
        }
        return;
    }
    const std::string written = value_text(value, f);
    if (!f.hidden_default || written != default_text<T>(f)) {
        out.write(f.place == placement::named ? f.name : std::string_view(), written);
    }
}

template <class V>
void validate_field(std::string_view policy, const field_text& f, const V& value) {
    if constexpr (std::is_enum_v<V>) {
        const auto i = static_cast<std::size_t>(value);
        expect(i < f.words.size() && !f.words[i].empty(),
               [&] { return std::string(policy) + ": " + std::string(f.name) + " has a value that means nothing"; });
    } else if constexpr (std::is_arithmetic_v<V> && !std::same_as<V, bool>) {
        expect(f.range.contains(static_cast<double>(value)), [&] {
            return std::string(policy) + ": " + std::string(f.name) + " must be " +
                   f.range.text(std::is_integral_v<V>) + ", not " + number_text(value);
        });
    } else if constexpr (requires { value.validate(); }) {
        value.validate();
    } else if constexpr (requires { value.begin(); }) {
        for (const auto& element : value) {
            validate_field(policy, f, element);
        }
    }
}

}  // namespace detail

//! The expression that means this object: `parse<...>(described_name(x))` makes another such.
template <Described T>
std::string described_name(const T& object) {
    const auto d = T::describe();
    detail::expression_writer out{std::string(d.name)};
    d.fields.for_each([&](const auto& f) { detail::write_field(out, object, f); });
    return out.separator == '(' ? out.text : out.text + ')';
}

//! Throws `invalid_input` where a field lies outside its range or means nothing.
template <Described T>
void validate_described(const T& object) {
    const auto d = T::describe();
    d.fields.for_each([&](const auto& f) { detail::validate_field(d.name, f, field_value(object, f)); });
}

}  // namespace frugal
