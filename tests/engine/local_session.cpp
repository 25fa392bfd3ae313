#include <frugal/engine/local_session.hpp>

#include <atomic>
#include <cstddef>
#include <stdexcept>
#include <vector>

#include "catch.hpp"
#include "scripted.hpp"

using namespace frugal;
using test::note;
using test::scripted;
using test::value_of;

namespace {

std::vector<std::uint32_t> nodes_in(std::span<const std::byte> records) {
    std::vector<std::uint32_t> nodes;
    read_records(records, [&](const round_record& r) { nodes.push_back(r.node); }, [](const std::string&, double) {});
    return nodes;
}

}  // namespace

TEST_CASE("local_session: a round is played to its end, its records are those of all nodes in order",
          "[engine][local_session]") {
    auto nodes = test::scripted_nodes(4, [](peer here, std::vector<float>& x) -> task<> {
        here.send_to_others(note(here, static_cast<float>(here.self())));
        for (const envelope& e : co_await here.receive_from_others()) {
            x.push_back(value_of(e));
        }
    });
    population<scripted> all(nodes, 1);
    local_session session(all, 2, {});
    CHECK(session.size() == 4);
    CHECK(session.first() == 0);
    CHECK(session.last() == 4);
    CHECK(session.threads() == 2);
    CHECK(session.ranks() == 1);
    std::vector<std::byte> records{std::byte{1}};
    session.play(0, records);
    CHECK(nodes_in(records) == std::vector<std::uint32_t>{0, 1, 2, 3});
    CHECK(nodes[2].x == std::vector<float>{0, 1, 3});
    CHECK(session.parameters(2).data() == nodes[2].x.data());
    std::vector<std::byte> saved;
    session.save(2, saved);
    session.play(1, records);
    CHECK(nodes[2].x.size() == 6);
    session.restore(2, saved);
    CHECK(nodes[2].x == std::vector<float>{0, 1, 3});
    std::atomic<int> calls{0};
    session.parallel(100, [&](std::size_t) { ++calls; });
    CHECK(calls == 100);
}

TEST_CASE("local_session: agreeing on a failure throws it, on a reason returns it", "[engine][local_session]") {
    auto nodes = test::scripted_nodes(1, [](peer, std::vector<float>&) -> task<> { co_return; });
    population<scripted> all(nodes, 1);
    local_session session(all, 1, {});
    CHECK(session.agree(stop_reason::early, nullptr) == stop_reason::early);
    CHECK_THROWS_WITH(session.agree(stop_reason::none, std::make_exception_ptr(std::runtime_error("mine"))), "mine");
}

TEST_CASE("local_session: a round that cannot end, or fails, is left behind", "[engine][local_session][hostile]") {
    int mode = 0;
    auto nodes = test::scripted_nodes(2, [&](peer here, std::vector<float>&) -> task<> {
        if (mode == 0 && here.self() == 1) {
            co_await here.receive(0);
        }
        if (mode == 1 && here.self() == 0) {
            throw std::runtime_error("on request");
        }
    });
    population<scripted> all(nodes, 1);
    local_session session(all, 1, {});
    std::vector<std::byte> records;
    CHECK_THROWS_WITH(session.play(4, records),
                      "round 4 cannot end: node 1 waits on lane 0 for node 0, and no message is under way");
    mode = 1;
    CHECK_THROWS_WITH(session.play(5, records), "on request");
    mode = 2;
    session.play(6, records);
    CHECK(nodes_in(records) == std::vector<std::uint32_t>{0, 1});
}
