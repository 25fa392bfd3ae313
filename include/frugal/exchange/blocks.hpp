//! How a vector is cut into messages.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include <frugal/core/error.hpp>

namespace frugal {

//! Block b of a vector of d elements holds the elements [b size, min((b + 1) size, d)).
struct block_cut {
    std::size_t dimension = 0;
    std::size_t size = 0;  //!< elements of a block; the last may be shorter

    //! `preferred` 0: one block. `granule`: what a compressor says of where its vectors may be cut;
    //! one that gives a vector one scale gives each block one.
    static block_cut of(std::size_t d, std::size_t preferred, std::size_t granule) {
        expect(d > 0, "an exchange needs a vector of at least one element");
        if (preferred == 0 || preferred >= d) {
            return {d, d};
        }
        const std::size_t unit = std::max<std::size_t>(granule, 1);
        return {d, (preferred + unit - 1) / unit * unit};
    }
    std::size_t count() const { return (dimension + size - 1) / size; }
    std::size_t first(std::size_t b) const { return std::min(b * size, dimension); }
    template <class T>
    std::span<T> part(std::span<T> x, std::size_t b) const {
        return x.subspan(first(b), first(b + 1) - first(b));
    }
    //! The blocks that number `owner` of n owns: [first_of(owner, n), first_of(owner + 1, n)).
    std::size_t first_of(std::size_t owner, std::size_t n) const { return owner * count() / n; }
};

}  // namespace frugal
