//! `frugal codec`: one real vector through a compressor.
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include <frugal/compress/measure.hpp>
#include <frugal/data/npy.hpp>

#include "choices.hpp"
#include "commands.hpp"
#include "layout_file.hpp"
#include "report.hpp"

namespace frugal::driver {
namespace {

void fit(any_compressor& compressor, const codec_request& request, std::size_t elements) {
    if (!request.tensors.empty()) {
        compressor.fit(read_layout(request.tensors, elements));
    }
}

//! The other way round: a message in, its vector out.
int decode(const codec_request& request, any_compressor& compressor) {
    expect(!request.output.empty(), "codec --message FILE needs --output FILE, for the vector");
    std::ifstream in(request.message, std::ios::binary);
    expect(in.good(), [&] { return "cannot open " + request.message.string(); });
    const std::string bytes(std::istreambuf_iterator<char>(in), {});
    const message m = message::parse(std::as_bytes(std::span(bytes)));
    fit(compressor, request, m.dimension());
    std::vector<float> y(m.dimension());
    compressor.decompress(m, m.key(request.seed), y);
    write_floats(request.output, y);
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
    any_compressor compressor = parse<any_compressor>(request.compressor);
    expect(request.input.empty() != request.message.empty(), "codec needs --input FILE or --message FILE");
    if (!request.message.empty()) {
        return decode(request, compressor);
    }
    const std::vector<float> x = read_floats(request.input == "-" ? "/dev/stdin" : request.input);
    fit(compressor, request, x.size());
    if (compressor.needs_side_information({.node = 0})) {
        std::cerr << "frugal: this message is meant to be decoded near a vector that the receiver knows; here it is "
                     "decoded near zero\n";
    } else if (compressor.needs_side_information({.node = 1})) {
        std::cerr << "frugal: this is the message of an even node; those of odd nodes need side information\n";
    }
    std::vector<float> y(x.size());
    const codec_measurement m = measure_codec(compressor, x, {.repeat = request.repeat, .seed = request.seed}, y);
    if (!request.written_message.empty()) {
        message first;
        compressor.compress(x, {request.seed, 0, 0, purposes::message}, first);
        write_file(request.written_message,
                   std::string(reinterpret_cast<const char*>(first.bytes().data()), first.bytes().size()));
    }
    if (!request.output.empty()) {
        write_floats(request.output, y);
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
    j["relative_error"] = m.relative_error();
    j["encode_gbps"] = gigabytes / m.seconds_encode;
    j["decode_gbps"] = gigabytes / m.seconds_decode;
    std::cout << j.dump(2) << '\n';
    return 0;
}

}  // namespace frugal::driver
