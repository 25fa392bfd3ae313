//! The parameters of a model as named tensors of any trivial number: floats, doubles, labels, words of bits.
#pragma once

#include <cstddef>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include <frugal/core/error.hpp>
#include <frugal/core/tensor_layout.hpp>

namespace frugal {

//! A number without padding of which every bit pattern is a value, so that it may travel as its bytes. A Boolean tensor
//! is one of unsigned words, 64 truth values each: as bool it would take eight times the bytes.
template <class T>
concept TrivialNumber = std::is_arithmetic_v<T> && !std::is_same_v<std::remove_cv_t<T>, bool> &&
                        !std::is_same_v<std::remove_cv_t<T>, long double>;

//! Contiguous numbers: std::vector, std::span, xt::xtensor, arrays.
template <class P>
concept ContiguousNumbers = std::ranges::contiguous_range<P> && std::ranges::sized_range<P> &&
                            TrivialNumber<std::remove_reference_t<std::ranges::range_reference_t<P>>>;

//! Numbers and the layout that names their parts; both must outlive the view. A small value, passed by value.
template <TrivialNumber T>
class parameters_view {
public:
    //! Throws `invalid_input` unless there are as many values as the layout has elements.
    parameters_view(const tensor_layout& layout, std::span<T> values) : layout_(&layout), values_(values) {
        expect(values.size() == layout.size(), [&] {
            return "parameters of a layout of " + std::to_string(layout.size()) +
                   " elements must have as many, but have " + std::to_string(values.size());
        });
    }

    const tensor_layout& layout() const { return *layout_; }
    std::span<T> values() const { return values_; }
    std::size_t size() const { return values_.size(); }
    //! What would be sent or saved.
    auto bytes() const {
        if constexpr (std::is_const_v<T>) {
            return std::as_bytes(values_);
        } else {
            return std::as_writable_bytes(values_);
        }
    }
    //! The tensor of that name. Throws `invalid_input`, naming those there are, if there is none.
    std::span<T> operator[](std::string_view name) const { return layout_->at(name).of(values_); }
    //! Tensor i. Throws `invalid_input` unless i < layout().count().
    std::span<T> tensor(std::size_t i) const { return layout_->tensor(i).of(values_); }

private:
    const tensor_layout* layout_;
    std::span<T> values_;
};

template <ContiguousNumbers P>
parameters_view(const tensor_layout&, P&&)
    -> parameters_view<std::remove_reference_t<std::ranges::range_reference_t<P>>>;

}  // namespace frugal
