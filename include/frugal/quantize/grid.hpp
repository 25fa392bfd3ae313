//! `grid`: the values that weights or activations may take, and the nearest of them. A small value.
//!
//! | which one                       | values                                          | for                            |
//! |---------------------------------|-------------------------------------------------|--------------------------------|
//! | binary_grid()                   | -1, 1                                           | one-bit weights                |
//! | ternary_grid()                  | -1, 0, 1                                        | weights that may be absent     |
//! | integer_grid(bits)              | -(2^(bits - 1) - 1), ..., 2^(bits - 1) - 1      | INT4 and INT8, symmetric       |
//! | unsigned_grid(bits)             | 0, ..., 2^bits - 1                              | activations behind a ReLU      |
//! | even_grid(first, step, count)   | first, first + step, ...                        | {-8, ..., 7}, {-1, -1/3, ...}  |
//! | listed_grid({...})              | any increasing numbers                          | anything else                  |
//!
//! The unit is the user's: `weight_grid` and `quantized_activation` multiply the values by a step of their own.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frugal/core/describe.hpp>
#include <frugal/core/error.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/core/expression.hpp>
#include <frugal/quantize/rounding.hpp>

namespace frugal {

//! Evenly spaced values first + i step, i = 0, ..., last, as kernels see them. Functions are generic in T: float,
//! double, or a batch of floats. NaN stays NaN.
struct even_values {
    float first = -1;
    float step = 2;
    float last = 1;  //!< the highest index

    //! The index of the value nearest to x; from halfway on the upper one.
    template <class T>
    T index(const T& x) const {
        const T i = round_half_up(rounded(T((x - T(first)) * T(1.0f / step))));
        const T below_end = select(i > T(last), T(last), i);
        return select(below_end < T(0.0f), T(0.0f), below_end);
    }
    template <class T>
    T value(const T& i) const {
        return multiply_add(T(step), i, T(first));
    }
};

//! The same for increasing values at any distance. O(number of values) per call.
struct listed_values {
    std::span<const float> values;
    float last = 1;

    template <class T>
    T index(const T& x) const {
        auto i = T(0.0f);
        for (std::size_t j = 1; j < values.size(); ++j) {
            i = select(x >= T(0.5f * values[j - 1] + 0.5f * values[j]), T(static_cast<float>(j)), i);
        }
        return select(x == x, i, x);
    }
    template <class T>
    T value(const T& i) const {
        auto v = T(values[0]);
        for (std::size_t j = 1; j < values.size(); ++j) {
            v = select(i >= T(static_cast<float>(j)), T(values[j]), v);
        }
        return select(i == i, v, i);
    }
};

//! The value nearest to x; halfway between two the upper one, so that 0 is +1 on a binary grid. Of NaN NaN.
template <class Values, class T>
T nearest(const Values& values, const T& x) {
    return values.value(values.index(x));
}

//! Any of the grids that the functions below make, chosen at run time.
class grid {
public:
    static constexpr std::size_t most_listed = 256;
    static constexpr std::size_t most_even = std::size_t{1} << 16;

    //! Binary.
    grid() : grid(binary()) {}

    friend grid binary_grid();
    friend grid ternary_grid();
    friend grid integer_grid(int bits);
    friend grid unsigned_grid(int bits);
    friend grid even_grid(float first, float step, std::size_t count);
    friend grid listed_grid(std::vector<float> values);

    //! f(even_values) or f(listed_values), whichever it is: one branch outside of the loop over elements.
    template <class F>
    decltype(auto) visit(F f) const {
        return listed_.empty() ? f(even_values{first_, step_, static_cast<float>(count_ - 1)})
                               : f(listed_values{listed_, static_cast<float>(count_ - 1)});
    }
    //! At least 2.
    std::size_t size() const { return count_; }
    //! Value i < size(), in increasing order.
    float operator[](std::size_t i) const {
        return visit([&](const auto& v) { return v.value(static_cast<float>(i)); });
    }
    float lowest() const { return (*this)[0]; }
    float highest() const { return (*this)[size() - 1]; }
    //! Two values c and -c.
    bool is_sign() const { return size() == 2 && lowest() == -highest(); }
    //! The smallest distance of two values.
    float smallest_gap() const {
        float gap = highest() - lowest();
        for (std::size_t i = 1; i < size(); ++i) {
            gap = std::min(gap, (*this)[i] - (*this)[i - 1]);
        }
        return gap;
    }

    //! The value nearest to x.
    float nearest(float x) const {
        return visit([&](const auto& v) { return frugal::nearest(v, x); });
    }

    const std::string& name() const { return name_; }

private:
    grid(std::string name, float first, float step, std::size_t count)
        : name_(std::move(name)), first_(first), step_(step), count_(count) {}
    static grid binary() { return {"binary_grid", -1, 2, 2}; }

    std::string name_;
    float first_;
    float step_;
    std::size_t count_;
    std::vector<float> listed_{};
};

//! -1 and 1.
inline grid binary_grid() {
    return grid::binary();
}

//! -1, 0 and 1.
inline grid ternary_grid() {
    return {"ternary_grid", -1, 1, 3};
}

//! The whole numbers up to 2^(bits - 1) - 1 on both sides of 0. Throws `invalid_input` unless 2 <= bits <= 16.
inline grid integer_grid(int bits) {
    expect(bits >= 2 && bits <= 16, "integer_grid: bits must be from 2 to 16");
    const int top = (1 << (bits - 1)) - 1;
    return {composition("integer_grid", {"bits=" + number_text(bits)}), static_cast<float>(-top), 1,
            static_cast<std::size_t>(2 * top + 1)};
}

//! 0, 1, ..., 2^bits - 1. Throws `invalid_input` unless 1 <= bits <= 16.
inline grid unsigned_grid(int bits) {
    expect(bits >= 1 && bits <= 16, "unsigned_grid: bits must be from 1 to 16");
    return {composition("unsigned_grid", {"bits=" + number_text(bits)}), 0, 1, std::size_t{1} << bits};
}

//! first, first + step, ..., `count` of them. Throws `invalid_input` unless first is finite, step positive and finite,
//! and 2 <= count <= 2^16.
inline grid even_grid(float first, float step, std::size_t count) {
    expect(is_finite(first) && step > 0 && is_finite(step), "even_grid: needs a finite start and a positive step");
    expect(count >= 2 && count <= grid::most_even, "even_grid: count must be from 2 to 65536");
    grid g(composition("even_grid",
                       {"first=" + number_text(first), "step=" + number_text(step), "count=" + number_text(count)}),
           first, step, count);
    expect(g.highest() - g[count - 2] > 0 && is_finite(g.highest()), "even_grid: its values do not differ");
    return g;
}

//! These values. Throws `invalid_input` unless there are 2 to 256, finite, each larger than the one before.
inline grid listed_grid(std::vector<float> values) {
    expect(values.size() >= 2 && values.size() <= grid::most_listed, "listed_grid: needs from 2 to 256 values");
    std::string name = "listed_grid(values=[";
    for (std::size_t i = 0; i < values.size(); ++i) {
        expect(is_finite(values[i]) && (i == 0 || values[i - 1] < values[i]),
               "listed_grid: values must be finite and increase");
        name += (i == 0 ? "" : ",") + number_text(values[i]);
    }
    grid g(name + "])", values[0], 1, values.size());
    g.listed_ = std::move(values);
    return g;
}

inline constexpr auto binary_grid_description = describes_function("binary_grid", "-1 and 1", binary_grid);
inline constexpr auto ternary_grid_description = describes_function("ternary_grid", "-1, 0 and 1", ternary_grid);
inline constexpr auto integer_grid_description =
    describes_function("integer_grid", "whole numbers on both sides of 0", integer_grid,
                       argument<int>("bits", "of a value: 4 for -7, ..., 7").from(2).to(16).otherwise("4"));
inline constexpr auto unsigned_grid_description =
    describes_function("unsigned_grid", "whole numbers from 0", unsigned_grid,
                       argument<int>("bits", "of a value: 4 for 0, ..., 15").from(1).to(16).otherwise("4"));
inline constexpr auto even_grid_description =
    describes_function("even_grid", "evenly spaced values", even_grid, argument<float>("first", "the lowest value"),
                       argument<float>("step", "from one to the next").above(0),
                       argument<std::size_t>("count", "of values").from(2).to(grid::most_even));
inline constexpr auto listed_grid_description =
    describes_function("listed_grid", "the values given", listed_grid,
                       argument<std::vector<float>>("values", "increasing, from 2 to 256").otherwise("[-1,1]"));

}  // namespace frugal
