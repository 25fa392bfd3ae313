//! What `blocked` and `per_tensor` share: one message for a vector whose parts are compressed one by one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_for.h>

#include <frugal/compress/agreement.hpp>
#include <frugal/compress/laws.hpp>
#include <frugal/compress/message_interface.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/kernels/norms.hpp>

namespace frugal {

//! A vector of d elements cut into parts: part i is [first(i), first(i + 1)).
template <class P>
concept Partition = requires(const P p, std::size_t i) {
    { p.count() } -> std::same_as<std::size_t>;
    { p.first(i) } -> std::same_as<std::size_t>;
};

namespace detail {

//! work(i, first, length) for every part of d elements, in parallel where the vector is long enough for that to pay.
template <Partition P, class Work>
void for_each_part(const P& parts, std::size_t d, Work work) {
    constexpr std::size_t elements_per_task = std::size_t{1} << 16;
    const std::size_t n = parts.count();
    const auto run = [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const std::size_t first = parts.first(i);
            work(i, first, parts.first(i + 1) - first);
        }
    };
    if (n < 2 || d < 2 * elements_per_task) {
        run(0, n);
        return;
    }
    const std::size_t grain = std::max<std::size_t>(1, elements_per_task * n / d);
    oneapi::tbb::parallel_for(oneapi::tbb::blocked_range<std::size_t>(0, n, grain),
                              [&](const auto& range) { run(range.begin(), range.end()); });
}

struct encoded_part {
    std::vector<std::byte> bytes;
    std::uint64_t cost = 0;
};

//! use(reader, i, first, length) for every part of a payload.
template <Partition P, class Use>
void read_parts(const P& parts, payload_reader& r, std::size_t d, Use use) {
    const std::size_t n = parts.count();
    expect_message(n <= r.remaining_bits() / 32,
                   "the message ends before its content: it was truncated; send it again");
    const auto begin = borrow<std::uint64_t>(n + 1);
    begin[0] = 0;
    for (std::size_t i = 0; i < n; ++i) {
        begin[i + 1] = begin[i] + r.bits(32);
    }
    const std::uint64_t total = begin[n];
    expect_message(total <= r.remaining_bits() / 8,
                   "the message ends before its content: it was truncated; send it again");
    const std::span<const std::byte> bytes = r.block(static_cast<std::size_t>(total));
    for_each_part(parts, d, [&](std::size_t i, std::size_t first, std::size_t length) {
        payload_reader part(
            bytes.subspan(static_cast<std::size_t>(begin[i]), static_cast<std::size_t>(begin[i + 1] - begin[i])));
        use(part, i, first, length);
        part.finish();
    });
}

}  // namespace detail

//! Encodes the parts of x, part i under key.for_purpose(i) by the compressor that with(i, use) calls `use` with, on the
//! threads of TBB where that pays; the bytes do not depend on threads. A compressor that serves several parts must be
//! stateless. echo: empty, or filled with what receivers decode.
//!
//! Payload: the length of each part's payload in bytes (32 bits each), then these payloads, each padded to a byte.
template <Partition P, class With>
void encode_parts(const P& parts, With with, std::span<const float> x, random_key k, payload_writer& w,
                  std::span<float> echo) {
    const std::size_t n = parts.count();
    const workspace<std::vector<detail::encoded_part>> storage;
    if (storage->size() < n) {
        storage->resize(n);
    }
    const std::span<detail::encoded_part> encoded(storage->data(), n);
    try {
        detail::for_each_part(parts, x.size(), [&](std::size_t i, std::size_t first, std::size_t length) {
            encoded[i].bytes.clear();
            payload_writer part(encoded[i].bytes);
            const random_key key = k.for_purpose(static_cast<std::uint32_t>(i));
            with(i, [&](auto& c) {
                if (echo.empty()) {
                    c.encode(x.subspan(first, length), key, part);
                } else {
                    encode_with_echo(c, x.subspan(first, length), key, part, echo.subspan(first, length));
                }
            });
            part.align();
            encoded[i].cost = part.cost();
        });
    } catch (const nonfinite_input&) {
        kernels::expect_all_finite(x);
        throw;
    }
    for (const detail::encoded_part& part : encoded) {
        expect(part.bytes.size() <= std::numeric_limits<std::uint32_t>::max(),
               "a part of a vector takes more than 2^32 bytes: cut it smaller");
        w.bits(part.bytes.size(), 32);
    }
    for (const detail::encoded_part& part : encoded) {
        std::ranges::copy(part.bytes, w.block(part.bytes.size(), part.cost).begin());
    }
}

template <Partition P, class With>
void decode_parts(const P& parts, With with, payload_reader& r, random_key k, std::span<float> y) {
    detail::read_parts(parts, r, y.size(),
                       [&](payload_reader& part, std::size_t i, std::size_t first, std::size_t length) {
                           const random_key key = k.for_purpose(static_cast<std::uint32_t>(i));
                           with(i, [&](const auto& c) { c.decode(part, key, y.subspan(first, length)); });
                       });
}

template <Partition P, class With>
void decode_add_parts(const P& parts, With with, payload_reader& r, random_key k, float weight, std::span<float> acc) {
    detail::read_parts(parts, r, acc.size(),
                       [&](payload_reader& part, std::size_t i, std::size_t first, std::size_t length) {
                           const random_key key = k.for_purpose(static_cast<std::uint32_t>(i));
                           with(i, [&](const auto& c) { c.decode_add(part, key, weight, acc.subspan(first, length)); });
                       });
}

//! The largest offer of any part that is compressed by senders who agree: one agreement for all. 0 without such parts.
template <Partition P, class With>
void share_parts(const P& parts, With with, std::span<const float> x, std::span<float> out) {
    const auto of_part = borrow<float>(out.size());
    bool any = false;
    for (std::size_t i = 0; i < parts.count(); ++i) {
        const std::span<const float> part = x.subspan(parts.first(i), parts.first(i + 1) - parts.first(i));
        with(i, [&](const auto& c) {
            if (agreement_size_of(c, part.size()) == 0) {
                return;
            }
            share_of(c, part, of_part);
            for (std::size_t j = 0; j < out.size(); ++j) {
                out[j] = any ? std::max(out[j], of_part[j]) : of_part[j];
            }
            any = true;
        });
    }
    if (!any) {
        std::ranges::fill(out, 0.0f);
    }
}

}  // namespace frugal
