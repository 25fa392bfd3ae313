//! Layers that reduce every window of an image to one value.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include <frugal/core/expression.hpp>
#include <frugal/model/layer.hpp>

namespace frugal {

//! The largest value of a window; the derivative goes to the first of equal ones. NaN wins.
struct largest_of_window {
    static constexpr std::string_view name = "max_pool";
    static constexpr bool reads_output = true;

    template <class T>
    static T reduce(const T* x, std::size_t size, std::size_t line) {
        T largest = *x;
        for (std::size_t i = 0; i < size; ++i) {
            for (std::size_t j = 0; j < size; ++j) {
                const T value = x[i * line + j];
                largest = value > largest || !(value == value) ? value : largest;
            }
        }
        return largest;
    }
    template <class T>
    static void spread(T derivative, const T* x, const T* y, std::size_t size, std::size_t line, T* to) {
        for (std::size_t i = 0; i < size; ++i) {
            for (std::size_t j = 0; j < size; ++j) {
                if (x[i * line + j] == *y) {
                    to[i * line + j] += derivative;
                    return;
                }
            }
        }
    }
};

//! The mean of a window.
struct mean_of_window {
    static constexpr std::string_view name = "average_pool";
    static constexpr bool reads_output = false;

    template <class T>
    static T reduce(const T* x, std::size_t size, std::size_t line) {
        T sum = 0;
        for (std::size_t i = 0; i < size; ++i) {
            for (std::size_t j = 0; j < size; ++j) {
                sum += x[i * line + j];
            }
        }
        return sum / static_cast<T>(size * size);
    }
    template <class T>
    static void spread(T derivative, const T*, const T*, std::size_t size, std::size_t line, T* to) {
        const T part = derivative / static_cast<T>(size * size);
        for (std::size_t i = 0; i < size; ++i) {
            for (std::size_t j = 0; j < size; ++j) {
                to[i * line + j] += part;
            }
        }
    }
};

//! One value for every window of size x size values, channel by channel; windows are `stride` apart. Rows and columns
//! that fill no window are left out.
template <class Reduction>
struct pool {
    std::size_t size = 2;
    std::size_t stride = 0;  //!< 0: size
    sample_shape input = {};

    sample_shape bind(sample_shape shape) {
        checked_shape(shape, Reduction::name);
        expect(size > 0 && size <= shape.rows && size <= shape.columns, [&] {
            return "the windows of a " + name() + " must have a side of at least 1 and fit into its input of " +
                   std::to_string(shape.rows) + " x " + std::to_string(shape.columns);
        });
        input = shape;
        return output();
    }
    constexpr bool reads_output() const { return Reduction::reads_output; }
    std::string_view kind() const { return Reduction::name; }
    std::string name() const {
        return expression(kind(), {{"size", static_cast<double>(size)}, {"stride", static_cast<double>(step())}});
    }

    template <class T>
    void forward(const forward_pass<T>& p) const {
        for_each_window(p.batch, [&](std::size_t to, std::size_t from) {
            p.output[to] = Reduction::reduce(p.input.data() + from, size, input.columns);
        });
    }
    template <class T>
    void backward(const backward_pass<T>& p) const {
        if (p.input_gradient.empty()) {
            return;
        }
        std::fill(p.input_gradient.begin(), p.input_gradient.end(), T(0));
        for_each_window(p.batch, [&](std::size_t to, std::size_t from) {
            Reduction::spread(p.output_gradient[to], p.input.data() + from, p.output.data() + to, size, input.columns,
                              p.input_gradient.data() + from);
        });
    }

private:
    std::size_t step() const { return stride == 0 ? size : stride; }
    sample_shape output() const {
        return {input.channels, (input.rows - size) / step() + 1, (input.columns - size) / step() + 1};
    }

    //! visit(output index, index of the window's first input) for every window of a batch, in order.
    template <class Visit>
    void for_each_window(std::size_t batch, const Visit& visit) const {
        const sample_shape out = output();
        std::size_t to = 0;
        for (std::size_t image = 0; image < batch * input.channels; ++image) {
            for (std::size_t r = 0; r < out.rows; ++r) {
                for (std::size_t c = 0; c < out.columns; ++c) {
                    visit(to++, (image * input.rows + r * step()) * input.columns + c * step());
                }
            }
        }
    }
};

using max_pool = pool<largest_of_window>;
using average_pool = pool<mean_of_window>;

}  // namespace frugal
