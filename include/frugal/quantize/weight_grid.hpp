//! `weight_grid`: which parameters of a model lie on a grid, and on which multiple of it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frugal/core/error.hpp>
#include <frugal/core/tensor_layout.hpp>
#include <frugal/kernels/zip.hpp>
#include <frugal/quantize/grid.hpp>
#include <frugal/quantize/sawb.hpp>

namespace frugal {

//! What shares a step: a tensor, or a row of it (an output of a dense layer, a filter of a convolution).
enum class step_of { tensor, row };

//! Parameters on step * grid: at first all of them with one step; after `fit` those of a model's weights, each tensor
//! with its own step. A value.
class weight_grid {
public:
    //! Throws `invalid_input` unless step is positive and finite.
    weight_grid(grid values = {}, float step = 1) : values_(std::move(values)), step_(step) {
        expect(step > 0 && is_finite(step), "a grid of weights needs a positive step");
    }

    const grid& values() const { return values_; }
    //! Of the grid: steps are no setting.
    std::string name() const { return values_.name(); }

    //! From now on for parameters of this layout: tensors of two or more extents (weights, not biases) lie on the grid,
    //! with the steps that `sawb` finds for w; where there are no such tensors, all do.
    //! Throws `invalid_input` unless w is of the layout's size and finite.
    void fit(const tensor_layout& layout, std::span<const float> w, step_of shared_by = step_of::tensor) {
        expect(w.size() == layout.size(), "a grid was fitted to parameters of another length than their layout");
        const bool some = std::ranges::any_of(layout.tensors(), is_weight);
        regions_.clear();
        for (const named_tensor& tensor : layout.tensors()) {
            if (some && !is_weight(tensor)) {
                continue;
            }
            const std::size_t rows = shared_by == step_of::row && is_weight(tensor) ? tensor.shape[0] : 1;
            for (std::size_t r = 0; r < rows; ++r) {
                regions_.push_back({tensor.offset + r * (tensor.size / rows), tensor.size / rows, 1});
            }
        }
        dimension_ = layout.size();
        fit(w);
    }
    //! New steps for the same parts of parameters w.
    void fit(std::span<const float> w) {
        expect_fits(w.size());
        const auto fitted = [&](std::span<const float> part) {
            const float step = sawb{}(values_, part);
            expect(is_finite(step), "a grid cannot be fitted to parameters that are not finite");
            return step;
        };
        if (regions_.empty()) {
            step_ = fitted(w);
        }
        for (region& r : regions_) {
            r.step = fitted(w.subspan(r.first, r.count));
        }
    }

    //! f(first, count, step) for every part of n parameters that lies on the grid with one step. Throws `invalid_input`
    //! for parameters of another length than those it was fitted to.
    template <class F>
    void for_each_region(std::size_t n, F f) const {
        expect_fits(n);
        if (regions_.empty()) {
            f(std::size_t{0}, n, step_);
        }
        for (const region& r : regions_) {
            f(r.first, r.count, r.step);
        }
    }

    //! out = the nearest point on the grid; what is not to lie on it is copied. out may be w. O(d).
    void project(std::span<const float> w, std::span<float> out) const {
        expect(w.size() == out.size(), "a projection needs an output as long as the parameters");
        if (out.data() != w.data()) {
            std::ranges::copy(w, out.begin());
        }
        values_.visit([&](const auto& values) {
            for_each_region(out.size(), [&](std::size_t first, std::size_t count, float step) {
                kernels::zip(
                    count,
                    [&values, step, inverse = 1 / step](auto& x) {
                        using T = std::remove_cvref_t<decltype(x)>;
                        x = nearest(values, rounded(T(x * T(inverse)))) * T(step);
                    },
                    out.data() + first);
            });
        });
    }

private:
    struct region {
        std::size_t first;
        std::size_t count;
        float step;
    };

    static bool is_weight(const named_tensor& tensor) { return tensor.shape.size() >= 2; }
    void expect_fits(std::size_t n) const {
        expect(regions_.empty() || n == dimension_, [&] {
            return "a grid was fitted to " + std::to_string(dimension_) + " parameters, but is used for " +
                   std::to_string(n) + ": exchanges that reduce a vector in parts cannot use it";
        });
    }

    grid values_;
    float step_;
    std::size_t dimension_ = 0;
    std::vector<region> regions_;
};

}  // namespace frugal
