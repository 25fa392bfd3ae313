//! `optimizer_by_kind`: one optimizer for the truth values of a model and another for its real numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frugal/concepts.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/tensor_layout.hpp>
#include <frugal/optimize/boolean_optimizer.hpp>
#include <frugal/optimize/buffer.hpp>

namespace frugal {

//! A copy of `boolean` for each tensor of truth values and a copy of `real` for each other tensor, so that what an
//! optimizer keeps for its whole vector (beta of `boolean_optimizer`) is kept for each layer.
template <LocalOptimizer Boolean, LocalOptimizer Real>
class optimizer_by_kind {
public:
    static constexpr auto describe() {
        return describes(
            "by_kind", "one optimizer for truth values, another for real numbers",
            part("boolean", &optimizer_by_kind::boolean_, "of tensors of truth values").otherwise("boolean"),
            part("real", &optimizer_by_kind::real_, "of the others").otherwise("adam"));
    }
    optimizer_by_kind(Boolean boolean, Real real) : boolean_(std::move(boolean)), real_(std::move(real)) {}
    optimizer_by_kind(Boolean boolean, Real real, const tensor_layout& layout)
        : optimizer_by_kind(std::move(boolean), std::move(real)) {
        fit(layout);
    }

    //! Takes the places of the tensors; comes before the first update, and forgets those that came before.
    void fit(const tensor_layout& layout) {
        tensors_.assign(layout.tensors().begin(), layout.tensors().end());
        booleans_.clear();
        reals_.clear();
        size_ = layout.size();
        for (const named_tensor& t : tensors_) {
            t.kind == value_kind::boolean ? booleans_.push_back(boolean_) : reals_.push_back(real_);
        }
    }
    void update(std::span<float> w, std::span<const float> g, std::uint64_t step) {
        expect_same_length(w, g);
        expect(!tensors_.empty(),
               "by_kind: an optimizer by kind must be told the layout of the parameters: fit it first");
        expect(w.size() == size_, [&] {
            return "by_kind: the parameters have " + std::to_string(w.size()) + " elements, the layout " +
                   std::to_string(size_);
        });
        auto boolean = booleans_.begin();
        auto real = reals_.begin();
        for (const named_tensor& t : tensors_) {
            t.kind == value_kind::boolean ? (boolean++)->update(t.of(w), t.of(g), step)
                                          : (real++)->update(t.of(w), t.of(g), step);
        }
    }
    //! Of the tensors of truth values, in their order.
    std::span<const Boolean> booleans() const { return booleans_; }

    void state(state_archive& a) {
        for (Boolean& o : booleans_) {
            save_or_restore(a, o);
        }
        for (Real& o : reals_) {
            save_or_restore(a, o);
        }
    }
    void validate() const { validate_described(*this); }
    std::string name() const { return described_name(*this); }

private:
    Boolean boolean_;
    Real real_;
    std::vector<named_tensor> tensors_;
    std::size_t size_ = 0;
    std::vector<Boolean> booleans_;
    std::vector<Real> reals_;
};

//! How many truth values the last step inverted.
template <class Real>
std::uint64_t flips_of(const optimizer_by_kind<boolean_optimizer, Real>& o) {
    std::uint64_t sum = 0;
    for (const boolean_optimizer& b : o.booleans()) {
        sum += b.flips;
    }
    return sum;
}

}  // namespace frugal
