//! `blocked{C, size}`: a vector cut into blocks that are compressed one by one, in parallel.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include <frugal/compress/parts.hpp>
#include <frugal/core/describe.hpp>

namespace frugal {

//! Block i, of `size` coordinates (the last one may be shorter), is compressed by C under key.for_purpose(i): with its
//! own scale, its own k largest, ... Vectors of 2^17 coordinates and more are encoded and decoded on the threads of
//! TBB; the bytes are those of one thread. Laws: those of C for a block. Senders that agree do so for all blocks at
//! once. C must remember nothing: put error_feedback around. Payload: see parts.hpp. Borrows the payload's size when
//! encoding.
template <Compressor C>
class blocked : public message_interface<blocked<C>> {
public:
    static constexpr bool unbiased = C::unbiased;
    static constexpr auto describe() {
        return describes(
            "blocked", "a vector cut into blocks that are compressed one by one, in parallel",
            part("compressor", &blocked::compressor_, "of each block; remembers nothing"),
            option("size", &blocked::size_, "coordinates of a block").from(1).to(max_size).otherwise("65536"));
    }

    //! size: coordinates of a block, 1 to 2^48. Large enough for C to work well (its scale takes 32 bits, each block 32
    //! more), small enough to stay in the cache: 2^16 is a good one. Throws `invalid_input` where C remembers anything.
    explicit blocked(C compressor, std::size_t size = std::size_t{1} << 16)
        : compressor_(std::move(compressor)), size_(size) {
        validate_described(*this);
        expect(is_stateless(compressor_), [this] {
            return "blocked: blocks are compressed in parallel, by a compressor that remembers nothing, which " +
                   compressor_.name() + " is not: put error_feedback around blocked, not inside";
        });
    }

    C& inner() { return compressor_; }
    const C& compressor() const { return compressor_; }
    std::size_t size() const { return size_; }
    bool stateless() const { return true; }
    std::string name() const { return described_name(*this); }
    laws laws_for(std::size_t d) const {
        const laws whole = laws_of(compressor_, std::min(d, size_));
        return d > size_ && d % size_ != 0 ? common_laws(whole, laws_of(compressor_, d % size_)) : whole;
    }
    std::size_t granule() const { return size_; }
    std::size_t agreement_size(std::size_t d) const { return agreement_size_of(compressor_, d); }
    void share(std::span<const float> x, std::span<float> out) const {
        share_parts(parts_of(x.size()), the_same(compressor_), x, out);
    }
    void agree(std::span<const float> largest) { agree_with(compressor_, largest); }

    void encode(std::span<const float> x, random_key k, payload_writer& w, std::span<float> echo = {})
        requires(!encodes_const<C>)
    {
        encode_parts(parts_of(x.size()), the_same(compressor_), x, k, w, echo);
    }
    void encode(std::span<const float> x, random_key k, payload_writer& w, std::span<float> echo = {}) const
        requires encodes_const<C>
    {
        encode_parts(parts_of(x.size()), the_same(compressor_), x, k, w, echo);
    }
    void decode(payload_reader& r, random_key k, std::span<float> y) const {
        decode_parts(parts_of(y.size()), the_same(compressor_), r, k, y);
    }
    void decode_add(payload_reader& r, random_key k, float weight, std::span<float> acc) const {
        decode_add_parts(parts_of(acc.size()), the_same(compressor_), r, k, weight, acc);
    }

private:
    static constexpr double max_size = 281474976710656.0;  // 2^48

    struct blocks {
        std::size_t dimension;
        std::size_t size;
        std::size_t count() const { return dimension / size + (dimension % size != 0 ? 1 : 0); }
        std::size_t first(std::size_t i) const { return i == count() ? dimension : i * size; }
    };
    blocks parts_of(std::size_t d) const { return {d, size_}; }
    static auto the_same(auto& compressor) {
        return [&compressor](std::size_t, auto use) { use(compressor); };
    }

    C compressor_;
    std::size_t size_;
};

}  // namespace frugal
