//! A folder for one test.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace test {

//! Made fresh, and removed with all that is in it.
struct scratch_directory {
    std::string path = (std::filesystem::temp_directory_path() / "frugal-test-XXXXXX").string();

    scratch_directory() {
        if (mkdtemp(path.data()) == nullptr) {
            throw std::runtime_error("cannot make a temporary directory");
        }
    }
    scratch_directory(const scratch_directory&) = delete;
    scratch_directory& operator=(const scratch_directory&) = delete;
    ~scratch_directory() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
};

}  // namespace test
