//! Starts the program as it was compiled for this processor: all but this file may have been compiled for several
//! levels of the instruction set (FRUGAL_DISPATCH_PROGRAM).
#include "program.hpp"

int main(int argc, char** argv) {
    return dispatched_level_program().run(argc, argv);
}
