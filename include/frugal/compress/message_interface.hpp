//! From payloads to messages: what turns `encode` / `decode` / `decode_add` into compress / decompress /
//! decompress_add.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <frugal/compress/echo.hpp>
#include <frugal/concepts.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/core/message.hpp>

namespace frugal {

//! The wire identity of a compressor, computed from its name on first use, by any thread: a message costs no string.
//! Copies keep it, so a compressor's parameters must not change once it has written or read a message; `fit` begins
//! anew.
class cached_scheme {
public:
    cached_scheme() = default;
    cached_scheme(const cached_scheme& other) noexcept : id_(other.id_.load(std::memory_order_relaxed)) {}
    cached_scheme& operator=(const cached_scheme& other) noexcept {
        id_.store(other.id_.load(std::memory_order_relaxed), std::memory_order_relaxed);
        return *this;
    }

    template <class C>
    std::uint64_t of(const C& compressor) const {
        std::uint64_t id = id_.load(std::memory_order_relaxed);
        if (id == 0) {
            id = scheme_id(compressor.name());
            id_.store(id, std::memory_order_relaxed);
        }
        return id;
    }

private:
    mutable std::atomic<std::uint64_t> id_ = 0;
};

namespace detail {

//! Throws `invalid_input` where arithmetic is not that of other machines, so that bits would differ without a word.
inline void expect_ieee_arithmetic() {
    expect(keeps_subnormals(),
           "this thread flushes subnormal numbers to zero, so that what it encodes and decodes would differ from what "
           "others do: link nothing with -ffast-math, and leave the flush-to-zero mode off");
}

template <class C, class Encode>
void write_message_with(C& c, const cached_scheme& scheme, std::size_t dimension, random_key k, message& m,
                        Encode encode) {
    expect(dimension > 0, "cannot compress an empty vector: pass at least one element");
    expect_ieee_arithmetic();
    m.begin(scheme.of(c), k, dimension);
    try {
        payload_writer w(m.buffer());
        encode(w);
        w.align();
        m.seal(w.cost());
    } catch (...) {
        m.clear();
        throw;
    }
}

}  // namespace detail

//! Writes one message: header, c.encode(x, k, ...), checksum. On an exception m is left empty.
template <class C>
void write_message(C& c, const cached_scheme& scheme, std::span<const float> x, random_key k, message& m) {
    detail::write_message_with(c, scheme, x.size(), k, m, [&](payload_writer& w) { c.encode(x, k, w); });
}

//! The same, and `echo` is what receivers will decode. On an exception `echo` may hold a part.
template <class C>
void write_message(C& c, const cached_scheme& scheme, std::span<const float> x, random_key k, message& m,
                   std::span<float> echo) {
    detail::write_message_with(c, scheme, x.size(), k, m,
                               [&](payload_writer& w) { encode_with_echo(c, x, k, w, echo); });
}

//! Throws `malformed_message` unless m was written by this composition, for this dimension.
inline void check_scheme(const message& m, std::uint64_t scheme, std::size_t dimension) {
    detail::expect_ieee_arithmetic();
    expect_message(!m.empty(), "cannot decode an empty message: compress or parse into it first");
    expect_message(m.scheme() == scheme,
                   "a message was written by another composition of compressors than the receiver's");
    expect_message(m.dimension() == dimension, "a message's dimension differs from the length of the output");
    expect_message(dimension > 0, "a message of dimension 0 cannot be: it was altered");
}

//! The same, and unless it was written under this key: by this node, in this round, for this purpose.
inline void check_message(const message& m, std::uint64_t scheme, random_key k, std::size_t dimension) {
    check_scheme(m, scheme, dimension);
    expect_message(m.seed_mark() == message::seed_mark_of(k.seed),
                   "a message was made under another seed than the receiver's: all nodes of a run need the same");
    const random_key made = m.key(k.seed);
    expect_message(made.node == k.node, [&] {
        return "a message of node " + std::to_string(made.node) + " came where one of node " + std::to_string(k.node) +
               " was expected: its sender is another";
    });
    expect_message(made.round == k.round, [&] {
        return "a message of round " + std::to_string(made.round) + " came in round " + std::to_string(k.round) +
               ": it is late, early, or was replayed";
    });
    expect_message(made.purpose == k.purpose,
                   "a message was made for another purpose (leg, lane or tensor) than the receiver expects");
}

//! Reads one message with `read(payload_reader&)` after checking that it belongs here and before checking that all is
//! read.
template <class C, class Read>
void read_message(const C& c, const cached_scheme& scheme, const message& m, random_key k, std::size_t dimension,
                  Read read) {
    check_message(m, scheme.of(c), k, dimension);
    payload_reader r(m.payload());
    read(r);
    r.finish();
}

//! Does compressing leave the compressor as it was?
template <class C>
inline constexpr bool encodes_const =
    requires(const C& c, std::span<const float> x, random_key k, payload_writer& w) { c.encode(x, k, w); };

//! Does this compressor keep nothing from one message to the next, so that several may be encoded at once? Where that
//! is not known at compile time, the compressor has `stateless()`.
template <class C>
bool is_stateless(const C& c) {
    if constexpr (requires { bool{c.stateless()}; }) {
        return c.stateless();
    } else {
        return encodes_const<C>;
    }
}

//! Base of compressors that have a constructor. (Aggregates hold a `cached_scheme` and forward to `write_message` and
//! `read_message` themselves: GCC's -Wextra calls a base a missing initializer wherever their fields are named.)
//! Compressing is const where `encode` is.
template <class Derived>
class message_interface {
public:
    template <class C = Derived>
        requires encodes_const<C>
    void compress(std::span<const float> x, random_key k, message& m) const {
        write_message(self(), scheme_, x, k, m);
    }
    template <class C = Derived>
        requires encodes_const<C>
    void compress(std::span<const float> x, random_key k, message& m, std::span<float> echo) const {
        write_message(self(), scheme_, x, k, m, echo);
    }
    template <class C = Derived>
        requires(!encodes_const<C>)
    void compress(std::span<const float> x, random_key k, message& m) {
        write_message(static_cast<Derived&>(*this), scheme_, x, k, m);
    }
    template <class C = Derived>
        requires(!encodes_const<C>)
    void compress(std::span<const float> x, random_key k, message& m, std::span<float> echo) {
        write_message(static_cast<Derived&>(*this), scheme_, x, k, m, echo);
    }
    void decompress(const message& m, random_key k, std::span<float> y) const {
        read_message(self(), scheme_, m, k, y.size(), [&](payload_reader& r) { self().decode(r, k, y); });
    }
    void decompress_add(const message& m, random_key k, float weight, std::span<float> acc) const {
        read_message(self(), scheme_, m, k, acc.size(),
                     [&](payload_reader& r) { self().decode_add(r, k, weight, acc); });
    }

protected:
    message_interface() = default;
    cached_scheme scheme_;

private:
    const Derived& self() const { return static_cast<const Derived&>(*this); }
};

}  // namespace frugal
