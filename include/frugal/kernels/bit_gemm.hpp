//! Products of packed matrices: Boolean with Boolean, and Boolean with ternary, to integers.
//!
//! As in a product of floats (Goto, van de Geijn, ACM TOMS 2008), a tile of the result stays in registers: `rows` rows of
//! the first factor against a few vectors of columns of the second, which is transposed in panels so that one vector holds
//! a word of 32 bits of each of its columns. Lanes are then elements of the result, and nothing is summed across them.
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include <frugal/core/bit_matrix.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/kernels/bit_dot.hpp>
#include <frugal/kernels/bit_lanes.hpp>

FRUGAL_KERNELS_BEGIN

namespace frugal::kernels {

namespace detail {

//! Columns of the result in one panel, whatever the instruction set.
inline constexpr std::size_t panel_width = 16;
//! Words of 32 bits along the sum that are worked on at once: a few panels of them stay in the second-level cache.
inline constexpr std::size_t panel_depth = 512;

//! Words of 32 bits that hold n bits.
constexpr std::size_t half_words_for(std::size_t n) {
    return n / 32 + (n % 32 != 0);
}

//! Rows `first`... of m, 16 at most, from half word k on, `depth` of them, to panel[(k' * 16) + row]; rows that are not
//! there are 0.
inline void transpose_to_panel(bit_matrix_view m, std::size_t first, std::size_t k, std::size_t depth,
                               std::uint32_t* panel) {
    const std::size_t rows = std::min(panel_width, m.rows() - first);
    if (rows < panel_width) {
        std::fill_n(panel, panel_width * depth, 0u);
    }
    for (std::size_t r = 0; r < rows; ++r) {
        const auto* row = reinterpret_cast<const std::byte*>(m.row(first + r).words().data()) + 4 * k;
        for (std::size_t i = 0; i < depth; ++i) {
            std::memcpy(panel + panel_width * i + r, row + 4 * i, 4);
        }
    }
}

//! Some columns of the second factor: panels one after the other, `stride` words apart. `mask` is null, or the same of
//! the elements that are not 0.
struct panel_view {
    const std::uint32_t* bits;
    const std::uint32_t* mask;
    std::size_t stride;

    //! Vector c of `lanes` columns, at half word k.
    std::size_t offset(std::size_t c, std::size_t lanes, std::size_t k) const {
        return c * lanes / panel_width * stride + c * lanes % panel_width + panel_width * k;
    }
};

//! Adds to the sums of one row of the tile the bits in which word `a` and the columns differ.
template <class Lanes, bool Masked, std::size_t... c>
[[gnu::always_inline]] inline void count_row(const std::byte* a, const typename Lanes::vector* b,
                                             const typename Lanes::vector* mask, typename Lanes::vector* sum,
                                             std::index_sequence<c...>) {
    std::uint32_t word;
    std::memcpy(&word, a, sizeof word);
    const auto x = Lanes::broadcast(word);
    if constexpr (Masked) {
        ((sum[c] = Lanes::add(sum[c], Lanes::count(Lanes::masked_exclusive_or(x, b[c], mask[c])))), ...);
    } else {
        ((sum[c] = Lanes::add(sum[c], Lanes::count(Lanes::exclusive_or(x, b[c])))), ...);
    }
}

//! tile[r * width + j] = the number of bits, of `depth` half words, in which row r of `a` and column j differ.
//! a: sizeof...(r) rows, `a_stride` bytes apart; width = sizeof...(c) * lanes.
template <class Lanes, bool Masked, std::size_t... r, std::size_t... c>
void count_tile(const std::byte* a, std::size_t a_stride, panel_view panel, std::size_t depth, std::uint32_t* tile,
                std::index_sequence<r...>, std::index_sequence<c...> columns) {
    using vector = typename Lanes::vector;
    constexpr std::size_t width = sizeof...(c);
    constexpr std::size_t size = sizeof...(r) * width;
    std::size_t k = 0;
    do {
        const bool first = k == 0;
        const std::size_t end = k + std::min(depth - k, Lanes::steps);
        vector sum[size];
        ((((void)r, std::fill_n(sum + r * width, width, Lanes::zero()))), ...);
        for (; k < end; ++k) {
            const vector b[] = {Lanes::load(panel.bits + panel.offset(c, Lanes::lanes, k))...};
            if constexpr (Masked) {
                const vector mask[] = {Lanes::load(panel.mask + panel.offset(c, Lanes::lanes, k))...};
                (count_row<Lanes, Masked>(a + r * a_stride + 4 * k, b, mask, sum + r * width, columns), ...);
            } else {
                (count_row<Lanes, Masked>(a + r * a_stride + 4 * k, b, nullptr, sum + r * width, columns), ...);
            }
        }
        for (std::size_t i = 0; i < size; ++i) {
            std::uint32_t* const out = tile + i * Lanes::lanes;
            const vector wide = Lanes::widen(sum[i]);
            Lanes::store(first ? wide : Lanes::add(wide, Lanes::load(out)), out);
        }
    } while (k < depth);
}

//! The part of a product that a pass over one slice of the sum computes: rows of the first factor from half word k on,
//! `depth` of them, against the `columns` columns of a panel. c: where their results begin, c_stride apart.
//! c_j = base(j) - 2 differences if k = 0, else c_j - 2 differences.
struct product_slice {
    bit_matrix_view a;
    std::size_t k;
    std::size_t depth;
    panel_view panel;
    std::size_t columns;
    std::int32_t* c;
    std::size_t c_stride;
};

template <class Lanes, bool Masked, std::size_t Rows, std::size_t Columns, class Base>
void multiply_rows(const product_slice& s, std::size_t first, Base base) {
    constexpr std::size_t width = Columns * Lanes::lanes;
    alignas(64) std::array<std::uint32_t, Rows * width> tile;
    const std::size_t stride = 8 * s.a.stride();
    const auto* a = reinterpret_cast<const std::byte*>(s.a.words().data()) + first * stride + 4 * s.k;
    count_tile<Lanes, Masked>(a, stride, s.panel, s.depth, tile.data(), std::make_index_sequence<Rows>{},
                              std::make_index_sequence<Columns>{});
    for (std::size_t r = 0; r < Rows; ++r) {
        std::int32_t* const c = s.c + (first + r) * s.c_stride;
        const std::uint32_t* const counts = tile.data() + r * width;
        if (s.k == 0) {
            for (std::size_t j = 0; j < s.columns; ++j) {
                c[j] = base(j) - 2 * static_cast<std::int32_t>(counts[j]);
            }
        } else {
            for (std::size_t j = 0; j < s.columns; ++j) {
                c[j] -= 2 * static_cast<std::int32_t>(counts[j]);
            }
        }
    }
}

//! All rows, as many at a time as fit, then half as many, and so on.
template <class Lanes, bool Masked, std::size_t Rows, std::size_t Columns, class Base>
void multiply_slice(const product_slice& s, std::size_t first, Base base) {
    for (; first + Rows <= s.a.rows(); first += Rows) {
        multiply_rows<Lanes, Masked, Rows, Columns>(s, first, base);
    }
    if constexpr (Rows > 1) {
        multiply_slice<Lanes, Masked, Rows / 2, Columns>(s, first, base);
    }
}

//! With as few vectors of columns as hold them, Columns at most.
template <class Lanes, bool Masked, std::size_t Columns, class Base>
void multiply_columns(const product_slice& s, Base base) {
    if constexpr (Columns > 1) {
        if (s.columns <= (Columns - 1) * Lanes::lanes) {
            return multiply_columns<Lanes, Masked, Columns - 1>(s, base);
        }
    }
    multiply_slice<Lanes, Masked, Lanes::rows, Columns>(s, 0, base);
}

//! Columns of the result in one step: of vectors, or of panels where those are wider.
template <class Lanes, bool Masked>
inline constexpr std::size_t vectors_of_columns = Masked && Lanes::columns > 1 ? Lanes::columns - 1 : Lanes::columns;

//! c = a b^T, where panels(j, k, depth) gives a view of the columns from j on, `step` or what is left of them.
template <class Lanes, bool Masked, class Panels, class Base>
void multiply(bit_matrix_view a, std::size_t columns, std::size_t step, std::span<std::int32_t> c, Panels panels,
              Base base) {
    assert(c.size() == a.rows() * columns);
    constexpr std::size_t vectors = vectors_of_columns<Lanes, Masked>;
    const std::size_t depth = half_words_for(a.columns());
    for (std::size_t j = 0; j < columns; j += step) {
        const std::size_t width = std::min(step, columns - j);
        std::size_t k = 0;
        do {  // once also for sums of nothing
            const std::size_t slice = std::min(panel_depth, depth - k);
            panel_view panel = panels(j, k, slice);
            for (std::size_t i = 0; i < width; i += vectors * Lanes::lanes) {
                const std::size_t at = panel.offset(i / Lanes::lanes, Lanes::lanes, 0);
                multiply_columns<Lanes, Masked, vectors>(
                    {a,
                     k,
                     slice,
                     {panel.bits + at, Masked ? panel.mask + at : nullptr, panel.stride},
                     std::min(vectors * Lanes::lanes, width - i),
                     c.data() + j + i,
                     columns},
                    [&](std::size_t l) { return base(j + i + l); });
            }
            k += slice;
        } while (k < depth);
    }
}

}  // namespace detail

//! The second factor of a product, transposed once and for all: the weights of a layer that is used many times.
class bit_panels {
public:
    bit_panels() = default;
    //! b: columns of the second factor, as rows. O(size of b).
    explicit bit_panels(bit_matrix_view b)
        : rows_(b.rows()),
          columns_(b.columns()),
          words_((rows_ + detail::panel_width - 1) / detail::panel_width * stride()) {
        for (std::size_t j = 0; j < rows_; j += detail::panel_width) {
            detail::transpose_to_panel(b, j, 0, detail::half_words_for(columns_),
                                       words_.data() + j / detail::panel_width * stride());
        }
    }
    std::size_t rows() const { return rows_; }
    std::size_t columns() const { return columns_; }

    detail::panel_view from(std::size_t row, std::size_t k) const {
        return {words_.data() + row / detail::panel_width * stride() + detail::panel_width * k, nullptr, stride()};
    }

private:
    std::size_t stride() const { return detail::half_words_for(columns_) * detail::panel_width; }

    std::size_t rows_ = 0;
    std::size_t columns_ = 0;
    std::vector<std::uint32_t, cache_line_allocator<std::uint32_t>> words_;
};

//! c_ij = sum_k a_ik b_jk of {-1, +1} matrices: the k where they agree minus those where they do not.
//!
//! a: rows x depth; b: columns x depth, the second factor transposed; c: rows x columns, row major. depth < 2^31, and
//! equal for both. About rows columns depth / 512 XORs, counts and additions with AVX-512.
template <class Arch = default_arch>
void boolean_gemm(bit_matrix_view a, bit_matrix_view b, std::span<std::int32_t> c) {
    assert(a.columns() == b.columns());
    using lanes = bit_lanes<Arch>;
    constexpr std::size_t step = detail::vectors_of_columns<lanes, false> * detail::panel_width;
    const std::size_t stride = detail::panel_width * std::min(detail::panel_depth, detail::half_words_for(b.columns()));
    const auto panels = borrow<std::uint32_t>(step / detail::panel_width * stride);
    detail::multiply<lanes, false>(
        a, b.rows(), step, c,
        [&](std::size_t j, std::size_t k, std::size_t depth) {
            for (std::size_t i = 0; i < step && j + i < b.rows(); i += detail::panel_width) {
                detail::transpose_to_panel(b, j + i, k, depth, panels.data() + i / detail::panel_width * stride);
            }
            return detail::panel_view{panels.data(), nullptr, stride};
        },
        [depth = static_cast<std::int32_t>(a.columns())](std::size_t) { return depth; });
}

//! The same with b transposed beforehand.
template <class Arch = default_arch>
void boolean_gemm(bit_matrix_view a, const bit_panels& b, std::span<std::int32_t> c) {
    assert(a.columns() == b.columns());
    using lanes = bit_lanes<Arch>;
    detail::multiply<lanes, false>(
        a, b.rows(), detail::vectors_of_columns<lanes, false> * detail::panel_width, c,
        [&](std::size_t j, std::size_t k, std::size_t) { return b.from(j, k); },
        [depth = static_cast<std::int32_t>(a.columns())](std::size_t) { return depth; });
}

//! c_ij = sum_k a_ik b_jk for a of {-1, +1} and b of {-1, 0, 1}; otherwise as `boolean_gemm`.
template <class Arch = default_arch>
void ternary_gemm(bit_matrix_view a, const ternary_matrix& b, std::span<std::int32_t> c) {
    assert(a.columns() == b.columns());
    using lanes = bit_lanes<Arch>;
    constexpr std::size_t step = detail::vectors_of_columns<lanes, true> * detail::panel_width;
    const std::size_t stride = detail::panel_width * std::min(detail::panel_depth, detail::half_words_for(b.columns()));
    const std::size_t plane = step / detail::panel_width * stride;
    const auto panels = borrow<std::uint32_t>(2 * plane);
    std::array<std::int32_t, step> nonzero;
    detail::multiply<lanes, true>(
        a, b.rows(), step, c,
        [&](std::size_t j, std::size_t k, std::size_t depth) {
            for (std::size_t i = 0; i < step && j + i < b.rows(); i += detail::panel_width) {
                std::uint32_t* const to = panels.data() + i / detail::panel_width * stride;
                detail::transpose_to_panel(b.positive(), j + i, k, depth, to);
                detail::transpose_to_panel(b.nonzero(), j + i, k, depth, to + plane);
            }
            if (k == 0) {
                for (std::size_t i = 0; i < step && j + i < b.rows(); ++i) {
                    nonzero[i] = static_cast<std::int32_t>(popcount<Arch>(b.nonzero().row(j + i)));
                }
            }
            return detail::panel_view{panels.data(), panels.data() + plane, stride};
        },
        [&](std::size_t j) { return nonzero[j % step]; });
}

}  // namespace frugal::kernels

FRUGAL_KERNELS_END
