//! Nodes whose rounds are functions of a test's own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frugal/compress/identity.hpp>
#include <frugal/engine/tbb_engine.hpp>
#include <frugal/node/peer.hpp>
#include <frugal/node/population.hpp>

namespace test {

//! script(here, x): a coroutine; the node keeps x.
struct scripted {
    std::function<frugal::task<>(frugal::peer, std::vector<float>&)> script;
    std::vector<float> x{};

    frugal::task<> round(frugal::peer here) { return script(here, x); }
    std::span<const float> parameters() const { return x; }
    void state(frugal::state_archive& a) { a(x); }
};

inline std::vector<scripted> scripted_nodes(std::size_t n,
                                            std::function<frugal::task<>(frugal::peer, std::vector<float>&)> script) {
    return std::vector<scripted>(n, scripted{std::move(script)});
}

//! Plays rounds of n nodes with this script; the nodes as they are afterwards.
inline std::vector<scripted> play(std::size_t n,
                                  std::function<frugal::task<>(frugal::peer, std::vector<float>&)> script,
                                  std::uint64_t count = 1, std::size_t threads = 2) {
    auto nodes = scripted_nodes(n, std::move(script));
    frugal::run(frugal::tbb_engine{.threads = threads}, nodes, frugal::rounds{count});
    return nodes;
}

//! A message of one number.
inline frugal::letter_ref note(const frugal::peer& here, float value) {
    frugal::letter_ref content = here.draft();
    frugal::identity().compress(std::span<const float>(&value, 1), here.key(here.take_legs(), here.self()), *content);
    return content;
}
inline float value_of(const frugal::envelope& e) {
    float value = 0;
    std::memcpy(&value, e.content->payload().data(), sizeof value);
    return value;
}

//! The text of the exception that f throws; empty if it throws none.
template <class F>
std::string failure_of(F f) {
    try {
        f();
    } catch (const std::exception& e) {
        return e.what();
    }
    return {};
}

}  // namespace test
