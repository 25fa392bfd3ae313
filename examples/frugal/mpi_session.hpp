//! Starts and ends MPI for `--engine mpi`, where the program was built with it.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#if defined(FRUGAL_WITH_MPI)
#include <frugal/engine/mpi_environment.hpp>
#endif

namespace frugal::driver {

//! Calls f, inside MPI if the words of the command line ask for it: then a rank that fails ends all others.
template <class F>
int with_mpi([[maybe_unused]] int argc, [[maybe_unused]] char** argv, F f) {
#if defined(FRUGAL_WITH_MPI)
    const std::vector<std::string_view> words(argv, argv + argc);
    for (std::size_t i = 1; i < words.size(); ++i) {
        if (words[i] == "--engine=mpi" || (words[i] == "mpi" && words[i - 1] == "--engine")) {
            mpi_environment mpi;
            return mpi.guard([&] {
                const int status = f();
                if (status == 2 && mpi.ranks() > 1) {  // what is wrong was said; the other ranks may already wait
                    MPI_Abort(MPI_COMM_WORLD, status);
                }
                return status;
            });
        }
    }
#endif
    return f();
}

}  // namespace frugal::driver
