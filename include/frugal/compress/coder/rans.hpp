//! `rans`: static arithmetic coding, fast.
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
#include <type_traits>
#include <utility>
#include <vector>

#include <frugal/compress/coder/symbol.hpp>
#include <frugal/compress/coder/universal_codes.hpp>
#include <frugal/concepts.hpp>
#include <frugal/kernels/pack.hpp>

namespace frugal {

namespace detail {

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

}  // namespace detail

//! Interleaved range variant of asymmetric numeral systems (Duda 2013), order 0, frequencies sent first.
//!
//! Letters: alphabets of up to 16 symbols may be coded as tuples in a byte (5 digits of 3, 2 of 7; fewer where rare tuples
//! would cost too much), in the vertical layout of `radix`, so that one coding step serves several symbols. Only the frequencies of single
//! symbols travel; those of tuples are derived by integer arithmetic as their products. Missing digits of the last tuples
//! repeat the most frequent symbol. Alphabets of more than 4096 symbols are split: the high bits are coded, the low ones
//! follow as they are.
//!
//! Payload, from a byte boundary on, least significant bit first: the most frequent symbol, bits_for(size) bits; digits of a
//! letter minus 1, 3 bits, where they can be more than 1; 3 bits: b - 12, frequencies sum to 2^b, 12 <= b <= 16; 2 bits: 0, 1, 2
//! for 1, 4, 32 lanes; the frequencies of the other symbols in order, f as Elias gamma code of (f >> k) + 1 and k low
//! bits, k = max(0, bit width of the frequency before - 2), and after a frequency of 0 the number of further zeros plus 1
//! in gamma code. If only one symbol occurs nothing follows. Otherwise, aligned: the 32-bit state of each lane, then
//! 16-bit words. Letter i belongs to lane i mod lanes; a state x in [2^16, 2^32) holds the letter whose interval
//! contains x mod 2^b; next x = frequency (x >> b) + x mod 2^b - start, and below 2^16, x = x 2^16 + next word. The last
//! state of every lane is 2^16. At the end, aligned, the low bits of split symbols.
//!
//! Cost: the empirical entropy + at most 0.5 % + the frequencies + 32 bits for each lane (more lanes only where they
//! do not count). O(n + 2^b); for messages of thousands of symbols and more. An alphabet of one symbol takes no bits.
class rans {
public:
    std::string name() const { return "rans"; }

    template <Symbol S>
    void encode(std::span<const S> symbols, std::size_t size, payload_writer& w) {
        expect_alphabet<S>(size);
        if (symbols.empty() || size == 1) {
            return;
        }
        prepare(size);
        w.align();
        count(symbols);
        const std::uint64_t cost = choose(symbols.size());
        const unsigned lanes_code = cost < (1u << 15) ? 0 : cost < (1u << 18) ? 1 : 2;
        write_header(w, lanes_code);
        if (symbol_frequency_[top_] < std::uint32_t{1} << bits_) {
            with_letters_and_lanes(lanes_code,
                                   [&]<class Letter, unsigned Lanes>() { write_body<Letter, Lanes>(symbols, w); });
        }
        w.align();
        if (raw_ > 0) {
            for (const S s : symbols) {
                w.bits(s & ((std::uint64_t{1} << raw_) - 1), raw_);
            }
            w.align();
        }
    }

    template <Symbol S>
    void decode(payload_reader& r, std::size_t size, std::span<S> symbols) {
        expect_alphabet<S>(size);
        if (symbols.empty() || size == 1) {
            std::fill(symbols.begin(), symbols.end(), S{0});
            return;
        }
        prepare(size);
        const unsigned lanes_code = read_header(r);
        if (symbol_frequency_[top_] < std::uint32_t{1} << bits_) {
            with_letters_and_lanes(lanes_code,
                                   [&]<class Letter, unsigned Lanes>() { read_body<Letter, Lanes>(r, symbols); });
        } else {
            std::fill(symbols.begin(), symbols.end(), static_cast<S>(top_));
        }
        if (raw_ > 0) {
            for (S& s : symbols) {
                const std::uint64_t whole = std::uint64_t{s} << raw_ | r.bits(raw_);
                expect_message(whole < size, "a message holds a symbol outside the alphabet: it was altered");
                s = static_cast<S>(whole);
            }
            r.align();
        }
    }

private:
    static constexpr unsigned least_bits = 12;
    static constexpr unsigned most_bits = 16;
    static constexpr unsigned one = 46;  // a probability of 1; 62 bits when multiplied by a frequency
    static constexpr std::size_t largest_alphabet = 4096;
    static constexpr std::size_t largest_for_tuples = 16;
    static constexpr std::size_t chunk_blocks = 64;
    static constexpr std::size_t chunk_letters = chunk_blocks * kernels::block_lanes;
    static constexpr std::uint32_t lower = std::uint32_t{1} << 16;

    void prepare(std::size_t size) {
        raw_ = 0;
        while (((size - 1) >> raw_) >= largest_alphabet) {
            ++raw_;
        }
        size_ = static_cast<std::uint32_t>(((size - 1) >> raw_) + 1);
        most_digits_ = size_ <= largest_for_tuples ? kernels::digits_in_byte(size_) : 1;
        symbol_frequency_.resize(size_);
    }

    // Letters.

    template <class F>
    void with_letters_and_lanes(unsigned lanes_code, F f) {
        const auto with_lanes = [&]<class Letter>(Letter) {
            switch (lanes_code) {
                case 0:
                    return f.template operator()<Letter, 1>();
                case 1:
                    return f.template operator()<Letter, 8>();
                default:
                    return f.template operator()<Letter, 32>();
            }
        };
        size_ <= 256 ? with_lanes(std::uint8_t{}) : with_lanes(std::uint16_t{});
    }
    std::size_t letters_of(std::size_t n) const {
        const std::size_t block = digits_ * kernels::block_lanes;
        return n / block * kernels::block_lanes + (n % block + digits_ - 1) / digits_;
    }
    //! The letters of one chunk of symbols, n <= chunk_letters * digits_.
    template <class S, class Letter>
    void pack_chunk(const S* symbols, std::size_t n, Letter* letters) const {
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
    template <class S, class Letter>
    void unpack_chunk(const Letter* letters, std::size_t n, S* symbols) const {
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

    // Frequencies.

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
            pack_chunk(symbols.data() + at, take, letters.data());
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
    void find_top() {
        top_ = static_cast<std::uint32_t>(std::max_element(symbol_count_.begin(), symbol_count_.end()) -
                                          symbol_count_.begin());
    }
    //! Sets digits_, bits_ and all frequencies: the first choice, from fast to precise, that loses little against the
    //! entropy, or else the best one. Returns the bits of the words to come.
    std::uint64_t choose(std::size_t n) {
        std::uint64_t entropy = n * detail::fixed_log2(n);
        std::size_t occurring = 0;
        for (const std::uint64_t c : symbol_count_) {
            if (c > 0) {
                entropy -= c * detail::fixed_log2(c);
                ++occurring;
            }
        }
        const std::uint64_t accepted = entropy / 256 + (std::uint64_t{8} << 16);
        detail::quantize_weights(symbol_count_, most_bits, symbol_frequency_);
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
    //! Relative entropy of the letters' frequencies to what is expected, in units of 2^-24 bits a letter.
    std::uint64_t expected_loss() const {
        std::int64_t loss = 0;
        for (std::size_t t = 0; t < frequency_.size(); ++t) {
            if (frequency_[t] > 0) {
                const auto expected =
                    static_cast<std::int64_t>(detail::fixed_log2(expected_[t]) + (std::uint64_t{bits_} << 16));
                const auto given =
                    static_cast<std::int64_t>(detail::fixed_log2(frequency_[t]) + (std::uint64_t{one} << 16));
                loss += static_cast<std::int64_t>(expected_[t] >> 6) * (expected - given);
            }
        }
        return static_cast<std::uint64_t>(std::max<std::int64_t>(0, loss)) >> (one - 6 + 16 - 24);
    }
    //! Sets digits_, bits_ and all frequencies from the counts.
    void derive(unsigned digits, unsigned bits) {
        set_digits(digits);
        bits_ = bits;
        detail::quantize_weights(symbol_count_, bits, symbol_frequency_);
        derive_letters();
    }
    //! The frequencies of letters from those of symbols.
    void derive_letters() {
        if (digits_ == 1) {
            frequency_ = symbol_frequency_;
        } else {
            multiply(symbol_frequency_, bits_, digits_, weight_);
            frequency_.resize(weight_.size());
            detail::quantize_weights(weight_, bits_, frequency_);
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

    void write_header(payload_writer& w, unsigned lanes_code) const {
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
            detail::write_gamma(w, (before >> k) + 1);
            w.bits(before & ((1u << k) - 1u), k);
            if (before == 0) {
                std::size_t zeros = 0;
                while (s + 1 < size_ && (s + 1 == top_ || symbol_frequency_[s + 1] == 0)) {
                    ++s;
                    zeros += s != top_;
                }
                detail::write_gamma(w, zeros + 1);
            }
        }
    }
    //! Sets top_, digits_, bits_ and all frequencies; returns the code of the number of lanes.
    unsigned read_header(payload_reader& r) {
        constexpr const char* impossible = "a message holds symbol frequencies that cannot be: it was altered";
        detail::bit_scanner in(r);
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
    static unsigned low_bits_after(std::uint32_t before) {
        return std::max(2u, static_cast<unsigned>(std::bit_width(before))) - 2;
    }

    // Words.

    //! What a coding step needs to know of a letter: x / frequency = x * reciprocal >> shift, exact below `limit`.
    struct step {
        std::uint64_t reciprocal;
        std::uint32_t limit;  // states from here on shed a word first
        std::uint16_t start;
        std::uint16_t complement;  // 2^bits - frequency
        std::uint32_t shift;
    };

    void prepare_steps() {
        steps_.resize(frequency_.size());
        std::uint32_t start = 0;
        for (std::size_t i = 0; i < frequency_.size(); ++i) {
            const std::uint32_t f = frequency_[i];
            if (f > 0) {
                const unsigned shift = 32 + bits_for(f);
                steps_[i] = {((std::uint64_t{1} << shift) + f - 1) / f, f << (32 - bits_),
                             static_cast<std::uint16_t>(start), static_cast<std::uint16_t>((1u << bits_) - f), shift};
            }
            start += f;
        }
    }

    //! Calls f(std::integral_constant<unsigned, l>) for each lane in order: a processor that guesses wrong that the loads
    //! of a rolled loop depend on its last stores would run one lane after the other.
    template <unsigned Lanes, class F>
    static void each_lane(F f) {
        [&]<unsigned... L>(std::integer_sequence<unsigned, L...>) {
            (f(std::integral_constant<unsigned, L>{}), ...);
        }
        (std::make_integer_sequence<unsigned, Lanes>{});
    }

    //! Words and states are written from the end backwards, so that the receiver reads them forwards.
    template <class Letter, unsigned Lanes, class S>
    void write_body(std::span<const S> symbols, payload_writer& w) {
        prepare_steps();
        const step* const steps = steps_.data();
        const std::size_t n = symbols.size();
        const std::size_t most = 4 * Lanes + 2 * letters_of(n);
        const std::span<std::byte> block = w.block(most, 0);
        std::byte* out = block.data() + most;
        std::array<std::uint32_t, Lanes> state;
        state.fill(lower);
        std::array<Letter, chunk_letters> letters;
        const std::size_t chunk = chunk_letters * digits_;
        for (std::size_t at = (n - 1) / chunk * chunk;; at -= chunk) {
            const std::size_t take = std::min(chunk, n - at);
            pack_chunk(symbols.data() + at, take, letters.data());
            std::size_t i = letters_of(take);
            while (i % Lanes != 0) {
                --i;
                out = push(steps[letters[i]], state[i % Lanes], out);
            }
            while (i > 0) {
                i -= Lanes;
                each_lane<Lanes>([&](auto l) {
                    constexpr unsigned last = Lanes - 1 - l();
                    out = push(steps[letters[i + last]], state[last], out);
                });
            }
            if (at == 0) {
                break;
            }
        }
        for (unsigned l = Lanes; l-- > 0;) {
            out -= 4;
            std::memcpy(out, &state[l], 4);
        }
        const auto unused = static_cast<std::size_t>(out - block.data());
        std::memmove(block.data(), out, most - unused);
        w.shrink(unused);
        w.charge(std::uint64_t{most - unused} * 8);
    }
    static std::byte* push(const step& s, std::uint32_t& state, std::byte* out) {
        std::uint32_t x = state;
        const auto word = static_cast<std::uint16_t>(x);
        std::memcpy(out - 2, &word, 2);  // overwritten unless the state sheds it
        const bool sheds = x >= s.limit;
        out -= 2 * static_cast<std::ptrdiff_t>(sheds);
        x >>= 16 * static_cast<unsigned>(sheds);
        const auto quotient = static_cast<std::uint32_t>(x * s.reciprocal >> s.shift);
        state = x + quotient * s.complement + s.start;
        return out;
    }

    //! The tables of decoding, where the compiler can see that writing letters does not change them.
    template <class Letter>
    struct tables {
        const Letter* letter_of_slot;
        const std::uint32_t* interval;
        unsigned bits;
        std::uint32_t mask;

        Letter pop(std::uint32_t& state) const {
            const std::uint32_t slot = state & mask;
            const Letter letter = letter_of_slot[slot];
            const std::uint32_t i = interval[letter];
            state = (i & 0xFFFFu) * (state >> bits) + slot - (i >> 16);
            return letter;
        }
    };

    template <class Letter, unsigned Lanes, class S>
    void read_body(payload_reader& r, std::span<S> symbols) {
        auto& letter_of_slot = slots<Letter>();
        letter_of_slot.resize(std::size_t{1} << bits_);
        interval_.resize(frequency_.size());
        std::uint32_t start = 0;
        for (std::size_t i = 0; i < frequency_.size(); ++i) {
            std::fill_n(letter_of_slot.begin() + start, frequency_[i], static_cast<Letter>(i));
            interval_[i] = start << 16 | frequency_[i];
            start += frequency_[i];
        }
        const tables<Letter> view{letter_of_slot.data(), interval_.data(), bits_, (1u << bits_) - 1u};
        const std::span<const std::byte> bytes = r.rest();
        const std::byte* in = bytes.data();
        const std::byte* const end = in + bytes.size();
        expect_message(bytes.size() >= 4 * Lanes, truncated);
        std::array<std::uint32_t, Lanes> state;
        std::memcpy(state.data(), in, 4 * Lanes);
        in += 4 * Lanes;
        for (const std::uint32_t x : state) {
            expect_message(x >= lower, altered);
        }
        std::array<Letter, chunk_letters> letters;
        const std::size_t n = symbols.size();
        const std::size_t chunk = chunk_letters * digits_;
        for (std::size_t at = 0; at < n; at += chunk) {
            const std::size_t take = std::min(chunk, n - at);
            const std::size_t count = letters_of(take);
            std::size_t i = 0;
            for (; i + Lanes <= count && end - in >= static_cast<std::ptrdiff_t>(2 * Lanes); i += Lanes) {
                each_lane<Lanes>([&](auto l) {
                    std::uint32_t& x = state[l()];
                    std::uint16_t word;
                    std::memcpy(&word, in, 2);
                    letters[i + l()] = view.pop(x);
                    const auto wants = static_cast<unsigned>(x < lower);  // no branch: it could not be predicted
                    x = x << 16 * wants | (word & (0u - wants));
                    in += 2 * wants;
                });
            }
            for (; i < count; ++i) {
                std::uint32_t& x = state[i % Lanes];
                letters[i] = view.pop(x);
                if (x < lower) {
                    expect_message(end - in >= 2, truncated);
                    std::uint16_t word;
                    std::memcpy(&word, in, 2);
                    x = x << 16 | word;
                    in += 2;
                }
            }
            unpack_chunk(letters.data(), take, symbols.data() + at);
        }
        for (const std::uint32_t x : state) {
            expect_message(x == lower, altered);
        }
        r.block(static_cast<std::size_t>(in - bytes.data()));
    }
    static constexpr const char* truncated = "the message ends before its content: it was truncated; send it again";
    static constexpr const char* altered = "a message holds a coder state that cannot be: it was altered";

    template <class Letter>
    auto& slots() {
        if constexpr (sizeof(Letter) == 1) {
            return slots_;
        } else {
            return wide_slots_;
        }
    }

    unsigned raw_ = 0;            // low bits of a symbol that are not coded
    std::uint32_t size_ = 1;      // of the alphabet without them
    unsigned most_digits_ = 1;    // of a tuple
    kernels::tuple_shape shape_;  // of tuples, where letters can be
    unsigned digits_ = 1;         // of a letter
    unsigned bits_ = most_bits;   // frequencies sum to 2^bits_
    std::uint32_t top_ = 0;       // the most frequent symbol
    std::vector<std::uint64_t> symbol_count_, expected_, weight_;
    std::vector<std::uint32_t> symbol_frequency_, precise_frequency_, frequency_;
    std::vector<step> steps_;              // encoding, by letter
    std::vector<std::uint32_t> interval_;  // decoding, by letter: start * 2^16 + frequency
    std::vector<std::uint8_t> slots_;      // decoding: letter by x mod 2^bits_
    std::vector<std::uint16_t> wide_slots_;
};

static_assert(Coder<rans>);

}  // namespace frugal
