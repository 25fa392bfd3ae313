//! Packed bit vectors and bit matrices: views that do not own, and vectors and matrices that do.
//!
//! A bit stands for a number of {-1, +1}: 1 for +1. Bit i of a vector is bit i mod 64, counted from the least
//! significant, of word i / 64. A matrix is row major; each row begins a word. Bits of a row's last word that belong to
//! no column are 0: what writes through a view keeps them so, and the kernels rely on it.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <span>
#include <type_traits>
#include <vector>

#include <frugal/core/error.hpp>
#include <frugal/core/state.hpp>

namespace frugal {

//! Words of 64 bits that hold n bits.
constexpr std::size_t words_for(std::size_t n) {
    return n / 64 + (n % 64 != 0);
}

//! The bits of the last of those words that hold some of the n bits, n > 0.
constexpr std::uint64_t last_word_mask(std::size_t n) {
    return ~std::uint64_t{0} >> (64 * words_for(n) - n);
}

//! n bits in words that someone else owns. Word is std::uint64_t, const to read only. Cheap: pass by value.
template <class Word>
class basic_bit_span {
public:
    constexpr basic_bit_span() = default;
    //! words: words_for(size) of them.
    constexpr basic_bit_span(Word* words, std::size_t size) : words_(words), size_(size) {}
    //! Writable bits are readable.
    constexpr operator basic_bit_span<const Word>() const
        requires(!std::is_const_v<Word>)
    {
        return {words_, size_};
    }

    constexpr std::size_t size() const { return size_; }
    constexpr bool empty() const { return size_ == 0; }
    constexpr std::span<Word> words() const { return {words_, words_for(size_)}; }

    constexpr bool operator[](std::size_t i) const {
        assert(i < size_);
        return (words_[i / 64] >> (i % 64) & 1) != 0;
    }
    constexpr void set(std::size_t i, bool bit) const
        requires(!std::is_const_v<Word>)
    {
        assert(i < size_);
        const std::uint64_t mask = std::uint64_t{1} << (i % 64);
        words_[i / 64] = bit ? words_[i / 64] | mask : words_[i / 64] & ~mask;
    }

private:
    Word* words_ = nullptr;
    std::size_t size_ = 0;
};

using bit_span = basic_bit_span<std::uint64_t>;
using bit_view = basic_bit_span<const std::uint64_t>;

//! rows x columns bits in words that someone else owns; each row takes words_for(columns) words. Cheap: pass by value.
template <class Word>
class basic_bit_matrix_span {
public:
    constexpr basic_bit_matrix_span() = default;
    //! words: rows * words_for(columns) of them.
    constexpr basic_bit_matrix_span(Word* words, std::size_t rows, std::size_t columns)
        : words_(words), rows_(rows), columns_(columns) {}
    //! A vector is a matrix of one row.
    constexpr basic_bit_matrix_span(basic_bit_span<Word> row)
        : words_(row.words().data()), rows_(1), columns_(row.size()) {}
    constexpr operator basic_bit_matrix_span<const Word>() const
        requires(!std::is_const_v<Word>)
    {
        return {words_, rows_, columns_};
    }

    constexpr std::size_t rows() const { return rows_; }
    constexpr std::size_t columns() const { return columns_; }
    //! Words from the begin of a row to that of the next.
    constexpr std::size_t stride() const { return words_for(columns_); }
    constexpr std::span<Word> words() const { return {words_, rows_ * stride()}; }

    constexpr basic_bit_span<Word> row(std::size_t i) const {
        assert(i < rows_);
        return {words_ + i * stride(), columns_};
    }
    //! `count` rows from `first` on.
    constexpr basic_bit_matrix_span row_range(std::size_t first, std::size_t count) const {
        assert(first <= rows_ && count <= rows_ - first);
        return {words_ + first * stride(), count, columns_};
    }
    constexpr bool operator()(std::size_t i, std::size_t j) const { return row(i)[j]; }
    constexpr void set(std::size_t i, std::size_t j, bool bit) const
        requires(!std::is_const_v<Word>)
    {
        row(i).set(j, bit);
    }

private:
    Word* words_ = nullptr;
    std::size_t rows_ = 0;
    std::size_t columns_ = 0;
};

using bit_matrix_span = basic_bit_matrix_span<std::uint64_t>;
using bit_matrix_view = basic_bit_matrix_span<const std::uint64_t>;

//! Whether no bit of the rows' last words is set beyond the columns, as kernels ask for. O(rows).
constexpr bool has_clear_padding(bit_matrix_view m) {
    if (m.columns() % 64 == 0) {
        return true;
    }
    std::uint64_t beyond = 0;
    for (std::size_t i = 0; i < m.rows(); ++i) {
        beyond |= m.row(i).words().back() & ~last_word_mask(m.columns());
    }
    return beyond == 0;
}

//! Allocates at the begin of a cache line, so that vectors of 64 bytes are not split between two.
template <class T>
struct cache_line_allocator {
    using value_type = T;
    static constexpr std::align_val_t alignment{64};

    cache_line_allocator() = default;
    template <class U>
    constexpr cache_line_allocator(const cache_line_allocator<U>&) {}

    T* allocate(std::size_t n) {
        if (n > std::numeric_limits<std::size_t>::max() / sizeof(T)) {
            throw std::bad_array_new_length();
        }
        return static_cast<T*>(::operator new(n * sizeof(T), alignment));
    }
    void deallocate(T* p, std::size_t) { ::operator delete(p, alignment); }
    friend constexpr bool operator==(cache_line_allocator, cache_line_allocator) { return true; }
};

//! Owns rows x columns bits, all 0 at first.
//!
//! Throws `invalid_input` for a matrix of more bits than memory has addresses for.
class bit_matrix {
public:
    bit_matrix() = default;
    bit_matrix(std::size_t rows, std::size_t columns)
        : rows_(rows), columns_(columns), words_(checked_words(rows, columns), 0) {}

    std::size_t rows() const { return rows_; }
    std::size_t columns() const { return columns_; }
    std::size_t stride() const { return words_for(columns_); }
    std::span<std::uint64_t> words() { return words_; }
    std::span<const std::uint64_t> words() const { return words_; }

    bit_span row(std::size_t i) { return view().row(i); }
    bit_view row(std::size_t i) const { return view().row(i); }
    bool operator()(std::size_t i, std::size_t j) const { return row(i)[j]; }
    void set(std::size_t i, std::size_t j, bool bit) { row(i).set(j, bit); }

    bit_matrix_span view() { return {words_.data(), rows_, columns_}; }
    bit_matrix_view view() const { return {words_.data(), rows_, columns_}; }
    operator bit_matrix_span() { return view(); }
    operator bit_matrix_view() const { return view(); }

    //! Another shape; keeps the capacity. All bits are 0 afterwards.
    void reshape(std::size_t rows, std::size_t columns) {
        words_.assign(checked_words(rows, columns), 0);
        rows_ = rows;
        columns_ = columns;
    }
    //! The shape is a setting and must be the saved one.
    void state(state_archive& a) {
        std::uint64_t rows = rows_;
        std::uint64_t columns = columns_;
        a(rows);
        a(columns);
        expect_message(rows == rows_ && columns == columns_,
                       "a saved bit matrix has another shape than the one being restored: other settings?");
        for (std::uint64_t& word : words_) {
            a(word);
        }
        expect_message(has_clear_padding(view()), "a saved bit matrix has bits beyond its columns: it was altered");
    }
    friend bool operator==(const bit_matrix&, const bit_matrix&) = default;

private:
    static std::size_t checked_words(std::size_t rows, std::size_t columns) {
        constexpr std::size_t most = std::numeric_limits<std::size_t>::max() / 8;
        expect(columns == 0 || rows <= most / words_for(columns),
               "a bit matrix has more bits than memory has addresses for: check its shape");
        return rows * words_for(columns);
    }

    std::size_t rows_ = 0;
    std::size_t columns_ = 0;
    std::vector<std::uint64_t, cache_line_allocator<std::uint64_t>> words_;
};

//! Owns n bits, all 0 at first.
class bit_vector {
public:
    bit_vector() = default;
    explicit bit_vector(std::size_t n) : bits_(1, n) {}

    std::size_t size() const { return bits_.columns(); }
    bool empty() const { return size() == 0; }
    std::span<std::uint64_t> words() { return bits_.words(); }
    std::span<const std::uint64_t> words() const { return bits_.words(); }
    bool operator[](std::size_t i) const { return view()[i]; }
    void set(std::size_t i, bool bit) { view().set(i, bit); }

    bit_span view() { return {bits_.words().data(), size()}; }
    bit_view view() const { return {bits_.words().data(), size()}; }
    operator bit_span() { return view(); }
    operator bit_view() const { return view(); }

    //! Another size; all bits are 0 afterwards.
    void resize(std::size_t n) { bits_.reshape(1, n); }
    void state(state_archive& a) { bits_.state(a); }
    friend bool operator==(const bit_vector&, const bit_vector&) = default;

private:
    bit_matrix bits_{1, 0};
};

//! Owns a matrix of {-1, 0, 1} as two bit planes: which elements are not 0, and which of those are +1.
//!
//! A 0 has a 0 in both planes, so that equal matrices have equal bits.
class ternary_matrix {
public:
    ternary_matrix() = default;
    ternary_matrix(std::size_t rows, std::size_t columns) : nonzero_(rows, columns), positive_(rows, columns) {}

    std::size_t rows() const { return nonzero_.rows(); }
    std::size_t columns() const { return nonzero_.columns(); }
    int operator()(std::size_t i, std::size_t j) const { return !nonzero_(i, j) ? 0 : positive_(i, j) ? 1 : -1; }
    //! value: -1, 0 or 1.
    void set(std::size_t i, std::size_t j, int value) {
        assert(-1 <= value && value <= 1);
        nonzero_.set(i, j, value != 0);
        positive_.set(i, j, value > 0);
    }
    bit_matrix_view nonzero() const { return nonzero_; }
    bit_matrix_view positive() const { return positive_; }

    void state(state_archive& a) {
        nonzero_.state(a);
        positive_.state(a);
        bool stray = false;
        for (std::size_t i = 0; i < nonzero_.words().size(); ++i) {
            stray |= (positive_.words()[i] & ~nonzero_.words()[i]) != 0;
        }
        expect_message(!stray, "a saved ternary matrix has a sign where it is 0: it was altered");
    }
    friend bool operator==(const ternary_matrix&, const ternary_matrix&) = default;

private:
    bit_matrix nonzero_;
    bit_matrix positive_;
};

}  // namespace frugal
