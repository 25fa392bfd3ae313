//! Where a tensor lies in the flat parameter vector of a model.
#pragma once

#include <cstddef>
#include <span>

namespace frugal {

//! Elements [offset, offset + rows * columns) of the parameters, row major. Lets a compressor work tensor by tensor.
struct tensor_extent {
    std::size_t offset = 0;
    std::size_t rows = 0;
    std::size_t columns = 1;

    constexpr std::size_t size() const { return rows * columns; }
    template <class T>
    constexpr std::span<T> of(std::span<T> parameters) const {
        return parameters.subspan(offset, size());
    }
    friend constexpr bool operator==(const tensor_extent&, const tensor_extent&) = default;
};

}  // namespace frugal
