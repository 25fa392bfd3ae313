//! The vocabulary of frugal: what a Quantizer, Coder, Compressor, Aggregator, MixingMatrix, LocalOptimizer, Objective,
//! Node and Engine are. Read this header first; it holds no implementation, and needs nothing but `core/`.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <frugal/core/bits.hpp>
#include <frugal/core/message.hpp>
#include <frugal/core/random.hpp>
#include <frugal/core/state.hpp>
#include <frugal/core/tensor_layout.hpp>

namespace frugal {

//! The indices a quantizer produces: all integers of [lowest, highest]. On the wire index i is symbol i - lowest.
struct alphabet {
    int lowest = 0;
    int highest = 1;
    constexpr std::size_t size() const { return static_cast<std::size_t>(highest - lowest) + 1; }
    friend constexpr bool operator==(const alphabet&, const alphabet&) = default;
};

//! The halves of a Quantizer (below), named so that a diagnostic says which one a type lacks.
template <class Q>
concept HasAlphabet = requires(const Q q) {
    { q.symbols() } -> std::same_as<alphabet>;
};
//! See Quantizer.
template <class Q>
concept Indexes = requires(const Q q, float x) {
    { q.index(x) } -> std::same_as<float>;
};
//! See Quantizer.
template <class Q>
concept IndexesWithDither = requires(const Q q, float x) {
    { q.index(x, x) } -> std::same_as<float>;
};
//! See Quantizer.
template <class Q>
concept Values = requires(const Q q, float x) {
    { q.value(x) } -> std::same_as<float>;
};
//! See Quantizer.
template <class Q>
concept ValuesWithDither = requires(const Q q, float x) {
    { q.value(x, x) } -> std::same_as<float>;
};

//! Maps a scaled coordinate x to an integer index and back; both maps are written once for any arithmetic type T
//! (`float` or `xsimd::batch<float, Arch>`), without branches.
//!
//! symbols(): the alphabet (indices outside it are clamped by the library).
//! index(x, u) or index(x): the index as a T with an integer value. x is in units of the step (`range_of(q)` is the
//!     largest |x| it must handle); u is uniform on (-1/2, 1/2). A quantizer that takes no u is deterministic.
//! value(i, u) or value(i): the reconstruction in units of the step. A quantizer whose value takes u is subtractively
//!     dithered: the receiver regenerates the same u from the key.
//! Optional: `float range() const` (default: symbols().highest); `static constexpr bool unbiased` (default false);
//!     `static constexpr bool scale_free` (index(x) = index(c x) for c > 0: lets norm and packing share one pass);
//!     `T value(i, u, side)`: decoding near a vector the receiver knows; `void validate() const`: throws
//!     `invalid_input`; `dither_bits dither() const`: how many bits u has; `double largest_error() const`: the largest
//!     |value - x| in steps for any u and |x| <= range; `double step_variance() const`: the largest variance of a
//!     coordinate in steps squared, `step_variance(x)`: that at x; `double max_norm_variance(n) const`,
//!     `l2_norm_variance(n)`, `mean_abs_contraction(n)`: tighter bounds relative to ||x||^2 under that scale;
//!     `double mean_contraction() const`: c in E||C(x) - x||^2 <= ||x||^2 - c ||x||_1^2 / n under `mean_abs`;
//!     `std::string name() const` (required by messages: it is the wire identity).
template <class Q>
concept Quantizer =
    std::copyable<Q> && HasAlphabet<Q> && (Indexes<Q> || IndexesWithDither<Q>) && (Values<Q> || ValuesWithDither<Q>);

//! Does the sender need dither (random rounding)?
template <class Q>
inline constexpr bool encodes_with_dither = requires(const Q q, float x) { q.index(x, x); };
//! Does the receiver need the sender's dither?
template <class Q>
inline constexpr bool decodes_with_dither = requires(const Q q, float x) { q.value(x, x); };
//! Random bits of a coordinate's dither: an element of `random_stream::centered` or of `centered_16`, which costs half.
enum class dither_bits { thirty_two, sixteen };
//! What q draws: its `dither_bits dither() const`, or 32 bits.
template <class Q>
constexpr dither_bits dither_of(const Q& q) {
    if constexpr (requires { dither_bits{q.dither()}; }) {
        return q.dither();
    } else {
        return dither_bits::thirty_two;
    }
}
//! Can the receiver use a vector it already knows? Then the quantizer has value(i, u, side), side in steps.
template <class Q>
inline constexpr bool decodes_with_side_information = requires(const Q q, float x) { q.value(x, x, x); };
//! Is index(x) the same as index(c x) for every c > 0?
template <class Q>
inline constexpr bool is_scale_free = requires { requires Q::scale_free; };

//! The largest |x|, in steps, that a quantizer represents without clipping: a norm scale maps the norm to it.
template <class Q>
constexpr float range_of(const Q& q) {
    if constexpr (requires { q.range(); }) {
        return static_cast<float>(q.range());
    } else {
        return static_cast<float>(q.symbols().highest);
    }
}

//! What a scale measures: max |x_i|, ||x||_2, ||x||_1 / d, the largest max |x_i| of all senders, or something else.
enum class norm_kind { max, l2, mean_abs, shared_max, other };

//! One number per message (or bucket) by which the coordinates are divided: a norm of x.
//!
//! measure(x): the norm, finite and >= 0; throws `invalid_input` naming the first element that is not finite. name():
//! its textual name. Optional: `static constexpr norm_kind kind` (default other), which the laws of a compressor follow
//! from, or `norm_kind measures() const` where options decide; `static constexpr bool bounds` (default true): no
//! |x_i| exceeds measure(x), or `bool bounds_elements() const`; `float step(measured, range)` (default: measured /
//! range); `float share(x) const` with `void agree(float largest)`, where senders agree on it (compress/agreement.hpp);
//! a class `accumulator` with `add(piece)` and `double result(n)`: the same norm, unchecked, of a vector in pieces.
template <class S>
concept Scale = std::copyable<S> && requires(const S s, std::span<const float> x) {
    { s.measure(x) } -> std::same_as<float>;
    { s.name() } -> std::convertible_to<std::string>;
};

//! Turns a sequence of symbols (each below `size`) into payload bits and back. Symbols are std::uint8_t up to 256 of
//! them and std::uint32_t beyond. Decoding checks everything and yields symbols below `size` or `malformed_message`.
//! A coder holds options only: what it needs while it works is on loan (core/loan.hpp).
template <class C>
concept Coder = std::copyable<C> && requires(const C c, std::span<const std::uint8_t> s, std::span<std::uint8_t> out,
                                             std::span<const std::uint32_t> s4, std::span<std::uint32_t> out4,
                                             std::size_t size, payload_writer& w, payload_reader& r) {
    c.encode(s, size, w);
    c.encode(s4, size, w);
    c.decode(r, size, out);
    c.decode(r, size, out4);
    { c.name() } -> std::convertible_to<std::string>;
};

// A Selector says which coordinates are sent: compress/selector/selection.hpp.

//! Maps a vector of floats to a message and back.
//!
//! compress(x, k, m): writes m, reusing its capacity; throws `invalid_input` for empty x, and `nonfinite_input` with
//! the
//!     index of the first element that is not finite.
//! compress(x, k, m, echo): also fills `echo`, which may be x itself, with what every receiver will decode, to the bit.
//! decompress(m, k, y): y = C(x); throws `malformed_message` if m is of another scheme, key or dimension, or damaged.
//! decompress_add(m, k, weight, acc): acc += weight * C(x), one pass. Where either throws, its output may hold a part.
//! encode / decode / decode_add: the same without header and checksum, for combinators that nest compressors.
//! unbiased: E C(x) = x for default options. name(): the textual expression; equal names must mean equal wire formats.
//!
//! Threads: a compressor holds options, and what its sender must remember (`error_feedback`, `agree`). Decoding is
//! const and may run in any number of threads at once, while nobody changes the object; so may encoding where it is
//! const, as it is for every compressor that remembers nothing.
//!
//! Optional, each with a free function that works without: laws (compress/laws.hpp: `laws_of`), agreement of senders
//! (compress/agreement.hpp), `granule`, `input`, `receiver` (compress/properties.hpp), `encode(x, k, w, echo)`
//! (compress/echo.hpp), and `void state(state_archive&)` where something is remembered.
template <class C>
concept Compressor =
    std::movable<C> && requires(C c, const C cc, std::span<const float> x, std::span<float> y, random_key k, message& m,
                                const message& cm, payload_writer& w, payload_reader& r, float weight) {
        c.compress(x, k, m);
        c.compress(x, k, m, y);
        cc.decompress(cm, k, y);
        cc.decompress_add(cm, k, weight, y);
        c.encode(x, k, w);
        cc.decode(r, k, y);
        cc.decode_add(r, k, weight, y);
        { C::unbiased } -> std::convertible_to<bool>;
        { cc.name() } -> std::convertible_to<std::string>;
    };

//! A compressor some of whose messages can only be decoded near a vector the receiver already knows.
//!
//! needs_side_information(k): whether messages under this key do. decompress and decode with `side` take that vector.
template <class C>
concept SideInformationCompressor =
    Compressor<C> && requires(const C c, const message& m, payload_reader& r, random_key k, std::span<const float> side,
                              std::span<float> y) {
        c.decompress(m, k, side, y);
        c.decode(r, k, side, y);
        { c.needs_side_information(k) } -> std::same_as<bool>;
    };

//! The halves of an Aggregator (below), named so that a diagnostic says which one a type lacks.
template <class A>
concept AddsVectors = requires(A a, std::size_t d, std::span<const float> y, float weight, std::span<float> out) {
    a.reset(d);
    a.add(y, weight);
    a.result(out);
};
//! See Aggregator.
template <class A, class C>
concept AddsMessages =
    requires(A a, const C& c, const message& m, random_key k, float weight) { a.add(c, m, k, weight); };

//! Combines vectors as they arrive: reset(d), add any number of times, result(out). Streaming.
//!
//! add(y, weight): a vector; add(compressor, m, k, weight): what a message of any Compressor decodes to, where the
//! aggregator has it (AddsMessages), without a vector in between if it can. Throws what decoding throws, and
//! `invalid_input` for weights that are negative or not finite; where an `add` threw, nothing is added until `reset`.
//! coordinatewise (a constant; default false): a coordinate of the result depends on that coordinate of the inputs
//! only, so the parts of a vector may be aggregated apart.
template <class A>
concept Aggregator = AddsVectors<A>;

//! Does the law of that name hold for every A?
template <class A>
inline constexpr bool is_coordinatewise = requires { requires A::coordinatewise; };

//! A neighbour in a mixing matrix: the column and its weight.
struct neighbor {
    std::uint32_t node = 0;
    double weight = 0;
    friend constexpr bool operator==(const neighbor&, const neighbor&) = default;
};

//! Symmetric doubly stochastic weights, row by row and sparse. neighbors(i) is increasing in `node` and includes i.
template <class W>
concept MixingMatrix = requires(const W w, std::size_t i) {
    { w.size() } -> std::convertible_to<std::size_t>;
    { w.neighbors(i) } -> std::convertible_to<std::span<const neighbor>>;
    { w.spectral_gap() } -> std::convertible_to<double>;
    { w.name() } -> std::convertible_to<std::string>;
};

//! Updates parameters from a gradient; buffers and the learning-rate schedule are inside.
template <class O>
concept LocalOptimizer = std::copyable<O> && requires(O o, std::span<float> w, std::span<const float> g,
                                                      std::uint64_t step) { o.update(w, g, step); };

//! Indices of the samples a gradient is taken over; empty means all of them.
using sample_indices = std::span<const std::uint32_t>;

//! The halves of an Objective (below), named so that a diagnostic says which one a type lacks.
template <class F>
concept HasDimension = requires(const F f) {
    { f.dimension() } -> std::convertible_to<std::size_t>;
};
//! See Objective.
template <class F>
concept GivesGradients = requires(F f, std::span<const float> w, sample_indices batch, std::span<float> g) {
    { f.value_and_gradient(w, batch, g) } -> std::convertible_to<double>;
};

//! A finite sum to be minimised: value_and_gradient averages over the batch and returns the mean loss.
//!
//! Optional: `const tensor_layout& layout() const`: where its tensors lie in w; `void initialize(random_key,
//! std::span<float> w) const`: initial parameters; `void state(state_archive&)`: what it remembers between gradients.
template <class F>
concept Objective = HasDimension<F> && GivesGradients<F>;

//! An Objective that says where the tensors of its parameters lie.
template <class F>
concept Layered = Objective<F> && requires(const F f) {
    { f.layout() } -> std::same_as<const tensor_layout&>;
};

//! An Objective that predicts: logits(w, batch, out) fills out with batch.size() x classes() scores, row by row.
template <class F>
concept Classifier =
    Objective<F> && requires(F f, const F cf, std::span<const float> w, sample_indices batch, std::span<float> out) {
        { cf.classes() } -> std::convertible_to<std::size_t>;
        f.logits(w, batch, out);
    };

}  // namespace frugal
