//! `frugal choose`: every codec of the catalogue on one real vector, and which to take.
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include <frugal/catalogue/choose.hpp>
#include <frugal/data/npy.hpp>

#include "choices.hpp"
#include "commands.hpp"
#include "layout_file.hpp"
#include "report.hpp"

namespace frugal::driver {
namespace {

std::string table_of(const choice& found) {
    std::vector<std::vector<std::string>> rows{
        {"codec", "bits", "error", "of mean", "encode GB/s", "decode GB/s", "ms/round", "front"}};
    for (const measured_choice& c : found.codecs) {
        rows.push_back({c.compressor, fixed_text(c.bits_per_coordinate, 3), fixed_text(c.relative_error, 5),
                        fixed_text(c.relative_error_of_mean, 5), fixed_text(c.encode_gbps, 2),
                        fixed_text(c.decode_gbps, 2), fixed_text(1e3 * c.seconds_per_round, 3), c.pareto ? "*" : ""});
    }
    return aligned_table(rows);
}

nlohmann::ordered_json json_of(const choice& found) {
    auto list = nlohmann::ordered_json::array();
    for (const measured_choice& c : found.codecs) {
        nlohmann::ordered_json j;
        j["compressor"] = c.compressor;
        j["bits_per_coordinate"] = c.bits_per_coordinate;
        j["relative_error"] = c.relative_error;
        j["relative_error_of_mean"] = c.relative_error_of_mean;
        j["encode_gbps"] = c.encode_gbps;
        j["decode_gbps"] = c.decode_gbps;
        j["seconds_per_round"] = c.seconds_per_round;
        j["pareto"] = c.pareto;
        list.push_back(std::move(j));
    }
    return list;
}

//! Error against bits, the front joined and named, beside the rate-distortion function of a Gaussian of the same energy.
std::string picture_of(const choice& found, const std::string& title) {
    std::string all = "$all << EOD\n", front = "$front << EOD\n", chosen = "$chosen << EOD\n",
                bound = "$bound << EOD\n";
    double most_bits = 1;
    for (const measured_choice& c : found.codecs) {
        if (c.relative_error <= 0) {
            continue;  // has no place on a logarithmic axis
        }
        const std::string line =
            number_text(c.bits_per_coordinate) + " " + number_text(c.relative_error) + " \"" + c.compressor + "\"\n";
        (c.pareto ? front : all) += line;
        if (c.compressor == found.recommended) {
            chosen += line;
        }
        most_bits = std::max(most_bits, std::min(c.bits_per_coordinate, 16.0));
    }
    for (int i = 0; i <= 100; ++i) {
        const double bits = most_bits * i / 100;
        bound += number_text(bits) + " " + number_text(gaussian_distortion(bits)) + "\n";
    }
    const bool has_chosen = chosen.find('"') != std::string::npos;
    return all + "EOD\n" + front + "EOD\n" + chosen + "EOD\n" + bound + "EOD\n" + "set title " + quoted(title) +
           " noenhanced\n"
           "set grid lc rgb '#dddddd'\nset border 3\nset tics nomirror\nset logscale y\nset format y '10^{%L}'\n"
           "set xlabel 'bits a coordinate'\nset ylabel 'squared error of one message / ||x||^2'\n"
           "set key top right noenhanced\nset yrange [*:10]\n"
           "set xrange [0:" +
           number_text(1.05 * most_bits) +
           "]\n"
           "plot $bound using 1:2 with lines lc rgb '#999999' lw 2 dt 2 title 'rate-distortion of a Gaussian', \\\n"
           "     $all using 1:2 with points lc rgb '#56b4e9' pt 7 ps 0.5 title 'codecs', \\\n"
           "     $front using 1:2 with linespoints lc rgb '#0072b2' lw 2 pt 7 ps 0.7 title 'Pareto front'" +
           (has_chosen
                ? ", \\\n     $chosen using 1:2 with points lc rgb '#d55e00' pt 6 ps 2 lw 2 title 'recommended'\n"
                : "\n");
}

}  // namespace

int run_choose(const choose_request& request, const std::filesystem::path& out) {
    const std::vector<float> x = read_floats(request.input);
    const bit_rate link = bit_rate::read(parse_term(request.link));
    std::optional<tensor_layout> tensors;
    if (!request.tensors.empty()) {
        tensors = read_layout(request.tensors, x.size());
    }
    const result_folder folder(out);
    const choice found = choose_compressor(x, {.link_bits_per_second = link.bits_per_second,
                                               .repeat = request.repeat,
                                               .seed = request.seed,
                                               .tensors = tensors ? &*tensors : nullptr});
    write_file(out / "choose.json", json_of(found).dump(2) + "\n");
    std::cout
        << table_of(found)
        << "\nbits are those of the wire; errors are squared, relative to ||x||^2, of one message and of the mean of "
        << request.repeat
        << "; * better than to send nothing, and no other codec has fewer bits and less error\n\nTake "
        << found.recommended << ": " << found.reason << ".\n\n"
        << draw_picture(
               out, "choose", "1000,560",
               picture_of(found, request.input.filename().string() + ", " + std::to_string(x.size()) + " coordinates"))
        << '\n';
    return 0;
}

}  // namespace frugal::driver
