// expect: no match
#include <frugal/core/state.hpp>

void f(frugal::state_archive& a, float* p) {
    a(p);
}
