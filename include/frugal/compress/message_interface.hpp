//! From payloads to messages: what turns `encode` / `decode` / `decode_add` into compress / decompress /
//! decompress_add.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frugal/concepts.hpp>
#include <frugal/core/message.hpp>

namespace frugal {

//! The wire identity of a compressor, computed from its name on first use: a message costs no string.
//! Copies keep it, so a compressor's parameters must not change once it has written or read a message.
class cached_scheme {
public:
    template <class C>
    std::uint64_t of(const C& compressor) {
        if (id_ == 0) {
            id_ = scheme_id(compressor.name());
        }
        return id_;
    }

private:
    std::uint64_t id_ = 0;
};

//! Writes one message: header, c.encode(x, k, ...), checksum. On an exception m is left empty.
template <class C>
void write_message(C& c, cached_scheme& scheme, std::span<const float> x, random_key k, message& m) {
    expect(!x.empty(), "cannot compress an empty vector: pass at least one element");
    m.begin(scheme.of(c), k, x.size());
    try {
        payload_writer w(m.buffer());
        c.encode(x, k, w);
        w.align();
        m.seal(w.cost());
    } catch (...) {
        m.clear();
        throw;
    }
}

//! Throws `malformed_message` unless m was written by this composition, under this key, for this dimension.
inline void check_message(const message& m, std::uint64_t scheme, random_key k, std::size_t dimension) {
    expect_message(!m.empty(), "cannot decode an empty message: compress or parse into it first");
    expect_message(m.scheme() == scheme,
                   "a message was written by another composition of compressors than the receiver's");
    expect_message(m.key(k.seed) == k,
                   "a message belongs to another key (node, round or purpose) than the receiver expects");
    expect_message(m.dimension() == dimension, "a message's dimension differs from the length of the output");
    expect_message(dimension > 0, "a message of dimension 0 cannot be: it was altered");
}

//! Reads one message with `read(payload_reader&)` after checking that it belongs here and before checking that all is
//! read.
template <class C, class Read>
void read_message(C& c, cached_scheme& scheme, const message& m, random_key k, std::size_t dimension, Read read) {
    check_message(m, scheme.of(c), k, dimension);
    payload_reader r(m.payload());
    read(r);
    r.finish();
}

//! Base of compressors that have a constructor. (Aggregates, which may not have a base, hold a `cached_scheme` and
//! forward to `write_message` and `read_message` themselves.)
template <class Derived>
class message_interface {
public:
    void compress(std::span<const float> x, random_key k, message& m) { write_message(self(), scheme_, x, k, m); }
    void decompress(const message& m, random_key k, std::span<float> y) {
        read_message(self(), scheme_, m, k, y.size(), [&](payload_reader& r) { self().decode(r, k, y); });
    }
    void decompress_add(const message& m, random_key k, float weight, std::span<float> acc) {
        read_message(self(), scheme_, m, k, acc.size(),
                     [&](payload_reader& r) { self().decode_add(r, k, weight, acc); });
    }

protected:
    message_interface() = default;
    cached_scheme scheme_;

private:
    Derived& self() { return static_cast<Derived&>(*this); }
};

}  // namespace frugal
