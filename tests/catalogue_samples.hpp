//! Expressions made from the catalogue's own entries: what is added to the catalogue is tested without being written
//! down.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <frugal/catalogue/entry.hpp>

namespace test {

//! One expression for each policy of a kind, with its defaults where they suffice, and variations of each of its
//! parameters in turn; those that their policy refuses (parameters that exclude each other) are left out. variations:
//! down to which level of nested policies parameters vary; with 0, exactly one expression for each policy.
template <class Value>
std::vector<std::string> sample_expressions(int variations = 1);

namespace detail {

template <class T>
std::vector<std::string> policy_samples(int variations);

template <class Value>
std::vector<std::string> first_sample() {
    return []<class First, class... T>(frugal::policy_list<First, T...>) {
        return policy_samples<First>(0);
    }(typename frugal::catalogue_of<Value>::policies{});
}

template <class V>
std::vector<std::string> value_samples(const frugal::field_text& f, int variations) {
    std::vector<std::string> samples;
    if constexpr (std::is_enum_v<V> || std::is_same_v<V, bool>) {
        for (const std::string_view word : f.words) {
            if (!word.empty()) {
                samples.emplace_back(word);
            }
        }
        return samples.empty() ? std::vector<std::string>{"0", "1"} : samples;
    } else if constexpr (std::is_arithmetic_v<V>) {
        for (const double v : {2.0, 1.0, 0.1, 0.5, 1.0 / 3, 3.0, 0.0, 8.0, 16.0}) {
            if (f.range.contains(v) && (!std::is_integral_v<V> || v == static_cast<double>(static_cast<int>(v)))) {
                samples.push_back(frugal::number_text(static_cast<V>(v)));
            }
        }
        return samples;
    } else if constexpr (frugal::Catalogued<V>) {
        return variations > 0 ? sample_expressions<V>(variations - 1) : first_sample<V>();
    } else if constexpr (frugal::Described<V>) {
        return policy_samples<V>(variations - 1);
    } else {
        return f.place == frugal::placement::rest ? std::vector<std::string>{"3,5", ""}
                                                  : std::vector<std::string>{"[-1,0.1,2]"};
    }
}

template <class T>
std::string written(const std::vector<std::string>& values) {
    std::string text(T::describe().name);
    char separator = '(';
    for (const std::string& v : values) {
        if (!v.empty()) {
            text += separator + v;
            separator = ',';
        }
    }
    return separator == '(' ? text : text + ')';
}

//! Has field i no default, or one that names another policy than this T is made of?
template <class T, std::size_t i>
bool needs_value() {
    using V = frugal::detail::field_type<T, i>;
    const std::string text = frugal::default_text<T>(field_number<i>(T::describe().fields));
    if constexpr (!frugal::Catalogued<V> && frugal::Described<V>) {
        return text.substr(0, text.find('(')) != V::describe().name;
    } else {
        return text.empty();
    }
}

template <class T>
bool is_accepted(const std::string& text) {
    try {
        const frugal::term t = frugal::parse_term(text);
        const auto parameters = frugal::detail::parameters_of<T>();
        if constexpr (!frugal::detail::is_made_by_function<T>) {
            frugal::detail::build<T>(frugal::term_arguments(t, parameters));
        }
        return true;
    } catch (const frugal::invalid_input&) {
        return false;
    }
}

template <class T>
std::vector<std::string> policy_samples(int variations) {
    std::vector<std::string> samples;
    [&]<std::size_t... i>(std::index_sequence<i...>) {
        [[maybe_unused]] const auto d = T::describe();
        const std::vector<std::vector<std::string>> choices{
            (variations > 0 || needs_value<T, i>()
                 ? value_samples<frugal::detail::field_type<T, i>>(field_number<i>(d.fields), variations)
                 : std::vector<std::string>{})...};
        const std::vector<std::string> keys{std::string(
            field_number<i>(d.fields).place == frugal::placement::rest ? "" : field_number<i>(d.fields).name)...};
        const std::vector<bool> needed{needs_value<T, i>()...};
        std::vector<std::string> base(sizeof...(i));
        const auto argument = [&](std::size_t k, const std::string& value) {
            return keys[k].empty() ? value : keys[k] + '=' + value;
        };
        for (std::size_t k = 0; k < base.size(); ++k) {
            if (needed[k] && !choices[k].empty()) {
                base[k] = argument(k, choices[k].front());
            }
        }
        samples.push_back(written<T>(base));
        for (std::size_t k = 0; k < base.size() && variations > 0; ++k) {
            auto varied = base;
            for (const std::string& value : choices[k]) {
                varied[k] = argument(k, value);
                samples.push_back(written<T>(varied));
            }
        }
    }(std::make_index_sequence<frugal::detail::field_count<T>>{});
    std::erase_if(samples, [](const std::string& text) { return !is_accepted<T>(text); });
    if (samples.empty() && variations <= 0) {  // its defaults alone are not enough
        samples = policy_samples<T>(1);
        samples.resize(std::min<std::size_t>(samples.size(), 1));
    }
    return samples;
}

}  // namespace detail

template <class Value>
std::vector<std::string> sample_expressions(int variations) {
    std::vector<std::string> samples;
    const auto add = [&](const std::vector<std::string>& more) {
        samples.insert(samples.end(), more.begin(), more.end());
    };
    [&]<class... T>(frugal::policy_list<T...>) {
        (add(detail::policy_samples<T>(variations)), ...);
    }(typename frugal::catalogue_of<Value>::policies{});
    return samples;
}

}  // namespace test
