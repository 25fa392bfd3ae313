//! Starts and ends MPI for `--engine mpi`, where the program was built with it.
#pragma once

#include <string_view>
#include <vector>

#if defined(FRUGAL_WITH_MPI)
#include <mpi.h>
#endif

namespace frugal::driver {

class mpi_session {
public:
    mpi_session([[maybe_unused]] int& argc, [[maybe_unused]] char**& argv) {
#if defined(FRUGAL_WITH_MPI)
        const std::vector<std::string_view> words(argv, argv + argc);
        for (std::size_t i = 0; i < words.size(); ++i) {
            started_ = started_ || words[i] == "--engine=mpi" || (words[i] == "mpi" && words[i - 1] == "--engine");
        }
        if (started_) {
            int provided = 0;
            MPI_Init_thread(&argc, &argv, MPI_THREAD_SERIALIZED, &provided);
        }
#endif
    }
    ~mpi_session() {
#if defined(FRUGAL_WITH_MPI)
        if (started_) {
            MPI_Finalize();
        }
#endif
    }
    mpi_session(const mpi_session&) = delete;
    mpi_session& operator=(const mpi_session&) = delete;

private:
    bool started_ = false;
};

}  // namespace frugal::driver
