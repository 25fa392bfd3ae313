//! `frugal codec`: one real vector through a compressor.
#include <chrono>
#include <iostream>
#include <limits>
#include <nlohmann/json.hpp>

#include <frugal/kernels/norms.hpp>

#include "choices.hpp"
#include "commands.hpp"
#include "report.hpp"
#include "vectors.hpp"

namespace frugal::driver {
namespace {

template <class A>
double squared_distance(const std::vector<A>& a, const std::vector<float>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double e = double(a[i]) - double(b[i]);
        sum += e * e;
    }
    return sum;
}

//! The other way round: a message in, its vector out.
int decode(const codec_request& request, const any_compressor& compressor) {
    expect(!request.output.empty(), "codec --message FILE needs --output FILE, for the vector");
    const std::string bytes = read_bytes(request.message);
    const message m = message::parse(std::as_bytes(std::span(bytes)));
    std::vector<float> y(m.dimension());
    compressor.decompress(m, m.key(request.seed), y);
    write_vector(request.output, y);
    nlohmann::ordered_json j;
    j["compressor"] = compressor.name();
    j["dimension"] = m.dimension();
    j["payload_bits"] = m.payload_bits();
    j["wire_bytes"] = m.bytes().size();
    std::cout << j.dump(2) << '\n';
    return 0;
}

}  // namespace

int run_codec(const codec_request& request) {
    using clock = std::chrono::steady_clock;
    any_compressor compressor = parse<any_compressor>(request.compressor);
    expect(request.input.empty() != request.message.empty(), "codec needs --input FILE or --message FILE");
    if (!request.message.empty()) {
        return decode(request, compressor);
    }
    const std::vector<float> x = read_vector(request.input);
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
        if (i == 0 && !request.written_message.empty()) {
            write_file(request.written_message,
                       std::string(reinterpret_cast<const char*>(m.bytes().data()), m.bytes().size()));
        }
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
        write_vector(request.output, y);
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
    const double norm2 = kernels::sum_squares(x);
    j["norm2"] = norm2;
    j["relative_error"] = norm2 > 0 ? distortion / request.repeat / norm2 : 0;
    j["encode_gbps"] = gigabytes / fastest_encode;
    j["decode_gbps"] = gigabytes / fastest_decode;
    std::cout << j.dump(2) << '\n';
    return 0;
}

}  // namespace frugal::driver
