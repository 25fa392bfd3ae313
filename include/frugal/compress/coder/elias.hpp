//! `elias`: universal codes of run lengths and levels, for messages that are nearly empty.
#pragma once

#include <algorithm>
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
//! symbols
//! since the one before it, plus 1, in Elias delta code; one bit, 1 if s < m, where the alphabet has symbols on both
//! sides; |s - m| in Elias gamma code, where it can exceed 1. Middle symbols at the end are a run without a symbol; if
//! there are none, nothing follows the last symbol. Padded to a byte. No model and no table: about log2(gap) +
//! 2 log2 log2(gap) + 2 bits for each symbol that is not the middle one. An alphabet of one symbol takes no bits. O(n).
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
        for (std::size_t at = 0; at < n;) {
            const std::size_t start = at;
            while (at < n && symbols[at] == middle) {
                ++at;
            }
            detail::write_delta(w, at - start + 1);
            if (at < n) {
                const S s = symbols[at++];
                if (size > 2) {
                    w.bits(s < middle, 1);
                }
                if (size > 3) {
                    detail::write_gamma(w, s < middle ? middle - s : s - middle);
                }
            }
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
        for (std::size_t at = 0; at < n; ++at) {
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
};

static_assert(Coder<elias>);

}  // namespace frugal
