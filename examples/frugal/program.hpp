//! The program `frugal` as it was compiled for one level of the instruction set.
#pragma once

#include <frugal/dispatch.hpp>

struct level_program {
    int (*run)(int argc, char** argv);  // returns the exit status; does not throw
};
FRUGAL_DISPATCHED(level_program)
