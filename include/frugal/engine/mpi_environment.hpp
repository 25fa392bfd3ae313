//! MPI for the time of a scope.
#pragma once

#ifndef OMPI_SKIP_MPICXX
#define OMPI_SKIP_MPICXX 1  // the C interface is all that is used; the C++ one needs another library
#endif
#include <mpi.h>

#include <cstdio>
#include <cstdlib>
#include <exception>

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
        if (std::uncaught_exceptions() > exceptions_) {
            end_job("an exception that was not caught inside mpi_environment::guard");
        }
        if (owner_) {
            MPI_Finalize();
        }
    }

    //! Calls f; an exception is printed with this rank's number, and ends all ranks.
    template <class F>
    auto guard(F f) const -> decltype(f()) {
        try {
            return f();
        } catch (const std::exception& problem) {
            end_job(problem.what());
        } catch (...) {
            end_job("an exception that is no std::exception");
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
    [[noreturn]] void end_job(const char* why) const {
        if (ranks() > 1) {
            std::fprintf(stderr, "rank %d: %s\n", rank(), why);
        } else {
            std::fprintf(stderr, "%s\n", why);
        }
        std::fflush(stderr);
        MPI_Abort(MPI_COMM_WORLD, 1);
        std::abort();
    }

    int exceptions_ = std::uncaught_exceptions();
    bool owner_ = false;
};

}  // namespace frugal
