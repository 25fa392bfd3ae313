//! Layers that reduce every window of an image to one value.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

#include <frugal/core/expression.hpp>
#include <frugal/model/layer.hpp>

namespace frugal {

// Windows are reduced by rows of outputs: y[c] is that of the window which begins at x[c * stride], `line` values from
// one of its rows to the next. Size is std::size_t, or a constant so that the compiler unrolls.

//! The largest value of a window; the derivative goes to the first of equal ones. NaN if one is not finite.
struct largest_of_window {
    static constexpr std::string_view name = "max_pool";
    static constexpr bool reads_output = true;

    template <class T, class Size>
    static void reduce(const T* x, std::size_t line, Size size, Size stride, T* y, std::size_t n) {
        for (std::size_t c = 0; c < n; ++c) {
            const T* from = x + c * stride;
            T largest = *from;
            T defect = 0;  // NaN if a value of the window is not finite
            for (std::size_t i = 0; i < size; ++i) {
                for (std::size_t j = 0; j < size; ++j) {
                    const T value = from[i * line + j];
                    largest = value > largest ? value : largest;
                    defect += value - value;
                }
            }
            y[c] = largest + defect;
        }
    }
    // Without branches on values: they would be mispredicted.
    template <class T, class Size>
    static void spread(const T* dy, const T* x, const T* y, std::size_t line, Size size, Size stride, T* dx,
                       std::size_t n) {
        for (std::size_t c = 0; c < n; ++c) {
            const T* from = x + c * stride;
            std::size_t first = 0;
            for (std::size_t i = size; i-- > 0;) {
                for (std::size_t j = size; j-- > 0;) {
                    const auto mask = std::size_t{0} - static_cast<std::size_t>(from[i * line + j] == y[c]);
                    first = (first & ~mask) | ((i * line + j) & mask);
                }
            }
            dx[c * stride + first] += dy[c];
        }
    }
};

//! The mean of a window.
struct mean_of_window {
    static constexpr std::string_view name = "average_pool";
    static constexpr bool reads_output = false;

    template <class T, class Size>
    static void reduce(const T* x, std::size_t line, Size size, Size stride, T* y, std::size_t n) {
        std::fill_n(y, n, T(0));
        for (std::size_t i = 0; i < size; ++i) {
            for (std::size_t j = 0; j < size; ++j) {
                for (std::size_t c = 0; c < n; ++c) {
                    y[c] += x[i * line + c * stride + j];
                }
            }
        }
        for (std::size_t c = 0; c < n; ++c) {
            y[c] /= static_cast<T>(size * size);
        }
    }
    template <class T, class Size>
    static void spread(const T* dy, const T*, const T*, std::size_t line, Size size, Size stride, T* dx,
                       std::size_t n) {
        for (std::size_t c = 0; c < n; ++c) {
            const T part = dy[c] / static_cast<T>(size * size);
            for (std::size_t i = 0; i < size; ++i) {
                for (std::size_t j = 0; j < size; ++j) {
                    dx[c * stride + i * line + j] += part;
                }
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
        with_size([&](auto side, auto apart) {
            for_each_row(p.batch, [&](std::size_t to, std::size_t from, std::size_t n) {
                Reduction::reduce(p.input.data() + from, input.columns, side, apart, p.output.data() + to, n);
            });
        });
    }
    template <class T>
    void backward(const backward_pass<T>& p) const {
        if (p.input_gradient.empty()) {
            return;
        }
        std::fill(p.input_gradient.begin(), p.input_gradient.end(), T(0));
        with_size([&](auto side, auto apart) {
            for_each_row(p.batch, [&](std::size_t to, std::size_t from, std::size_t n) {
                Reduction::spread(p.output_gradient.data() + to, p.input.data() + from, p.output.data() + to,
                                  input.columns, side, apart, p.input_gradient.data() + from, n);
            });
        });
    }

private:
    std::size_t step() const { return stride == 0 ? size : stride; }
    sample_shape output() const {
        return {input.channels, (input.rows - size) / step() + 1, (input.columns - size) / step() + 1};
    }

    template <class Run>
    void with_size(const Run& run) const {
        if (size == 2 && step() == 2) {
            run(std::integral_constant<std::size_t, 2>{}, std::integral_constant<std::size_t, 2>{});
        } else {
            run(size, step());
        }
    }

    //! visit(index of the first output, index of the first input, outputs) for every row of outputs of a batch, in
    //! order.
    template <class Visit>
    void for_each_row(std::size_t batch, const Visit& visit) const {
        const sample_shape out = output();
        std::size_t to = 0;
        for (std::size_t image = 0; image < batch * input.channels; ++image) {
            for (std::size_t r = 0; r < out.rows; ++r) {
                visit(to, (image * input.rows + r * step()) * input.columns, out.columns);
                to += out.columns;
            }
        }
    }
};

using max_pool = pool<largest_of_window>;
using average_pool = pool<mean_of_window>;

}  // namespace frugal
