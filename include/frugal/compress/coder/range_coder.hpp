//! `range_coder`: adaptive arithmetic coding.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <frugal/compress/coder/symbol.hpp>
#include <frugal/concepts.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/loan.hpp>

namespace frugal {

namespace detail {

//! Symbol counts learned while coding: all 1 at first, 32 more for each occurrence, halved when they sum to 2^21.
//!
//! The limit is a window of 65536 symbols. (With the usual 2^16 it would be 2048, and noise in the counts would cost
//! 1.5 % on 255 equally likely symbols and 4 % on a bit with P = 0.999.) Cumulative counts leave out the most frequent
//! symbol, `top`: its interval is what the others leave, so that the remainder of the division range / total, which is
//! lost otherwise, goes to it. O(size) for up to 16 symbols, O(log size) beyond (Fenwick 1994).
class adaptive_counts {
public:
    static constexpr std::uint32_t increment = 32;
    static constexpr std::uint32_t limit = 1u << 21;
    static constexpr std::size_t largest_alphabet = std::size_t{1} << 16;

    void reset(std::size_t size) {
        counts_.assign(size, 1);
        tree_.resize(size + 1);
        top_ = 0;
        rebuild();
    }
    std::uint32_t total() const { return total_; }
    std::uint32_t top() const { return top_; }
    std::uint32_t count(std::uint32_t s) const { return counts_[s]; }
    //! Sum of the counts of all symbols but the top one.
    std::uint32_t others() const { return total_ - counts_[top_]; }
    //! Sum of the counts before s, without the top one; s is not top.
    std::uint32_t before(std::uint32_t s) const { return prefix(s) - (s > top_ ? counts_[top_] : 0); }

    struct position {
        std::uint32_t symbol;
        std::uint32_t before;
    };
    //! The symbol with before <= target < before + count; target < others().
    position find(std::uint32_t target) const {
        const bool above = target >= below_top_;
        const std::uint32_t skipped = above ? counts_[top_] : 0;
        std::uint32_t left = target + skipped;
        std::uint32_t s = 0;
        if (linear()) {
            for (; left >= counts_[s]; ++s) {
                left -= counts_[s];
            }
        } else {
            for (auto step = static_cast<std::uint32_t>(std::bit_floor(counts_.size())); step > 0; step /= 2) {
                if (s + step < tree_.size() && tree_[s + step] <= left) {
                    s += step;
                    left -= tree_[s];
                }
            }
        }
        return {s, target - left};
    }
    void add(std::uint32_t s) {
        counts_[s] += increment;
        total_ += increment;
        below_top_ += s < top_ ? increment : 0;
        if (!linear()) {
            for (std::size_t i = std::size_t{s} + 1; i < tree_.size(); i += i & (~i + 1)) {
                tree_[i] += increment;
            }
        }
        if (counts_[s] > counts_[top_]) {
            top_ = s;
            below_top_ = prefix(s);
        }
        if (total_ > limit) {
            for (auto& c : counts_) {
                c = (c + 1) / 2;
            }
            rebuild();
        }
    }

private:
    bool linear() const { return counts_.size() <= 16; }
    std::uint32_t prefix(std::uint32_t s) const {
        std::uint32_t sum = 0;
        if (linear()) {
            for (std::uint32_t i = 0; i < s; ++i) {
                sum += counts_[i];
            }
        } else {
            for (std::size_t i = s; i > 0; i &= i - 1) {
                sum += tree_[i];
            }
        }
        return sum;
    }
    void rebuild() {
        total_ = std::accumulate(counts_.begin(), counts_.end(), std::uint32_t{0});
        if (!linear()) {
            for (std::size_t i = 1; i < tree_.size(); ++i) {
                tree_[i] = counts_[i - 1];
            }
            for (std::size_t i = 1; i < tree_.size(); ++i) {
                if (const std::size_t parent = i + (i & (~i + 1)); parent < tree_.size()) {
                    tree_[parent] += tree_[i];
                }
            }
        }
        below_top_ = prefix(top_);
    }

    std::vector<std::uint32_t> counts_;
    std::vector<std::uint32_t> tree_;
    std::uint32_t total_ = 0;
    std::uint32_t top_ = 0;
    std::uint32_t below_top_ = 0;
};

//! The sending half of a range coder: a number of [0, 1) in binary, most significant bit first, by nested intervals.
//!
//! The interval is [low, low + range) below 2^32, after the bits already shifted out; 2^31 <= range < 2^32.
class interval_writer {
public:
    explicit interval_writer(payload_writer& w) : writer_(&w) { w.align(); }

    std::uint32_t range() const { return range_; }
    //! Narrows the interval to [low + start, low + start + length), length > 0.
    void narrow(std::uint32_t start, std::uint32_t length) {
        low_ += start;
        const auto n = static_cast<unsigned>(std::countl_zero(length));
        range_ = length << n;
        shift(n);
    }
    //! Writes the two bits that no continuation can leave the interval after, and pads to a byte.
    void finish() {
        constexpr std::uint64_t quarter = std::uint64_t{1} << 30;
        low_ = (low_ + quarter - 1) & ~(quarter - 1);
        shift(2);
        writer_->charge(bits_);
        shift((8 - pending_) % 8);
        put(0);  // no carry can come any more: lets go of what waited for one
        flush();
    }

private:
    void shift(unsigned n) {
        low_ <<= n;
        bits_ += n;
        pending_ += n;
        while (pending_ >= 8) {
            pending_ -= 8;
            put(static_cast<unsigned>(low_ >> (32 + pending_)));
            low_ &= (std::uint64_t{1} << (32 + pending_)) - 1;
        }
    }
    //! Takes 8 bits and a carry into the bytes before. A byte waits until it is sure to be final: a carry that is still
    //! to come passes through any run of 0xFF and ends in the byte before it.
    void put(unsigned byte_and_carry) {
        if (byte_and_carry == 0xFF) {
            ++waiting_ones_;
            return;
        }
        const unsigned carry = byte_and_carry >> 8;
        if (waiting_) {
            emit(last_ + carry);
        }
        for (; waiting_ones_ > 0; --waiting_ones_) {
            emit(0xFF + carry);
        }
        last_ = byte_and_carry & 0xFF;
        waiting_ = true;
    }
    void emit(unsigned byte) {
        buffer_[used_++] = static_cast<std::byte>(byte);
        if (used_ == buffer_.size()) {
            flush();
        }
    }
    void flush() {
        if (used_ > 0) {
            std::memcpy(writer_->block(used_, 0).data(), buffer_.data(), used_);
            used_ = 0;
        }
    }

    payload_writer* writer_;
    std::uint64_t low_ = 0;  // 32 bits of the interval, below them nothing, above them `pending_` bits and a carry
    std::uint32_t range_ = 0xFFFFFFFFu;
    unsigned pending_ = 0;
    unsigned last_ = 0;
    bool waiting_ = false;
    std::uint64_t waiting_ones_ = 0;
    std::uint64_t bits_ = 0;
    std::size_t used_ = 0;
    std::array<std::byte, 1024> buffer_;
};

//! The receiving half. Past the end of the bytes it reads zeros; `finish` tells whether it had to.
class interval_reader {
public:
    explicit interval_reader(payload_reader& r) : reader_(&r), bytes_(r.rest()) {
        refill();
        offset_ = static_cast<std::uint32_t>(window_ >> 32);
        window_ <<= 32;
        held_ -= 32;
        expect_message(offset_ < range_, "a message holds a number outside its interval: it was altered");
    }

    std::uint32_t range() const { return range_; }
    //! Where in the interval the number is: below range().
    std::uint32_t offset() const { return offset_; }
    void narrow(std::uint32_t start, std::uint32_t length) {
        const auto n = static_cast<unsigned>(std::countl_zero(length));
        range_ = length << n;
        if (held_ < n) {
            refill();
        }
        offset_ = static_cast<std::uint32_t>((std::uint64_t{offset_ - start} << n) | ((window_ >> 1) >> (63 - n)));
        window_ <<= n;
        held_ -= n;
        bits_ += n;
    }
    //! Consumes exactly the bytes that the writer wrote.
    void finish() {
        const std::uint64_t bits = bits_ + 2;
        const auto used = reader_->block(static_cast<std::size_t>((bits + 7) / 8));
        const auto last = static_cast<unsigned>(used.back());
        expect_message(bits % 8 == 0 || (last & (0xFFu >> bits % 8)) == 0,
                       "the padding of a message is not zero: it was altered");
    }

private:
    void refill() {
        for (; held_ <= 56; held_ += 8) {
            if (next_ < bytes_.size()) {
                window_ |= std::uint64_t{static_cast<std::uint8_t>(bytes_[next_])} << (56 - held_);
                ++next_;
            } else {
                // Sixteen bytes of zeros are more than the two bits that may be missing from the last window.
                expect_message(++missing_ <= 16,
                               "the message ends before its content: it was truncated; send it again");
            }
        }
    }

    payload_reader* reader_;
    std::span<const std::byte> bytes_;
    std::size_t next_ = 0;
    unsigned missing_ = 0;
    std::uint64_t window_ = 0;
    unsigned held_ = 0;
    std::uint32_t range_ = 0xFFFFFFFFu;
    std::uint32_t offset_ = 0;
    std::uint64_t bits_ = 0;
};

}  // namespace detail

namespace detail {

//! What `range_coder` needs while it works on a message: model and tables, which keep their memory.
class range_coder_machine {
public:
    template <Symbol S>
    void encode(std::span<const S> symbols, std::size_t size, payload_writer& w) {
        expect_alphabet<S>(size);
        if (symbols.empty() || size == 1) {
            return;
        }
        const unsigned raw = prepare(size);
        interval_writer out(w);
        for (const S symbol : symbols) {
            const std::uint32_t s = symbol >> raw;
            const std::uint32_t unit = out.range() / model_.total();
            if (s == model_.top()) {
                const std::uint32_t start = model_.others() * unit;
                out.narrow(start, out.range() - start);
            } else {
                out.narrow(model_.before(s) * unit, model_.count(s) * unit);
            }
            model_.add(s);
            if (raw > 0) {
                const std::uint32_t part = out.range() >> raw;
                out.narrow((symbol & ((1u << raw) - 1u)) * part, part);
            }
        }
        out.finish();
    }

    template <Symbol S>
    void decode(payload_reader& r, std::size_t size, std::span<S> symbols) {
        expect_alphabet<S>(size);
        if (symbols.empty() || size == 1) {
            std::fill(symbols.begin(), symbols.end(), S{0});
            return;
        }
        const unsigned raw = prepare(size);
        interval_reader in(r);
        for (S& symbol : symbols) {
            const std::uint32_t unit = in.range() / model_.total();
            const std::uint32_t start = model_.others() * unit;
            std::uint64_t s = model_.top();
            if (in.offset() >= start) {
                in.narrow(start, in.range() - start);
            } else {
                const auto found = model_.find(in.offset() / unit);
                s = found.symbol;
                in.narrow(found.before * unit, model_.count(found.symbol) * unit);
            }
            model_.add(static_cast<std::uint32_t>(s));
            if (raw > 0) {
                const std::uint32_t part = in.range() >> raw;
                const std::uint32_t low = in.offset() / part;
                s = s << raw | low;
                expect_message(low >> raw == 0 && s < size,
                               "a message holds a symbol outside the alphabet: it was altered");
                in.narrow(low * part, part);
            }
            symbol = static_cast<S>(s);
        }
        in.finish();
    }

private:
    //! Resets the model; returns how many low bits of a symbol it leaves out.
    unsigned prepare(std::size_t size) {
        unsigned raw = 0;
        while (((size - 1) >> raw) >= adaptive_counts::largest_alphabet) {
            ++raw;
        }
        model_.reset(((size - 1) >> raw) + 1);
        return raw;
    }

    adaptive_counts model_;
};

}  // namespace detail

//! Adaptive order-0 range coder (Martin 1979) with 32-bit ranges: the model is reset for every message, nothing but the
//! symbols travels.
//!
//! Cost: the symbols' empirical entropy plus about (size - 1) / 2 log2(n) bits for learning. Alphabets of more than
//! 65536 symbols are split: the high 16 bits are modelled, the low ones taken as uniform. An alphabet of one symbol
//! takes no bits. O(n log size); about 20 ns a symbol.
struct range_coder {
    static constexpr auto describe() { return describes("range_coder", "adaptive arithmetic coding"); }
    template <Symbol S>
    void encode(std::span<const S> symbols, std::size_t size, payload_writer& w) const {
        workspace<detail::range_coder_machine>()->encode(symbols, size, w);
    }
    template <Symbol S>
    void decode(payload_reader& r, std::size_t size, std::span<S> symbols) const {
        workspace<detail::range_coder_machine>()->decode(r, size, symbols);
    }
    std::string name() const { return described_name(*this); }
};

static_assert(Coder<range_coder>);

}  // namespace frugal
