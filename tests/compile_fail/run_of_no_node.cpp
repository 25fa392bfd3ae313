// expect: Node
#include <vector>

#include <frugal/engine/run.hpp>
#include <frugal/engine/stop.hpp>
#include <frugal/engine/tbb_engine.hpp>

struct no_node {
    void step(std::uint64_t, const frugal::inbox&, frugal::outbox&) {}
};

void f(std::vector<no_node>& nodes) {
    frugal::run(frugal::tbb_engine{}, nodes, frugal::rounds{1});
}
