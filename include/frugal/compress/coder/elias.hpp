//! `elias`: universal codes of run lengths and levels, for messages that are nearly empty.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <frugal/compress/coder/symbol.hpp>
#include <frugal/compress/coder/universal_codes.hpp>
#include <frugal/concepts.hpp>
#include <frugal/core/describe.hpp>

namespace frugal {

//! Run lengths of the middle symbol and signed levels around it, as in QSGD (Alistarh et al. 2017, sec. 3.2).
//!
//! The middle is m = floor(size / 2), the zero of an alphabet -M..M. For each symbol s != m: the number of middle
//! symbols since the one before it, plus 1, in Elias delta code; one bit, 1 if s < m, where the alphabet has symbols on
//! both sides; |s - m| in Elias gamma code, where it can exceed 1. Middle symbols at the end are a run without a
//! symbol; if there are none, nothing follows the last symbol. Padded to a byte. No model and no table: about log2(gap)
//! + 2 log2 log2(gap) + 2 bits for each symbol that is not the middle one. An alphabet of one symbol takes no bits.
//! O(n): codes of up to 12 bits are decoded by one look at a table.
struct elias {
    static constexpr auto describe() { return describes("elias", "Elias codes of run lengths and levels (QSGD)"); }
    std::string name() const { return described_name(*this); }

    template <Symbol S>
    void encode(std::span<const S> symbols, std::size_t size, payload_writer& w) const {
        expect_alphabet<S>(size);
        if (symbols.empty() || size == 1) {
            return;
        }
        w.align();
        const auto middle = static_cast<S>(size / 2);
        const std::size_t n = symbols.size();
        std::array<std::uint32_t, piece> others;
        std::size_t next = 0;  // the first symbol that is not coded yet
        for (std::size_t first = 0; first < n; first += piece) {
            const std::size_t end = std::min(n, first + piece);
            std::size_t count = 0;
            for (std::size_t i = first; i < end; ++i) {  // without a branch, which nothing could predict
                others[count] = static_cast<std::uint32_t>(i - first);
                count += symbols[i] != middle ? 1 : 0;
            }
            for (std::size_t k = 0; k < count; ++k) {
                const std::size_t at = first + others[k];
                const S s = symbols[at];
                detail::code_word code;
                if (const std::size_t run = at - next; run < short_run) {
                    code = detail::delta_code(run + 1);
                } else {
                    detail::write_delta(w, run + 1);
                }
                if (size > 2) {
                    code = code.then({s < middle ? 1u : 0u, 1});
                }
                if (size > 3) {
                    const std::uint64_t level = s < middle ? middle - s : s - middle;
                    if (level < short_run) {
                        code = code.then(detail::gamma_code(level));
                    } else {
                        w.bits(code.bits, code.length);
                        code = detail::gamma_code(level);
                    }
                }
                w.bits(code.bits, code.length);
                next = at + 1;
            }
        }
        if (next < n) {
            detail::write_delta(w, n - next + 1);
        }
        w.align();
    }

    template <Symbol S>
    void decode(payload_reader& r, std::size_t size, std::span<S> symbols) const {
        expect_alphabet<S>(size);
        const std::size_t middle = size / 2;
        std::fill(symbols.begin(), symbols.end(), static_cast<S>(middle));
        if (symbols.empty() || size == 1) {
            return;
        }
        detail::bit_scanner in(r);
        const std::size_t n = symbols.size();
        const std::span<const short_code> codes = short_codes(size);
        for (std::size_t at = 0; at < n; ++at) {
            const short_code known = codes[in.peek() % table_size];
            const std::size_t symbol = middle + static_cast<std::size_t>(known.offset);  // wraps below 0
            if (known.length != 0 && known.run < n - at && symbol < size) {
                in.skip(known.length);
                at += known.run;
                symbols[at] = static_cast<S>(symbol);
                continue;
            }
            const std::uint64_t run = in.delta(longest_run) - 1;
            expect_message(run <= n - at, "a message holds a run past its end: it was altered");
            at += static_cast<std::size_t>(run);
            if (at == n) {
                break;
            }
            const bool below = size == 2 || (size > 2 && in.bits(1) == 1);
            const std::uint64_t level = size > 3 ? in.gamma(32) : 1;
            expect_message(level <= (below ? middle : size - 1 - middle),
                           "a message holds a level outside the alphabet: it was altered");
            symbols[at] = static_cast<S>(below ? middle - level : middle + level);
        }
        in.finish();
    }

private:
    static constexpr unsigned longest_run = 55;  // in bits
    static constexpr std::size_t piece = 1024;
    //! Below it delta and gamma codes have at most 24 and 31 bits, so that one word holds both and a sign.
    static constexpr std::size_t short_run = 1u << 16;
    static constexpr unsigned table_bits = 12;
    static constexpr std::size_t table_size = std::size_t{1} << table_bits;

    //! What the next 12 bits begin with: a run and the symbol after it, as its offset from the middle. Length 0: they
    //! do not hold all of it.
    struct short_code {
        std::uint8_t length = 0;
        std::int8_t offset = 0;
        std::uint16_t run = 0;
    };
    using table = std::array<short_code, table_size>;

    //! has_sign, has_level: what follows a run, as the alphabet has it.
    static table make_table(bool has_sign, bool has_level) {
        table t{};
        const auto enter = [&](detail::code_word code, std::size_t run, int offset) {
            for (std::uint64_t rest = 0; code.length <= table_bits && rest < table_size >> code.length; ++rest) {
                t[code.bits | rest << code.length] = {static_cast<std::uint8_t>(code.length),
                                                      static_cast<std::int8_t>(offset),
                                                      static_cast<std::uint16_t>(run)};
            }
        };
        for (std::size_t run = 0; detail::delta_code(run + 1).length <= table_bits; ++run) {
            for (int level = 1; level <= (has_level ? 63 : 1); ++level) {
                for (const bool below : {false, true}) {
                    if (!below && !has_sign) {
                        continue;  // of two symbols the other one is the lower
                    }
                    detail::code_word code = detail::delta_code(run + 1);
                    code = has_sign ? code.then({below ? 1u : 0u, 1}) : code;
                    code = has_level ? code.then(detail::gamma_code(static_cast<std::uint64_t>(level))) : code;
                    enter(code, run, below ? -level : level);
                }
            }
        }
        return t;
    }
    static std::span<const short_code> short_codes(std::size_t size) {
        static const std::array<table, 3> tables{make_table(false, false), make_table(true, false),
                                                 make_table(true, true)};
        return tables[size == 2 ? 0 : size == 3 ? 1 : 2];
    }
};

static_assert(Coder<elias>);

}  // namespace frugal
