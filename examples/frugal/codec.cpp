//! `frugal codec`: one real vector through a compressor.
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>

#include <frugal/kernels/norms.hpp>

#include "choices.hpp"
#include "commands.hpp"
#include "report.hpp"

namespace frugal::driver {
namespace {

std::vector<float> read_floats(const std::filesystem::path& file) {
    std::error_code ec;
    expect(!std::filesystem::is_directory(file, ec), [&] { return file.string() + " is a folder, not a file"; });
    std::ifstream in(file, std::ios::binary);
    expect(in.good(), [&] { return "cannot open " + file.string() + ": " + std::strerror(errno); });
    const std::string bytes(std::istreambuf_iterator<char>(in), {});
    expect(!in.bad(), [&] { return "cannot read " + file.string() + ": " + std::strerror(errno); });
    expect(!bytes.empty() && bytes.size() % sizeof(float) == 0, [&] {
        return file.string() + " has " + std::to_string(bytes.size()) +
               " bytes; expected a raw vector of 32-bit little-endian floats, 4 bytes each";
    });
    std::vector<float> x(bytes.size() / sizeof(float));
    std::memcpy(x.data(), bytes.data(), bytes.size());
    return x;
}

template <class A>
double squared_distance(const std::vector<A>& a, const std::vector<float>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double e = double(a[i]) - double(b[i]);
        sum += e * e;
    }
    return sum;
}

}  // namespace

int run_codec(const codec_request& request) {
    using clock = std::chrono::steady_clock;
    any_compressor compressor = parse<any_compressor>(request.compressor);
    const std::vector<float> x = read_floats(request.input);
    if (compressor.needs_side_information({.node = 0})) {
        std::cerr << "frugal: this message is meant to be decoded near a vector that the receiver knows; here it is "
                     "decoded near zero\n";
    } else if (compressor.needs_side_information({.node = 1})) {
        std::cerr << "frugal: this is the message of an even node; those of odd nodes need side information\n";
    }
    std::vector<float> y(x.size());
    std::vector<double> sum(x.size());
    message m;
    double distortion = 0;
    auto fastest_encode = std::numeric_limits<double>::infinity();
    auto fastest_decode = fastest_encode;
    for (int i = 0; i < request.repeat; ++i) {
        const random_key key{request.seed, 0, static_cast<std::uint64_t>(i), purposes::message};
        const auto start = clock::now();
        compressor.compress(x, key, m);
        const auto encoded = clock::now();
        compressor.decompress(m, key, y);
        const auto decoded = clock::now();
        fastest_encode = std::min(fastest_encode, std::chrono::duration<double>(encoded - start).count());
        fastest_decode = std::min(fastest_decode, std::chrono::duration<double>(decoded - encoded).count());
        distortion += squared_distance(x, y);
        for (std::size_t j = 0; j < y.size(); ++j) {
            sum[j] += double{y[j]};
        }
    }
    if (!request.output.empty()) {
        write_file(request.output, std::string(reinterpret_cast<const char*>(y.data()), y.size() * sizeof(float)));
    }
    for (auto& v : sum) {
        v /= request.repeat;
    }
    const double gigabytes = static_cast<double>(x.size() * sizeof(float)) / 1e9;
    nlohmann::ordered_json j;
    j["compressor"] = compressor.name();
    j["dimension"] = x.size();
    j["repeat"] = request.repeat;
    j["payload_bits"] = m.payload_bits();
    j["wire_bytes"] = m.bytes().size();
    j["distortion"] = distortion / request.repeat;
    j["distortion_of_mean"] = squared_distance(sum, x);
    j["norm2"] = kernels::sum_squares(x);
    j["encode_gbps"] = gigabytes / fastest_encode;
    j["decode_gbps"] = gigabytes / fastest_decode;
    std::cout << j.dump(2) << '\n';
    return 0;
}

}  // namespace frugal::driver
