// expect: a node is a program
#include <vector>

#include <frugal/engine/stop.hpp>
#include <frugal/engine/tbb_engine.hpp>

struct no_node {
    void round(frugal::peer) {}
};

void f(std::vector<no_node>& nodes) {
    frugal::run(frugal::tbb_engine{}, nodes, frugal::rounds{1});
}
