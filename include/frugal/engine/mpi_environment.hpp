//! MPI for the time of a scope.
#pragma once

#ifndef OMPI_SKIP_MPICXX
#define OMPI_SKIP_MPICXX 1  // the C interface is all that is used; the C++ one needs another library
#endif
#include <mpi.h>

#include <frugal/core/error.hpp>

namespace frugal {

//! Initialises MPI unless somebody did, and finalises it if it was this object: `int main() { mpi_environment mpi; ...
//! }`.
class mpi_environment {
public:
    mpi_environment() {
        int done = 0;
        MPI_Initialized(&done);
        if (done == 0) {
            int provided = 0;
            expect(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided) == MPI_SUCCESS &&
                       provided >= MPI_THREAD_FUNNELED,
                   "MPI cannot be initialised for a program with threads: install an MPI library that has "
                   "MPI_THREAD_FUNNELED");
            owner_ = true;
        }
    }
    mpi_environment(const mpi_environment&) = delete;
    mpi_environment& operator=(const mpi_environment&) = delete;
    ~mpi_environment() {
        if (owner_) {
            MPI_Finalize();
        }
    }

    int rank(MPI_Comm communicator = MPI_COMM_WORLD) const {
        int r = 0;
        MPI_Comm_rank(communicator, &r);
        return r;
    }
    int ranks(MPI_Comm communicator = MPI_COMM_WORLD) const {
        int n = 1;
        MPI_Comm_size(communicator, &n);
        return n;
    }

private:
    bool owner_ = false;
};

}  // namespace frugal
