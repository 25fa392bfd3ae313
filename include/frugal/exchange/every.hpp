//! `every`: an exchange in one round of k.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <frugal/exchange/exchange.hpp>

namespace frugal {

//! Exchanges in rounds k - 1, 2 k - 1, ...; in the others a vector stays as it is, and nothing is sent.
template <Exchange E>
class every {
public:
    every(E inner, std::uint64_t rounds) : inner_(std::move(inner)), rounds_(rounds) {
        expect(rounds > 0, "every: the number of rounds must be at least 1");
    }

    E& inner() { return inner_; }
    bool serves() const { return has_server(inner_); }
    decltype(auto) compressor() const { return inner_.compressor(); }
    bool due(const peer& here) const { return (here.round() + 1) % rounds_ == 0; }

    void begin(peer here, std::span<const float> x, std::span<float> echo = {}) {
        expect(echo.empty(), "every: what is not sent is not lost; put feedback inside of every, not around it");
        if (due(here)) {
            inner_.begin(here, x);
        }
    }
    task<> end(peer here, std::span<float> x) {
        if (due(here)) {
            co_await inner_.end(here, x);
        }
    }
    void state(state_archive& a) { inner_.state(a); }

private:
    E inner_;
    std::uint64_t rounds_;
};

}  // namespace frugal
