//! Coders on symbols alone: `encode-symbols/<coder>-<alphabet>/<bytes of the float vector they stand for>`, and
//! decoding.
//!
//! Symbols are distributed about as a dithered normal vector's: 0.85 bits a symbol for 3 of them, 1.9 for 7. The naive
//! twin writes and reads each symbol by `payload_writer::bits` and `payload_reader::bits`.
//!
//! `syndrome/ldpc-<entropy>/<bits>` and `belief/ldpc-<entropy>/<bits>`: the parity checks of a vector of bits of so
//! much entropy each, and the bits from their checks; 266610 is the network FC-300-100. Items are bits.

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frugal/compress/coder/elias.hpp>
#include <frugal/compress/coder/packed.hpp>
#include <frugal/compress/coder/radix.hpp>
#include <frugal/compress/coder/range_coder.hpp>
#include <frugal/compress/coder/rans.hpp>
#include <frugal/compress/syndrome_code.hpp>
#include <frugal/core/random.hpp>

namespace {

using namespace frugal;

struct naive {
    void encode(std::span<const std::uint8_t> s, std::size_t size, payload_writer& w) const {
        for (const std::uint8_t v : s) {
            w.bits(v, bits_for(size));
        }
        w.align();
    }
    void decode(payload_reader& r, std::size_t size, std::span<std::uint8_t> s) const {
        for (std::uint8_t& v : s) {
            v = static_cast<std::uint8_t>(r.bits(bits_for(size)));
        }
    }
};

//! P(s) proportional to ratio^|s - size / 2|.
std::vector<std::uint8_t> symbols(std::size_t n, std::size_t size) {
    const double ratio = size == 3 ? 0.105 : size == 7 ? 0.42 : 0.9;
    std::vector<std::uint8_t> by_uniform(1 << 16);
    double sum = 0;
    for (std::size_t k = 0; k < size; ++k) {
        sum += std::pow(ratio, std::fabs(static_cast<double>(k) - static_cast<double>(size / 2)));
    }
    double cumulative = 0;
    std::size_t at = 0;
    for (std::size_t k = 0; k < size; ++k) {
        cumulative += std::pow(ratio, std::fabs(static_cast<double>(k) - static_cast<double>(size / 2)));
        for (; at < by_uniform.size() && static_cast<double>(at) < 65536 * cumulative / sum; ++at) {
            by_uniform[at] = static_cast<std::uint8_t>(k);
        }
    }
    const random_stream u({.seed = 1});
    std::vector<std::uint8_t> s(n);
    for (std::size_t i = 0; i < n; ++i) {
        s[i] = by_uniform[u.word(i) >> 16];
    }
    return s;
}

template <class C>
void encode(benchmark::State& state, C coder, std::size_t size) {
    const std::size_t n = static_cast<std::size_t>(state.range(0)) / 4;
    const auto s = symbols(n, size);
    std::vector<std::byte> bytes;
    std::uint64_t cost = 0;
    for (auto _ : state) {
        bytes.clear();
        payload_writer w(bytes);
        coder.encode(std::span<const std::uint8_t>(s), size, w);
        benchmark::DoNotOptimize(bytes.data());
        cost = w.cost();
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
    state.counters["bits_per_symbol"] = static_cast<double>(cost) / static_cast<double>(n);
}

template <class C>
void decode(benchmark::State& state, C coder, std::size_t size) {
    const std::size_t n = static_cast<std::size_t>(state.range(0)) / 4;
    const auto s = symbols(n, size);
    std::vector<std::byte> bytes;
    payload_writer w(bytes);
    coder.encode(std::span<const std::uint8_t>(s), size, w);
    w.align();
    std::vector<std::uint8_t> back(n);
    for (auto _ : state) {
        payload_reader r(bytes);
        coder.decode(r, size, std::span<std::uint8_t>(back));
        benchmark::DoNotOptimize(back.data());
    }
    if (back != s) {
        state.SkipWithError("decoding does not give back the symbols");
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}

template <class C>
void add(const std::string& name, C coder, std::initializer_list<std::size_t> alphabets, const std::string& kind = "") {
    for (const std::size_t size : alphabets) {
        const std::string variant = name + "-" + std::to_string(size) + kind;
        for (const std::int64_t bytes : {std::int64_t{1} << 16, std::int64_t{1} << 24}) {
            benchmark::RegisterBenchmark(("encode-symbols/" + variant).c_str(), encode<C>, coder, size)->Arg(bytes);
            benchmark::RegisterBenchmark(("decode-symbols/" + variant).c_str(), decode<C>, coder, size)->Arg(bytes);
        }
    }
}

//! Bits that are 1 with probability p, and checks of them to find them by.
struct checked_bits {
    syndrome_code code;
    std::vector<std::uint8_t> bits;
    std::vector<std::uint8_t> checks;
    std::vector<std::int16_t> likelihood;

    checked_bits(std::size_t n, double p, double entropy, double margin)
        : code(n, syndrome_shape::of(n, entropy, margin), {.seed = 1}),
          bits(n),
          checks(code.checks()),
          likelihood(n, static_cast<std::int16_t>(std::lround(syndrome_code::unit * std::log((1 - p) / p)))) {
        const random_stream u({.seed = 2});
        for (std::size_t i = 0; i < n; ++i) {
            bits[i] = u.uniform_double(i) < p ? 1 : 0;
        }
        code.syndrome(bits, checks);
    }
};

void syndrome(benchmark::State& state, double p, double entropy) {
    checked_bits source(static_cast<std::size_t>(state.range(0)), p, entropy, 0.25);
    for (auto _ : state) {
        source.code.syndrome(source.bits, source.checks);
        benchmark::DoNotOptimize(source.checks.data());
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}

void belief(benchmark::State& state, double p, double entropy) {
    const checked_bits source(static_cast<std::size_t>(state.range(0)), p, entropy, 0.25);
    std::vector<std::uint8_t> found(source.bits.size());
    for (auto _ : state) {
        if (!source.code.decode(source.likelihood, source.checks, found) || found != source.bits) {
            state.SkipWithError("belief propagation does not find the bits");
        }
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
    state.counters["checks_per_bit"] =
        static_cast<double>(source.checks.size()) / static_cast<double>(source.bits.size());
}

const bool registered = [] {
    for (const auto& [p, entropy] : {std::pair{0.11, 0.5}, std::pair{0.0316, 0.2}}) {
        const std::string variant = entropy == 0.5 ? "ldpc-0.5" : "ldpc-0.2";
        benchmark::RegisterBenchmark(("syndrome/" + variant).c_str(), syndrome, p, entropy)->Arg(266610);
        benchmark::RegisterBenchmark(("belief/" + variant).c_str(), belief, p, entropy)->Arg(266610);
    }
    add("packed", packed{}, {2, 3, 7, 15, 256});
    add("packed", naive{}, {3}, "-naive");
    add("radix", radix{}, {3, 5, 7});
    add("rans", rans{}, {2, 3, 7, 255});
    add("range_coder", range_coder{}, {3, 7, 255});
    add("elias", elias{}, {3, 7});
    return true;
}();

}  // namespace
