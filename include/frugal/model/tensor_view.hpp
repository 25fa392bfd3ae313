//! Tensors of a flat parameter vector as xtensor tensors, without a copy. Opt-in (in no umbrella header): xtensor takes
//! seconds to compile.
//!
//!     auto w = frugal::view<2>(layout, parameters, "dense1.weight");   // writes go to the parameters
//!     w *= mask;
//!     xt::row(w, 3) = 0;
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <ranges>
#include <span>
#include <string>
#include <string_view>

#include <xtensor/xadapt.hpp>

#include <frugal/core/error.hpp>
#include <frugal/core/tensor_layout.hpp>
#include <frugal/model/parameters.hpp>

namespace frugal {

namespace detail {

template <ContiguousNumbers P>
auto part_of(const named_tensor& tensor, P& parameters) {
    return tensor.of(std::span(std::ranges::data(parameters), std::ranges::size(parameters)));
}

}  // namespace detail

//! The tensor as an xtensor adaptor of its own number of dimensions. It refers to the parameters, which must outlive
//! it; constant if they are. Throws `invalid_input` if they end before the tensor does.
template <ContiguousNumbers P>
auto view(const named_tensor& tensor, P&& parameters) {
    const auto part = detail::part_of(tensor, parameters);
    return xt::adapt(part.data(), part.size(), xt::no_ownership(), tensor.shape);
}

//! The same with the number of dimensions known to the compiler, which makes element access faster. Throws
//! `invalid_input` also if the tensor has another number of them.
template <std::size_t rank, ContiguousNumbers P>
auto view(const named_tensor& tensor, P&& parameters) {
    expect(tensor.shape.size() == rank, [&] {
        return "the tensor " + tensor.name + " has " + std::to_string(tensor.shape.size()) + " dimensions, not " +
               std::to_string(rank);
    });
    const auto part = detail::part_of(tensor, parameters);
    std::array<std::size_t, rank> shape;
    std::copy_n(tensor.shape.begin(), rank, shape.begin());
    return xt::adapt(part.data(), part.size(), xt::no_ownership(), shape);
}

//! The tensor of that name. Throws `invalid_input`, naming those there are, if there is none.
template <ContiguousNumbers P>
auto view(const tensor_layout& layout, P&& parameters, std::string_view name) {
    return view(layout.at(name), parameters);
}
template <std::size_t rank, ContiguousNumbers P>
auto view(const tensor_layout& layout, P&& parameters, std::string_view name) {
    return view<rank>(layout.at(name), parameters);
}

template <TrivialNumber T>
auto view(parameters_view<T> parameters, std::string_view name) {
    return view(parameters.layout().at(name), parameters.values());
}
template <std::size_t rank, TrivialNumber T>
auto view(parameters_view<T> parameters, std::string_view name) {
    return view<rank>(parameters.layout().at(name), parameters.values());
}

}  // namespace frugal
