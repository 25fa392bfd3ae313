//! `letter_model`: what `rans` knows of its symbols: letters, and frequencies of letters.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include <frugal/compress/coder/symbol.hpp>
#include <frugal/compress/coder/universal_codes.hpp>
#include <frugal/concepts.hpp>
#include <frugal/kernels/pack.hpp>

namespace frugal::detail {

//! log2(1 + i / 256) in units of 2^-16, by repeated squaring.
inline constexpr auto log2_table = [] {
    std::array<std::uint32_t, 257> table{};
    for (std::uint64_t i = 0; i < 256; ++i) {
        std::uint64_t x = (256 + i) << 23;  // in units of 2^-31
        for (int bit = 15; bit >= 0; --bit) {
            x = x * x >> 31;
            if (x >> 32 != 0) {
                x >>= 1;
                table[i] |= 1u << bit;
            }
        }
    }
    table[256] = 1u << 16;
    return table;
}();

//! log2(v) in units of 2^-16, v >= 1; the same bits on every machine.
constexpr std::uint64_t fixed_log2(std::uint64_t v) {
    const auto exponent = static_cast<unsigned>(std::bit_width(v)) - 1;
    const std::uint64_t mantissa = v << (63 - exponent);
    const std::uint64_t i = mantissa >> 55 & 255;
    const std::uint64_t fraction = mantissa >> 39 & 0xFFFF;
    return (std::uint64_t{exponent} << 16) + log2_table[i] + ((log2_table[i + 1] - log2_table[i]) * fraction >> 16);
}

//! Integer frequencies that sum to 2^bits, in proportion to the weights, at least 1 where a weight is not 0.
//!
//! Needs at least one weight that is not 0, at most 2^bits / 16 of them, and a sum of weights of at most 2^47. Weights
//! worth less than 2 are rounded to 1 or 2; the others share the rest by differences of rounded cumulative sums.
inline void quantize_weights(std::span<const std::uint64_t> weights, unsigned bits,
                             std::span<std::uint32_t> frequencies) {
    const std::uint64_t sum = std::accumulate(weights.begin(), weights.end(), std::uint64_t{0});
    std::uint64_t rest = std::uint64_t{1} << bits;
    std::uint64_t common = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const std::uint64_t scaled = weights[i] << bits;
        if (scaled < 2 * sum) {
            frequencies[i] = weights[i] == 0 ? 0 : 2 * scaled < 3 * sum ? 1 : 2;
            rest -= frequencies[i];
        } else {
            common += weights[i];
        }
    }
    std::uint64_t cumulative = 0;
    std::uint64_t given = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        if (weights[i] << bits >= 2 * sum) {
            cumulative += weights[i];
            const std::uint64_t upto = cumulative * rest / common;
            frequencies[i] = static_cast<std::uint32_t>(upto - given);
            given = upto;
        }
    }
}

//! Letters and their frequencies. A letter is what one coding step codes: the high bits of a symbol, or for alphabets
//! of up to 16 symbols a tuple of them in a byte, in the vertical layout of `radix`. Only the frequencies of symbols
//! travel; those of tuples are derived by integer arithmetic as their products.
//!
//! Sender: prepare, count, choose, write, pack.  Receiver: prepare, read, unpack.
class letter_model {
public:
    //! Letters in a chunk, a multiple of every number of lanes.
    static constexpr std::size_t chunk_letters = 64 * kernels::block_lanes;

    void prepare(std::size_t size) {
        raw_ = 0;
        while (((size - 1) >> raw_) >= largest_alphabet) {
            ++raw_;
        }
        size_ = static_cast<std::uint32_t>(((size - 1) >> raw_) + 1);
        most_digits_ = size_ <= largest_for_tuples ? kernels::digits_in_byte(size_) : 1;
        symbol_frequency_.resize(size_);
    }

    //! Low bits of a symbol that are not coded.
    unsigned raw_bits() const { return raw_; }
    //! The most frequent symbol.
    std::uint32_t top() const { return top_; }
    //! Does no other occur?
    bool only_top() const { return symbol_frequency_[top_] == std::uint32_t{1} << bits_; }
    //! Does a letter fit into a byte?
    bool narrow() const { return size_ <= 256; }
    //! Frequencies of letters; they sum to 2^bits().
    std::span<const std::uint32_t> frequencies() const { return frequency_; }
    unsigned bits() const { return bits_; }
    //! Symbols in a chunk.
    std::size_t chunk() const { return chunk_letters * digits_; }

    //! How many letters n symbols make.
    std::size_t letters_of(std::size_t n) const {
        const std::size_t block = digits_ * kernels::block_lanes;
        return n / block * kernels::block_lanes + (n % block + digits_ - 1) / digits_;
    }
    //! The letters of one chunk of n symbols.
    template <class S, class Letter>
    void pack(const S* symbols, std::size_t n, Letter* letters) const {
        if (digits_ == 1) {
            std::transform(symbols, symbols + n, letters, [this](S s) { return static_cast<Letter>(s >> raw_); });
            return;
        }
        if constexpr (sizeof(Letter) == 1) {
            const std::size_t block = digits_ * kernels::block_lanes;
            for (; n >= block; n -= block, symbols += block, letters += kernels::block_lanes) {
                if constexpr (sizeof(S) == 1) {
                    kernels::pack_tuples(symbols, shape_, letters);
                } else {
                    std::array<std::uint8_t, 8 * kernels::block_lanes> narrow;
                    std::transform(symbols, symbols + block, narrow.begin(),
                                   [](S s) { return static_cast<std::uint8_t>(s); });
                    kernels::pack_tuples(narrow.data(), shape_, letters);
                }
            }
            const std::size_t words = (n + digits_ - 1) / digits_;
            for (std::size_t j = 0; j < words; ++j) {
                unsigned letter = 0;
                for (unsigned k = digits_; k-- > 0;) {
                    const std::size_t at = words * k + j;
                    letter = letter * size_ + (at < n ? static_cast<unsigned>(symbols[at]) : top_);
                }
                letters[j] = static_cast<Letter>(letter);
            }
        }
    }
    //! The inverse; symbols without their low bits.
    template <class S, class Letter>
    void unpack(const Letter* letters, std::size_t n, S* symbols) const {
        if (digits_ == 1) {
            std::transform(letters, letters + n, symbols, [](Letter l) { return static_cast<S>(l); });
            return;
        }
        if constexpr (sizeof(Letter) == 1) {
            const std::size_t block = digits_ * kernels::block_lanes;
            for (; n >= block; n -= block, symbols += block, letters += kernels::block_lanes) {
                if constexpr (sizeof(S) == 1) {
                    kernels::unpack_tuples(letters, shape_, symbols);
                } else {
                    std::array<std::uint8_t, 8 * kernels::block_lanes> narrow;
                    kernels::unpack_tuples(letters, shape_, narrow.data());
                    std::copy_n(narrow.begin(), block, symbols);
                }
            }
            const std::size_t words = (n + digits_ - 1) / digits_;
            for (std::size_t j = 0; j < words; ++j) {
                unsigned letter = letters[j];
                for (std::size_t at = j; at < n; at += words) {
                    symbols[at] = static_cast<S>(letter % size_);
                    letter /= size_;
                }
            }
        }
    }

    //! Counts symbols, by way of tuples where letters can be tuples, and finds the most frequent one.
    template <class S>
    void count(std::span<const S> symbols) {
        symbol_count_.assign(size_, 0);
        set_digits(most_digits_);
        const std::size_t n = symbols.size();
        const std::size_t tail = size_ > 256 ? n : n % (digits_ * kernels::block_lanes);
        std::array<std::array<std::uint64_t, 256>, 4> histogram{};  // four, so that equal letters in a row do not wait
        std::array<std::uint8_t, chunk_letters> letters;
        for (std::size_t at = 0; at < n - tail;) {
            const std::size_t take = std::min(chunk_letters * digits_, n - tail - at);
            pack(symbols.data() + at, take, letters.data());
            at += take;
            for (std::size_t i = 0; i < take / digits_; i += 4) {
                ++histogram[0][letters[i]];
                ++histogram[1][letters[i + 1]];
                ++histogram[2][letters[i + 2]];
                ++histogram[3][letters[i + 3]];
            }
        }
        for (std::size_t t = 0; t < 256; ++t) {
            const std::uint64_t c = histogram[0][t] + histogram[1][t] + histogram[2][t] + histogram[3][t];
            if (c > 0) {
                std::size_t left = t;
                for (unsigned k = 0; k < digits_; ++k) {
                    symbol_count_[left % size_] += c;
                    left /= size_;
                }
            }
        }
        for (const S s : symbols.last(tail)) {
            ++symbol_count_[s >> raw_];
        }
        find_top();
    }
    //! Sets letters and frequencies for the n symbols counted: the first choice, from fast to precise, that loses
    //! little against the entropy, or else the best one. Returns the bits of the words to come.
    std::uint64_t choose(std::size_t n) {
        std::uint64_t entropy = n * fixed_log2(n);
        std::size_t occurring = 0;
        for (const std::uint64_t c : symbol_count_) {
            if (c > 0) {
                entropy -= c * fixed_log2(c);
                ++occurring;
            }
        }
        const std::uint64_t accepted = entropy / 256 + (std::uint64_t{8} << 16);
        quantize_weights(symbol_count_, most_bits, symbol_frequency_);
        const std::vector<std::uint32_t>& precise = precise_frequency_ = symbol_frequency_;
        std::uint64_t least = ~std::uint64_t{0};
        unsigned best_digits = 1;
        unsigned best_bits = most_bits;
        for (unsigned digits = most_digits_; digits > 0; --digits) {
            multiply(precise, most_bits, digits, expected_);
            for (unsigned bits = least_bits; bits <= most_bits; bits += 2) {
                if (digits == 1 && occurring > (std::size_t{1} << bits) / 16) {
                    continue;
                }
                derive(digits, bits);
                const std::uint64_t loss = expected_loss() * (n / digits) >> 8;
                if (loss < least) {
                    least = loss;
                    best_digits = digits;
                    best_bits = bits;
                }
                if (loss <= accepted) {
                    return (entropy + loss) >> 16;
                }
            }
        }
        derive(best_digits, best_bits);
        return (entropy + least) >> 16;
    }
    //! Writes all that a receiver who knows the alphabet needs; lanes_code: 2 bits of the coder's own.
    void write(payload_writer& w, unsigned lanes_code) const {
        w.bits(top_, bits_for(size_));
        if (most_digits_ > 1) {
            w.bits(digits_ - 1, 3);
        }
        w.bits(bits_ - least_bits, 3);
        w.bits(lanes_code, 2);
        std::uint32_t before = 0;
        for (std::size_t s = 0; s < size_; ++s) {
            if (s == top_) {
                continue;
            }
            const unsigned k = low_bits_after(before);
            before = symbol_frequency_[s];
            write_gamma(w, (before >> k) + 1);
            w.bits(before & ((1u << k) - 1u), k);
            if (before == 0) {
                std::size_t zeros = 0;
                while (s + 1 < size_ && (s + 1 == top_ || symbol_frequency_[s + 1] == 0)) {
                    ++s;
                    zeros += s != top_;
                }
                write_gamma(w, zeros + 1);
            }
        }
    }
    //! Sets all that `write` wrote; returns lanes_code. What is read is safe to code with, or `malformed_message`.
    unsigned read(payload_reader& r) {
        constexpr const char* impossible = "a message holds symbol frequencies that cannot be: it was altered";
        bit_scanner in(r);
        top_ = static_cast<std::uint32_t>(in.bits(bits_for(size_)));
        const unsigned digits = 1 + (most_digits_ > 1 ? static_cast<unsigned>(in.bits(3)) : 0);
        bits_ = least_bits + static_cast<unsigned>(in.bits(3));
        const auto lanes_code = static_cast<unsigned>(in.bits(2));
        expect_message(top_ < size_ && digits <= most_digits_ && bits_ <= most_bits && lanes_code <= 2, impossible);
        set_digits(digits);
        std::fill(symbol_frequency_.begin(), symbol_frequency_.end(), 0u);
        std::uint64_t left = std::uint64_t{1} << bits_;
        std::uint32_t before = 0;
        for (std::size_t s = 0; s < size_; ++s) {
            if (s == top_) {
                continue;
            }
            const unsigned k = low_bits_after(before);
            const std::uint64_t f = (in.gamma(most_bits) - 1) << k | in.bits(k);
            expect_message(f < left, impossible);
            left -= f;
            before = static_cast<std::uint32_t>(f);
            symbol_frequency_[s] = before;
            if (f == 0) {
                std::uint64_t zeros = in.gamma(most_bits) - 1;
                for (; s + 1 < size_ && (zeros > 0 || s + 1 == top_); ++s) {
                    zeros -= s + 1 != top_;
                }
                expect_message(zeros == 0, impossible);
            }
        }
        symbol_frequency_[top_] = static_cast<std::uint32_t>(left);
        in.finish();
        derive_letters();
        return lanes_code;
    }

private:
    static constexpr unsigned least_bits = 12;
    static constexpr unsigned most_bits = 16;
    static constexpr unsigned one = 46;  // a probability of 1; 62 bits when multiplied by a frequency
    static constexpr std::size_t largest_alphabet = 4096;
    static constexpr std::size_t largest_for_tuples = 16;

    void find_top() {
        top_ = static_cast<std::uint32_t>(std::max_element(symbol_count_.begin(), symbol_count_.end()) -
                                          symbol_count_.begin());
    }
    //! Relative entropy of the letters' frequencies to what is expected, in units of 2^-24 bits a letter.
    std::uint64_t expected_loss() const {
        std::int64_t loss = 0;
        for (std::size_t t = 0; t < frequency_.size(); ++t) {
            if (frequency_[t] > 0) {
                const auto expected =
                    static_cast<std::int64_t>(fixed_log2(expected_[t]) + (std::uint64_t{bits_} << 16));
                const auto given = static_cast<std::int64_t>(fixed_log2(frequency_[t]) + (std::uint64_t{one} << 16));
                loss += static_cast<std::int64_t>(expected_[t] >> 6) * (expected - given);
            }
        }
        return static_cast<std::uint64_t>(std::max<std::int64_t>(0, loss)) >> (one - 6 + 16 - 24);
    }
    //! Sets digits_, bits_ and all frequencies from the counts.
    void derive(unsigned digits, unsigned bits) {
        set_digits(digits);
        bits_ = bits;
        quantize_weights(symbol_count_, bits, symbol_frequency_);
        derive_letters();
    }
    //! The frequencies of letters from those of symbols.
    void derive_letters() {
        if (digits_ == 1) {
            frequency_ = symbol_frequency_;
        } else {
            multiply(symbol_frequency_, bits_, digits_, weight_);
            frequency_.resize(weight_.size());
            quantize_weights(weight_, bits_, frequency_);
        }
    }
    //! Probabilities of tuples of independent symbols, in units of 2^-46; at least one unit for what can occur.
    void multiply(std::span<const std::uint32_t> frequency, unsigned bits, unsigned digits,
                  std::vector<std::uint64_t>& weight) const {
        std::size_t known = size_;
        weight.resize(known);
        for (std::size_t s = 0; s < size_; ++s) {
            weight[s] = std::uint64_t{frequency[s]} << (one - bits);
        }
        for (unsigned k = 1; k < digits; ++k, known *= size_) {
            weight.resize(known * size_);
            for (std::size_t s = size_; s-- > 0;) {
                for (std::size_t t = 0; t < known; ++t) {
                    const std::uint64_t product = weight[t] * frequency[s];
                    weight[s * known + t] = product == 0 ? 0 : std::max<std::uint64_t>(1, product >> bits);
                }
            }
        }
    }
    void set_digits(unsigned digits) {
        digits_ = digits;
        if (digits > 1) {
            shape_ = kernels::tuple_shape(size_, digits);
        }
    }

    static unsigned low_bits_after(std::uint32_t before) {
        return std::max(2u, static_cast<unsigned>(std::bit_width(before))) - 2;
    }

    unsigned raw_ = 0;
    std::uint32_t size_ = 1;      // of the alphabet without the low bits
    unsigned most_digits_ = 1;    // of a tuple
    kernels::tuple_shape shape_;  // of tuples, where letters can be
    unsigned digits_ = 1;         // of a letter
    unsigned bits_ = most_bits;
    std::uint32_t top_ = 0;
    std::vector<std::uint64_t> symbol_count_, expected_, weight_;
    std::vector<std::uint32_t> symbol_frequency_, precise_frequency_, frequency_;
};

}  // namespace frugal::detail
