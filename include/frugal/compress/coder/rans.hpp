//! `rans`: static arithmetic coding, fast.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <frugal/compress/coder/letter_model.hpp>
#include <frugal/compress/coder/symbol.hpp>
#include <frugal/concepts.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/loan.hpp>

namespace frugal {

namespace detail {

//! What `rans` needs while it works on a message: model and tables, which keep their memory.
class rans_machine {
public:
    template <Symbol S>
    void encode(std::span<const S> symbols, std::size_t size, payload_writer& w) {
        expect_alphabet<S>(size);
        if (symbols.empty() || size == 1) {
            return;
        }
        model_.prepare(size);
        w.align();
        model_.count(symbols);
        const std::uint64_t cost = model_.choose(symbols.size());
        const unsigned lanes_code = cost < (1u << 15) ? 0 : cost < (1u << 18) ? 1 : 2;
        model_.write(w, lanes_code);
        if (!model_.only_top()) {
            with_letters_and_lanes(lanes_code,
                                   [&]<class Letter, unsigned Lanes>() { write_body<Letter, Lanes>(symbols, w); });
        }
        w.align();
        if (const unsigned raw = model_.raw_bits(); raw > 0) {
            for (const S s : symbols) {
                w.bits(s & ((std::uint64_t{1} << raw) - 1), raw);
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
        model_.prepare(size);
        const unsigned lanes_code = model_.read(r);
        if (!model_.only_top()) {
            with_letters_and_lanes(lanes_code,
                                   [&]<class Letter, unsigned Lanes>() { read_body<Letter, Lanes>(r, symbols); });
        } else {
            std::fill(symbols.begin(), symbols.end(), static_cast<S>(model_.top()));
        }
        if (const unsigned raw = model_.raw_bits(); raw > 0) {
            for (S& s : symbols) {
                const std::uint64_t whole = std::uint64_t{s} << raw | r.bits(raw);
                expect_message(whole < size, "a message holds a symbol outside the alphabet: it was altered");
                s = static_cast<S>(whole);
            }
            r.align();
        }
    }

private:
    static constexpr std::uint32_t lower = std::uint32_t{1} << 16;

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
        model_.narrow() ? with_lanes(std::uint8_t{}) : with_lanes(std::uint16_t{});
    }

    //! What a coding step needs to know of a letter: x / frequency = x * reciprocal >> shift, exact below `limit`.
    struct step {
        std::uint64_t reciprocal;
        std::uint32_t limit;  // states from here on shed a word first
        std::uint16_t start;
        std::uint16_t complement;  // 2^bits - frequency
        std::uint32_t shift;
    };

    void prepare_steps() {
        const auto frequency = model_.frequencies();
        const unsigned bits = model_.bits();
        steps_.resize(frequency.size());
        std::uint32_t start = 0;
        for (std::size_t i = 0; i < frequency.size(); ++i) {
            const std::uint32_t f = frequency[i];
            if (f > 0) {
                const unsigned shift = 32 + bits_for(f);
                steps_[i] = {((std::uint64_t{1} << shift) + f - 1) / f, f << (32 - bits),
                             static_cast<std::uint16_t>(start), static_cast<std::uint16_t>((1u << bits) - f), shift};
            }
            start += f;
        }
    }

    //! Calls f(std::integral_constant<unsigned, l>) for each lane in order: a processor that guesses wrong that the
    //! loads of a rolled loop depend on its last stores would run one lane after the other.
    template <unsigned Lanes, class F>
    static void each_lane(F f) {
        [&]<unsigned... L>(std::integer_sequence<unsigned, L...>) {
            (f(std::integral_constant<unsigned, L>{}), ...);
        }(std::make_integer_sequence<unsigned, Lanes>{});
    }

    //! Words and states are written from the end backwards, so that the receiver reads them forwards.
    template <class Letter, unsigned Lanes, class S>
    void write_body(std::span<const S> symbols, payload_writer& w) {
        prepare_steps();
        const step* const steps = steps_.data();
        const std::size_t n = symbols.size();
        const std::size_t most = 4 * Lanes + 2 * model_.letters_of(n);
        const std::span<std::byte> block = w.block(most, 0);
        std::byte* out = block.data() + most;
        std::array<std::uint32_t, Lanes> state;
        state.fill(lower);
        std::array<Letter, letter_model::chunk_letters> letters;
        const std::size_t chunk = model_.chunk();
        for (std::size_t at = (n - 1) / chunk * chunk;; at -= chunk) {
            const std::size_t take = std::min(chunk, n - at);
            model_.pack(symbols.data() + at, take, letters.data());
            std::size_t i = model_.letters_of(take);
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
    //! Not inlined: 32 copies of it, one for each lane, run slower than calls.
    [[gnu::noinline]] static std::byte* push(const step& s, std::uint32_t& state, std::byte* out) {
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

        [[gnu::always_inline]] Letter pop(std::uint32_t& state) const {
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
        const auto frequency = model_.frequencies();
        const unsigned bits = model_.bits();
        letter_of_slot.resize(std::size_t{1} << bits);
        interval_.resize(frequency.size());
        std::uint32_t start = 0;
        for (std::size_t i = 0; i < frequency.size(); ++i) {
            std::fill_n(letter_of_slot.begin() + start, frequency[i], static_cast<Letter>(i));
            interval_[i] = start << 16 | frequency[i];
            start += frequency[i];
        }
        const tables<Letter> view{letter_of_slot.data(), interval_.data(), bits, (1u << bits) - 1u};
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
        std::array<Letter, letter_model::chunk_letters> letters;
        const std::size_t n = symbols.size();
        const std::size_t chunk = model_.chunk();
        for (std::size_t at = 0; at < n; at += chunk) {
            const std::size_t take = std::min(chunk, n - at);
            const std::size_t count = model_.letters_of(take);
            std::size_t i = 0;
            for (; i + Lanes <= count && end - in >= static_cast<std::ptrdiff_t>(2 * Lanes); i += Lanes) {
                if constexpr (Lanes > 1) {  // more states than registers: none is carried in one from turn to turn
                    asm volatile("" : "+m"(state));
                }
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
            model_.unpack(letters.data(), take, symbols.data() + at);
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

    letter_model model_;
    std::vector<step> steps_;              // encoding, by letter
    std::vector<std::uint32_t> interval_;  // decoding, by letter: start * 2^16 + frequency
    std::vector<std::uint8_t> slots_;      // decoding: letter by x mod 2^bits
    std::vector<std::uint16_t> wide_slots_;
};

}  // namespace detail

//! Interleaved range variant of asymmetric numeral systems (Duda 2013), order 0, frequencies sent first.
//!
//! Letters: alphabets of up to 16 symbols may be coded as tuples in a byte (5 digits of 3, 2 of 7; fewer where rare
//! tuples would cost too much), so that one coding step serves several symbols; see `letter_model`. Missing digits of
//! the last tuples repeat the most frequent symbol. Alphabets of more than 4096 symbols are split: the high bits are
//! coded, the low ones follow as they are.
//!
//! Payload, from a byte boundary on, least significant bit first: the most frequent symbol, bits_for(size) bits; digits
//! of a letter minus 1, 3 bits, where they can be more than 1; 3 bits: b - 12, frequencies sum to 2^b, 12 <= b <= 16; 2
//! bits: 0, 1, 2 for 1, 8, 32 lanes; the frequencies of the other symbols in order, f as Elias gamma code of (f >> k) +
//! 1 and k low bits, k = max(0, bit width of the frequency before - 2), and after a frequency of 0 the number of
//! further zeros plus 1 in gamma code. If only one symbol occurs nothing follows. Otherwise, aligned: the 32-bit state
//! of each lane, then 16-bit words. Letter i belongs to lane i mod lanes; a state x in [2^16, 2^32) holds the letter
//! whose interval contains x mod 2^b; next x = frequency (x >> b) + x mod 2^b - start, and below 2^16, x = x 2^16 +
//! next word. The last state of every lane is 2^16. At the end, aligned, the low bits of split symbols.
//!
//! Cost, for up to 4096 symbols: the empirical entropy + at most 0.5 % + the frequencies + 32 bits for each lane (more
//! lanes only where they
//! do not count). O(n + 2^b); for messages of thousands of symbols and more. An alphabet of one symbol takes no bits.
struct rans {
    static constexpr auto describe() { return describes("rans", "static interleaved rANS: entropy coding, fast"); }
    template <Symbol S>
    void encode(std::span<const S> symbols, std::size_t size, payload_writer& w) const {
        workspace<detail::rans_machine>()->encode(symbols, size, w);
    }
    template <Symbol S>
    void decode(payload_reader& r, std::size_t size, std::span<S> symbols) const {
        workspace<detail::rans_machine>()->decode(r, size, symbols);
    }
    std::string name() const { return described_name(*this); }
};

static_assert(Coder<rans>);

}  // namespace frugal
