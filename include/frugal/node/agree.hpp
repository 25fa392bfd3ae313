//! Agreement: all nodes of a group learn the largest, the smallest or the sum of the numbers each of them has.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include <frugal/core/bits.hpp>
#include <frugal/core/message.hpp>
#include <frugal/node/peer.hpp>

namespace frugal {

namespace detail {

inline constexpr std::uint64_t numbers_scheme = scheme_id("numbers");

//! A message of doubles, bit for bit.
inline letter_ref write_numbers(const peer& here, std::span<const double> values) {
    letter_ref sent = here.draft();
    sent->begin(numbers_scheme, here.key(here.take_legs(), here.self()), values.size());
    payload_writer w(sent->buffer());
    std::memcpy(w.block(values.size_bytes(), 64 * values.size()).data(), values.data(), values.size_bytes());
    sent->seal(w.cost());
    return sent;
}
//! Calls use(i, value) for each number of a message of n of them.
template <class Use>
void read_numbers(const peer& here, const envelope& e, std::size_t n, Use use) {
    const random_key key = e.content->key(here.seed());
    const auto payload = e.content->payload();
    expect_message(e.content->scheme() == numbers_scheme && e.content->dimension() == n &&
                       payload.size() == n * sizeof(double) && key.round == here.round() &&
                       key.node == here.global(e.from),
                   [&] {
                       return "an agreement of " + here.place() + " got a message from node " +
                              std::to_string(here.global(e.from)) +
                              " that is none, or of another round or sender: do all nodes run the same program?";
                   });
    for (std::size_t i = 0; i < n; ++i) {
        double value = 0;
        std::memcpy(&value, payload.data() + i * sizeof value, sizeof value);
        expect_message(value - value == 0, [&] {
            return "an agreement of " + here.place() + " got a number that is not finite from node " +
                   std::to_string(here.global(e.from));
        });
        use(i, value);
    }
}

template <class Combine>
task<> agree(peer here, std::span<double> values, Combine combine) {
    const peer up = here.lane(0), down = here.lane(1);
    if (here.self() != 0) {
        up.send(0, write_numbers(up, values));
        for (const envelope& e : co_await down.receive(0)) {
            read_numbers(down, e, values.size(), [&](std::size_t i, double v) { values[i] = v; });
        }
        co_return;
    }
    for (const envelope& e : co_await up.receive_from_others()) {
        read_numbers(up, e, values.size(), [&](std::size_t i, double v) { values[i] = combine(values[i], v); });
    }
    down.send_to_others(write_numbers(down, values));
}

}  // namespace detail

//! values[i] <- the largest of all nodes' values[i], finite numbers. Costs two messages a node.
//! This and the next two are templates so that GCC, which emits every other coroutine, compiles those that are used.
template <std::convertible_to<std::span<double>> Numbers>
task<> agree_on_largest(peer here, Numbers&& values) {
    return detail::agree(here, values, [](double a, double b) { return std::max(a, b); });
}
//! values[i] <- the smallest of all nodes' values[i].
template <std::convertible_to<std::span<double>> Numbers>
task<> agree_on_smallest(peer here, Numbers&& values) {
    return detail::agree(here, values, [](double a, double b) { return std::min(a, b); });
}
//! values[i] <- the sum of all nodes' values[i], added in node order.
template <std::convertible_to<std::span<double>> Numbers>
task<> agree_on_sum(peer here, Numbers&& values) {
    return detail::agree(here, values, [](double a, double b) { return a + b; });
}

}  // namespace frugal
