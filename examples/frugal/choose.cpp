//! `frugal choose`: every codec of the catalogue on one real vector, and which to take.
#include <algorithm>
#include <cmath>
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
    std::size_t number = 0;
    for (const measured_choice& c : found.codecs) {
        rows.push_back({c.compressor, fixed_text(c.bits_per_coordinate, 3), fixed_text(c.relative_error, 5),
                        fixed_text(c.relative_error_of_mean, 5), fixed_text(c.encode_gbps, 2),
                        fixed_text(c.decode_gbps, 2), fixed_text(1e3 * c.seconds_per_round, 3),
                        c.pareto ? std::to_string(++number) : ""});
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

//! Error against bits, the front joined and numbered, beside the rate-distortion function of a Gaussian of the same
//! energy; and against speed, with the same numbers. What they stand for is written below.
std::string draw(const choice& found, const std::filesystem::path& out, const std::string& title) {
    std::string all = "$all << EOD\n", front = "$front << EOD\n", chosen = "$chosen << EOD\n",
                bound = "$bound << EOD\n", names;
    const std::size_t count =
        static_cast<std::size_t>(std::ranges::count(found.codecs, true, &measured_choice::pareto));
    const std::size_t panels = 500, line = 17, below = line * (count + 2), height = panels + below;
    const auto of_height = [&](std::size_t pixels) {
        return number_text(static_cast<double>(pixels) / static_cast<double>(height));
    };
    const auto name = [&](std::size_t row, const std::string& text, const std::string& color) {
        names += "set label " + quoted(text) + " at screen 0.06,screen " + of_height(below - line * row) +
                 " noenhanced font ',11' textcolor rgb " + quoted(color) + "\n";
    };
    double least_error = 1, least_bits = 1, most_bits = 1;
    std::size_t number = 0;
    for (const measured_choice& c : found.codecs) {
        if (c.pareto) {
            ++number;
            name(number, std::to_string(number) + "   " + c.compressor, "#222222");
        }
        if (c.relative_error <= 0) {
            continue;  // has no place on a logarithmic axis
        }
        const std::string point = number_text(c.bits_per_coordinate) + " " + number_text(c.relative_error) + " " +
                                  number_text(c.encode_gbps) + " " + std::to_string(number) + "\n";
        (c.pareto ? front : all) += point;
        if (c.compressor == found.recommended) {
            chosen += point;
        }
        if (c.pareto) {
            least_error = std::min(least_error, c.relative_error);
        }
        least_bits = std::min(least_bits, c.bits_per_coordinate);
        most_bits = std::max(most_bits, c.bits_per_coordinate);
    }
    name(count + 1, "recommended:   " + found.recommended, "#d55e00");
    for (int i = 0; i <= 200; ++i) {
        const double bits = least_bits * std::pow(most_bits / least_bits, i / 200.0);
        bound += number_text(bits) + " " + number_text(gaussian_distortion(bits)) + "\n";
    }
    const auto panel = [&](const std::string& x, bool with_bound) {
        const std::string at = x + ":2";
        return "plot " +
               (with_bound
                    ? "$bound using 1:2 with lines lc rgb '#999999' lw 2 dt 2 title 'rate-distortion of a Gaussian', "
                    : std::string()) +
               "$all using " + at + " with points lc rgb '#56b4e9' pt 7 ps 0.5 title 'codecs', $front using " + at +
               " with " + (with_bound ? "linespoints" : "points") +
               " lc rgb '#0072b2' lw 2 pt 7 ps 0.7 title 'none has fewer bits and less error', $chosen using " + at +
               " with points lc rgb '#d55e00' pt 6 ps 2 lw 2 title 'recommended', $front using " + at +
               ":4 with labels offset 0.7,0.7 font ',11' notitle\n";
    };
    const std::string script =
        all + "EOD\n" + front + "EOD\n" + chosen + "EOD\n" + bound + "EOD\n" + names + "set multiplot title " +
        quoted(title) +
        " noenhanced\n"
        "set grid lc rgb '#dddddd'\nset border 3\nset tics nomirror\nset logscale xy\nset format y '10^{%L}'\n"
        "set tmargin at screen " +
        of_height(height - 40) + "\nset bmargin at screen " + of_height(below + 70) +
        "\nset ylabel 'squared error of one message / ||x||^2'\nset yrange [" + number_text(least_error / 3) +
        ":100]\nset key bottom left noenhanced reverse Left\nset lmargin at screen 0.07\nset rmargin at screen 0.52\n"
        "set xlabel 'bits a coordinate'\nset xrange [" +
        number_text(least_bits / 1.2) + ":" + number_text(most_bits * 1.2) + "]\n" + panel("1", true) +
        "unset label\nunset key\nunset ylabel\nset lmargin at screen 0.57\nset rmargin at screen 0.98\n"
        "set xlabel 'GB/s of floats encoded'\nset xrange [*:*]\n" +
        panel("3", false) + "unset multiplot\n";
    return draw_picture(out, "choose", "1150," + std::to_string(height), script);
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
        << "; front: better than to send nothing, and no other codec has fewer bits and less error\n\nTake "
        << found.recommended << ": " << found.reason << ".\n\n"
        << draw(found, out, request.input.filename().string() + ", " + std::to_string(x.size()) + " coordinates")
        << '\n';
    return 0;
}

}  // namespace frugal::driver
