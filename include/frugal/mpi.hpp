//! Everything that needs MPI: link `frugal::mpi`.
#pragma once

#include <frugal/engine/mpi_engine.hpp>
#include <frugal/engine/mpi_environment.hpp>
