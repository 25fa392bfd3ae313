//! Products of packed matrices: Boolean with Boolean, and Boolean with ternary, to integers.
//!
//! As in a product of floats (Goto, van de Geijn, ACM TOMS 2008), a tile of the result stays in registers: `rows` rows
//! of the first factor against a few vectors of columns of the second, which is transposed in panels so that one vector
//! holds a word of 32 bits of each of its columns. Lanes are then elements of the result, and nothing is summed across
//! them.
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
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

//! f(0), f(1), ... f(n - 1), each with a constant, so that arrays indexed by it stay in registers.
template <std::size_t n, class F>
[[gnu::always_inline]] inline void unrolled(F f) {
    [&]<std::size_t... i>(std::index_sequence<i...>) {
        (f(std::integral_constant<std::size_t, i>{}), ...);
    }(std::make_index_sequence<n>{});
}

//! tile[(r Columns + c) lanes + l] = the number of bits, of `depth` half words, in which row r of `a` and lane l of
//! vector c of the columns differ. a: Rows rows, `a_stride` bytes apart.
template <class Lanes, bool Masked, std::size_t Rows, std::size_t Columns>
void count_tile(const std::byte* a, std::size_t a_stride, panel_view panel, std::size_t depth, std::uint32_t* tile) {
    using vector = typename Lanes::vector;
    std::size_t k = 0;
    do {
        const bool first = k == 0;
        const std::size_t end = k + std::min(depth - k, Lanes::steps);
        vector sum[Rows * Columns];
        unrolled<Rows * Columns>([&](auto i) { sum[i] = Lanes::zero(); });
        for (; k < end; ++k) {
            vector b[Columns];
            [[maybe_unused]] vector mask[Columns];
            unrolled<Columns>([&](auto c) {
                b[c] = Lanes::load(panel.bits + panel.offset(c, Lanes::lanes, k));
                if constexpr (Masked) {
                    mask[c] = Lanes::load(panel.mask + panel.offset(c, Lanes::lanes, k));
                }
            });
            unrolled<Rows>([&](auto r) {
                std::uint32_t word;
                std::memcpy(&word, a + r * a_stride + 4 * k, sizeof word);
                const vector x = Lanes::broadcast(word);
                unrolled<Columns>([&](auto c) {
                    vector& s = sum[r * Columns + c];
                    if constexpr (Masked) {
                        s = Lanes::add(s, Lanes::count(Lanes::masked_exclusive_or(x, b[c], mask[c])));
                    } else {
                        s = Lanes::add(s, Lanes::count(Lanes::exclusive_or(x, b[c])));
                    }
                });
            });
        }
        unrolled<Rows * Columns>([&](auto i) {
            std::uint32_t* const out = tile + i * Lanes::lanes;
            const vector wide = Lanes::widen(sum[i]);
            Lanes::store(first ? wide : Lanes::add(wide, Lanes::load(out)), out);
        });
    } while (k < depth);
}

//! c_j = base_j - 2 counts_j, where base is null c_j - 2 counts_j, j < n. A tile of full width needs no loop that
//! counts.
template <std::size_t width>
void subtract_twice(const std::uint32_t* __restrict counts, const std::int32_t* __restrict base, std::size_t n,
                    std::int32_t* __restrict c) {
    const auto subtract = [=](std::size_t end) {
        if (base != nullptr) {
            for (std::size_t j = 0; j < end; ++j) {
                c[j] = base[j] - 2 * static_cast<std::int32_t>(counts[j]);
            }
        } else {
            for (std::size_t j = 0; j < end; ++j) {
                c[j] -= 2 * static_cast<std::int32_t>(counts[j]);
            }
        }
    };
    n == width ? subtract(width) : subtract(n);
}

//! The part of a product that a pass over one slice of the sum computes: rows of the first factor from half word k on,
//! `depth` of them, against the `columns` columns of a panel. c: where their results begin, c_stride apart. base: what
//! columns are equal to where no bit differs; null but for the first slice.
struct product_slice {
    bit_matrix_view a;
    std::size_t k;
    std::size_t depth;
    panel_view panel;
    std::size_t columns;
    const std::int32_t* base;
    std::int32_t* c;
    std::size_t c_stride;
};

template <class Lanes, bool Masked, std::size_t Rows, std::size_t Columns>
void multiply_rows(const product_slice& s, std::size_t first) {
    constexpr std::size_t width = Columns * Lanes::lanes;
    alignas(64) std::array<std::uint32_t, Rows * width> tile;
    const std::size_t stride = 8 * s.a.stride();
    const auto* a = reinterpret_cast<const std::byte*>(s.a.words().data()) + first * stride + 4 * s.k;
    std::int32_t* const c = s.c + first * s.c_stride;
    for (std::size_t r = 0; r < Rows; ++r) {  // the lines of the result arrive while the tile is counted
        for (std::size_t j = 0; j < s.columns; j += 64 / sizeof *c) {
            __builtin_prefetch(c + r * s.c_stride + j, 1);
        }
    }
    count_tile<Lanes, Masked, Rows, Columns>(a, stride, s.panel, s.depth, tile.data());
    for (std::size_t r = 0; r < Rows; ++r) {
        subtract_twice<width>(tile.data() + r * width, s.base, s.columns, c + r * s.c_stride);
    }
}

//! All rows, as many at a time as fit, then half as many, and so on.
template <class Lanes, bool Masked, std::size_t Rows, std::size_t Columns>
void multiply_slice(const product_slice& s, std::size_t first) {
    for (; first + Rows <= s.a.rows(); first += Rows) {
        multiply_rows<Lanes, Masked, Rows, Columns>(s, first);
    }
    if constexpr (Rows > 1) {
        multiply_slice<Lanes, Masked, Rows / 2, Columns>(s, first);
    }
}

//! With as few vectors of columns as hold them, Columns at most.
template <class Lanes, bool Masked, std::size_t Columns>
void multiply_columns(const product_slice& s) {
    if constexpr (Columns > 1) {
        if (s.columns <= (Columns - 1) * Lanes::lanes) {
            return multiply_columns<Lanes, Masked, Columns - 1>(s);
        }
    }
    multiply_slice<Lanes, Masked, Lanes::rows, Columns>(s, 0);
}

//! Columns of the result that are worked on at once: some panels.
template <class Lanes>
inline constexpr std::size_t columns_at_once = Lanes::columns * panel_width;

//! c = a b^T for b of `columns` rows: panels(j, k, depth) gives a view of columns_at_once columns from j on, or what is
//! left of them; base[j] is what they are equal to where no bit differs, and may change with the first slice.
template <class Lanes, bool Masked, class Panels>
void multiply(bit_matrix_view a, std::size_t columns, std::span<std::int32_t> c, Panels panels,
              const std::int32_t* base) {
    assert(c.size() == a.rows() * columns);
    constexpr std::size_t tile_width = Lanes::columns * Lanes::lanes;
    const std::size_t depth = half_words_for(a.columns());
    for (std::size_t j = 0; j < columns; j += columns_at_once<Lanes>) {
        const std::size_t width = std::min(columns_at_once<Lanes>, columns - j);
        std::size_t k = 0;
        do {  // once also for sums of nothing
            const std::size_t slice = std::min(panel_depth, depth - k);
            const panel_view panel = panels(j, k, slice);
            for (std::size_t i = 0; i < width; i += tile_width) {
                const std::size_t at = panel.offset(i / Lanes::lanes, Lanes::lanes, 0);
                multiply_columns<Lanes, Masked, Lanes::columns>(
                    {a,
                     k,
                     slice,
                     {panel.bits + at, Masked ? panel.mask + at : nullptr, panel.stride},
                     std::min(tile_width, width - i),
                     k == 0 ? base + i : nullptr,
                     c.data() + j + i,
                     columns});
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
    //! A bit for each weight, rows in sixteens and columns in words of 32.
    std::span<const std::uint32_t> words() const { return words_; }

    //! For the kernels: the columns of the second factor from `row` on, from half word k on.
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
    if (a.rows() == 1) {
        return xnor_product<Arch>(b, a.row(0), c);  // not worth transposing b for
    }
    using lanes = bit_lanes<Arch>;
    constexpr std::size_t step = detail::columns_at_once<lanes>;
    const std::size_t stride = detail::panel_width * std::min(detail::panel_depth, detail::half_words_for(b.columns()));
    const auto panels = borrow<std::uint32_t>(step / detail::panel_width * stride);
    std::array<std::int32_t, step> base;
    base.fill(static_cast<std::int32_t>(a.columns()));
    detail::multiply<lanes, false>(
        a, b.rows(), c,
        [&](std::size_t j, std::size_t k, std::size_t depth) {
            for (std::size_t i = 0; i < step && j + i < b.rows(); i += detail::panel_width) {
                detail::transpose_to_panel(b, j + i, k, depth, panels.data() + i / detail::panel_width * stride);
            }
            return detail::panel_view{panels.data(), nullptr, stride};
        },
        base.data());
}

//! The same with b transposed beforehand.
template <class Arch = default_arch>
void boolean_gemm(bit_matrix_view a, const bit_panels& b, std::span<std::int32_t> c) {
    assert(a.columns() == b.columns());
    using lanes = bit_lanes<Arch>;
    std::array<std::int32_t, detail::columns_at_once<lanes>> base;
    base.fill(static_cast<std::int32_t>(a.columns()));
    detail::multiply<lanes, false>(
        a, b.rows(), c, [&](std::size_t j, std::size_t k, std::size_t) { return b.from(j, k); }, base.data());
}

//! c_ij = sum_k a_ik b_jk for a of {-1, +1} and b of {-1, 0, 1}; otherwise as `boolean_gemm`.
template <class Arch = default_arch>
void ternary_gemm(bit_matrix_view a, const ternary_matrix& b, std::span<std::int32_t> c) {
    assert(a.columns() == b.columns());
    using lanes = bit_lanes<Arch>;
    constexpr std::size_t step = detail::columns_at_once<lanes>;
    const std::size_t stride = detail::panel_width * std::min(detail::panel_depth, detail::half_words_for(b.columns()));
    const std::size_t plane = step / detail::panel_width * stride;
    const auto panels = borrow<std::uint32_t>(2 * plane);
    std::array<std::int32_t, step> nonzero;
    detail::multiply<lanes, true>(
        a, b.rows(), c,
        [&](std::size_t j, std::size_t k, std::size_t depth) {
            for (std::size_t i = 0; i < step && j + i < b.rows(); i += detail::panel_width) {
                std::uint32_t* const to = panels.data() + i / detail::panel_width * stride;
                detail::transpose_to_panel(b.positive(), j + i, k, depth, to);
                detail::transpose_to_panel(b.nonzero(), j + i, k, depth, to + plane);
            }
            for (std::size_t i = 0; k == 0 && i < step && j + i < b.rows(); ++i) {
                nonzero[i] = static_cast<std::int32_t>(popcount<Arch>(b.nonzero().row(j + i)));
            }
            return detail::panel_view{panels.data(), panels.data() + plane, stride};
        },
        nonzero.data());
}

}  // namespace frugal::kernels

FRUGAL_KERNELS_END
