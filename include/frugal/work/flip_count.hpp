//! `flip_count`: how many truth values a work inverted.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <frugal/core/tensor_layout.hpp>
#include <frugal/work/work.hpp>

namespace frugal {

//! The inner work, whose result is a model (`run_result::model`), and how many truth values differ in it from those it
//! began with: `flips_of(work)`. A run that never inverts any has a rate too small for its threshold.
template <GradientWork W>
class flip_count {
public:
    flip_count(W inner, const tensor_layout& layout)
        : inner_(std::move(inner)), tensors_(layout.tensors().begin(), layout.tensors().end()) {
        std::erase_if(tensors_, [](const named_tensor& t) { return t.kind != value_kind::boolean; });
    }

    std::size_t dimension() const { return inner_.dimension(); }
    work_report gradient(std::span<const float> x, std::uint64_t round, std::span<float> model) {
        const work_report seen = inner_.gradient(x, round, model);
        flips_ = 0;
        for (const named_tensor& t : tensors_) {
            const auto before = t.of(x);
            const auto after = t.of(std::span<const float>(model));
            for (std::size_t i = 0; i < t.size; ++i) {
                flips_ += before[i] != after[i] ? 1u : 0u;
            }
        }
        return seen;
    }
    void state(state_archive& a) { inner_.state(a); }
    //! In the last run.
    friend std::uint64_t flips_of(const flip_count& w) { return w.flips_; }

private:
    W inner_;
    std::vector<named_tensor> tensors_;
    std::uint64_t flips_ = 0;
};

}  // namespace frugal
