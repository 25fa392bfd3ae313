//! `frugal codec`: one real vector through a compressor.
#include <iostream>
#include <nlohmann/json.hpp>

#include <frugal/compress/measure.hpp>
#include <frugal/data/npy.hpp>

#include "choices.hpp"
#include "commands.hpp"
#include "report.hpp"

namespace frugal::driver {
int run_codec(const codec_request& request) {
    const any_compressor compressor = parse<any_compressor>(request.compressor);
    const std::vector<float> x = read_floats(request.input);
    if (compressor.needs_side_information({.node = 0})) {
        std::cerr << "frugal: this message is meant to be decoded near a vector that the receiver knows; here it is "
                     "decoded near zero\n";
    } else if (compressor.needs_side_information({.node = 1})) {
        std::cerr << "frugal: this is the message of an even node; those of odd nodes need side information\n";
    }
    std::vector<float> y(x.size());
    const codec_measurement m = measure_codec(compressor, x, {.repeat = request.repeat, .seed = request.seed}, y);
    if (!request.output.empty()) {
        write_file(request.output, std::string(reinterpret_cast<const char*>(y.data()), y.size() * sizeof(float)));
    }
    const double gigabytes = static_cast<double>(x.size() * sizeof(float)) / 1e9;
    nlohmann::ordered_json j;
    j["compressor"] = compressor.name();
    j["dimension"] = x.size();
    j["repeat"] = request.repeat;
    j["payload_bits"] = m.payload_bits;
    j["wire_bytes"] = m.wire_bytes;
    j["distortion"] = m.distortion;
    j["distortion_of_mean"] = m.distortion_of_mean;
    j["norm2"] = m.norm2;
    j["encode_gbps"] = gigabytes / m.seconds_encode;
    j["decode_gbps"] = gigabytes / m.seconds_decode;
    std::cout << j.dump(2) << '\n';
    return 0;
}

}  // namespace frugal::driver
