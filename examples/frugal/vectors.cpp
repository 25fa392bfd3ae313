#include "vectors.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>

#include <frugal/core/error.hpp>

#include "report.hpp"

namespace frugal::driver {

std::string read_bytes(const std::filesystem::path& file) {
    constexpr std::size_t most = std::size_t{1} << 36;
    std::error_code ec;
    expect(!std::filesystem::is_directory(file, ec), [&] { return file.string() + " is a folder, not a file"; });
    std::ifstream opened;
    const bool standard_input = file == "-";
    if (!standard_input) {
        opened.open(file, std::ios::binary);
        expect(opened.good(), [&] { return "cannot open " + file.string() + ": " + std::strerror(errno); });
    }
    std::istream& in = standard_input ? std::cin : opened;
    std::string bytes;
    std::string piece(std::size_t{1} << 20, '\0');
    while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0) {
        bytes.append(piece, 0, static_cast<std::size_t>(in.gcount()));
        expect(bytes.size() <= most, [&] { return file.string() + " does not end within 64 GiB"; });
    }
    expect(!in.bad(), [&] { return "cannot read " + file.string() + ": " + std::strerror(errno); });
    return bytes;
}

std::vector<float> read_vector(const std::filesystem::path& file) {
    const std::string bytes = read_bytes(file);
    expect(!bytes.empty() && bytes.size() % sizeof(float) == 0, [&] {
        return file.string() + " has " + std::to_string(bytes.size()) +
               " bytes; expected a raw vector of 32-bit little-endian floats, 4 bytes each";
    });
    std::vector<float> x(bytes.size() / sizeof(float));
    std::memcpy(x.data(), bytes.data(), bytes.size());
    return x;
}

void write_vector(const std::filesystem::path& file, std::span<const float> x) {
    write_file(file, std::string(reinterpret_cast<const char*>(x.data()), x.size_bytes()));
}

}  // namespace frugal::driver
