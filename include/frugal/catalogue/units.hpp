//! Quantities with units in expressions: `latency=50us`, `bandwidth=100Mbps`.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include <frugal/catalogue/term.hpp>

namespace frugal {
namespace detail {

struct unit {
    std::string_view name;
    double factor;
};

//! A number and one of the units, in units of factor 1.
template <std::size_t n>
double read_quantity(const term& t, std::string_view what, const std::array<unit, n>& units) {
    std::string known;
    for (const unit& u : units) {
        if (t.arguments.empty() && t.word.size() > u.name.size() && t.word.ends_with(u.name)) {
            const auto v = number_of<double>(std::string_view(t.word).substr(0, t.word.size() - u.name.size()));
            if (v && *v >= 0 && number_range{}.contains(*v * u.factor)) {
                return *v * u.factor;
            }
        }
        known.append(known.empty() ? "" : ", ").append(u.name);
    }
    fail_at(t, in_quotes(t.word) + " is not " + std::string(what) + "; write a number and one of the units " + known);
}

//! In the largest unit that gives at least 1 and reads back as the same value; else in the last unit, of factor 1.
template <std::size_t n>
std::string quantity_text(double value, const std::array<unit, n>& units) {
    for (const unit& u : units) {
        const double scaled = value / u.factor;
        if (scaled >= 1 && scaled * u.factor == value) {
            return number_text(scaled).append(u.name);
        }
    }
    return number_text(value).append(units.back().name);
}

}  // namespace detail

//! A time, the type of a described field. Never negative.
struct duration {
    double seconds = 0;

    static duration read(const term& t) { return {detail::read_quantity(t, "a time", read_order)}; }
    std::string name() const { return detail::quantity_text(seconds, write_order); }

private:
    static constexpr std::array<detail::unit, 3> read_order{{{"us", 1e-6}, {"ms", 1e-3}, {"s", 1}}};
    static constexpr std::array<detail::unit, 4> write_order{{{"s", 1}, {"ms", 1e-3}, {"us", 1e-6}, {"s", 1}}};
};

//! Bits per second, the type of a described field. Never negative.
struct bit_rate {
    double bits_per_second = 0;

    static bit_rate read(const term& t) { return {detail::read_quantity(t, "a bandwidth", units)}; }
    std::string name() const { return detail::quantity_text(bits_per_second, units); }

private:
    static constexpr std::array<detail::unit, 4> units{{{"Gbps", 1e9}, {"Mbps", 1e6}, {"kbps", 1e3}, {"bps", 1}}};
};

}  // namespace frugal
