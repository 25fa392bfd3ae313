#include "report.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include <frugal/core/error.hpp>
#include <frugal/core/expression.hpp>
#include <frugal/version.hpp>

namespace frugal::driver {

std::string version_text() {
    return std::to_string(FRUGAL_VERSION_MAJOR) + "." + std::to_string(FRUGAL_VERSION_MINOR) + "." +
           std::to_string(FRUGAL_VERSION_PATCH);
}

namespace {

nlohmann::json number_or_null(double v) {
    return std::isfinite(v) ? nlohmann::json(v) : nlohmann::json(nullptr);
}

//! A field of a CSV file (RFC 4180).
std::string csv_field(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) {
        return text;
    }
    std::string result = "\"";
    for (const char c : text) {
        result += c == '"' ? "\"\"" : std::string(1, c);
    }
    return result + "\"";
}

std::string plot_command(const std::vector<run_report>& runs, const char* x_column, bool accuracy) {
    std::string text;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        text += i == 0 ? "plot " : ", \\\n     ";
        text += "$run" + std::to_string(i) + " using " + x_column + ":" + (accuracy ? "4" : "3") +
                " with linespoints linestyle " + std::to_string(i + 1) + " title " + quoted(runs[i].name);
    }
    return text + "\n";
}

//! Runs a program found on PATH without output and waits for it; false if it is missing or fails.
bool run_quietly(std::vector<std::string> words) {
    std::vector<char*> argv;
    for (auto& w : words) {
        argv.push_back(w.data());
    }
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t child = 0;
    int status = 0;
    const bool started = posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    return started && waitpid(child, &status, 0) == child && status == 0;
}

}  // namespace

std::string quoted(const std::string& text) {
    std::string result = "'";
    for (const char c : text) {
        if (c == '\'') {
            result += '\'';
        }
        result += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
    return result + "'";
}

std::string fixed_text(double value, int decimals) {
    if (!std::isfinite(value)) {
        return "-";
    }
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, "%.*f", decimals, value);
    return buffer;
}

result_folder::result_folder(const std::filesystem::path& folder) {
    const std::filesystem::path probe = folder / "report.json.tmp";
    write_file(probe, "");
    std::filesystem::remove(probe);
    lock_ = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock_ >= 0 && ::flock(lock_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        ::close(lock_);
        throw invalid_input("another process writes its results to " + folder.string() +
                            ": give --out another folder (and --engine mpi to a program started by mpirun)");
    }
}

result_folder::~result_folder() {
    if (lock_ >= 0) {
        ::close(lock_);
    }
}

void write_file(const std::filesystem::path& file, const std::string& text) {
    std::error_code ec;
    if (file.has_parent_path()) {
        std::filesystem::create_directories(file.parent_path(), ec);
        expect(!ec, [&] { return "cannot create the folder " + file.parent_path().string() + ": " + ec.message(); });
    }
    const auto target = std::filesystem::is_symlink(file, ec) && std::filesystem::exists(file, ec)
                            ? std::filesystem::canonical(file)
                            : file;
    const bool direct = std::filesystem::exists(target, ec) && !std::filesystem::is_regular_file(target, ec);
    const std::filesystem::path written = direct ? target : std::filesystem::path(target.string() + ".tmp");
    {
        std::ofstream out(written, std::ios::binary);
        out << text;
        out.flush();
        expect(out.good(), [&] { return "cannot write " + written.string() + ": " + std::strerror(errno); });
    }
    if (!direct) {
        std::filesystem::rename(written, target, ec);
        expect(!ec, [&] { return "cannot write " + target.string() + ": " + ec.message(); });
    }
}

void write_floats(const std::filesystem::path& file, std::span<const float> x) {
    write_file(file, std::string(reinterpret_cast<const char*>(x.data()), x.size_bytes()));
}

void write_report(const std::filesystem::path& folder, const std::vector<run_report>& runs) {
    nlohmann::ordered_json report;
    report["schema"] = 1;
    report["version"] = version_text();
    report["runs"] = nlohmann::ordered_json::array();
    for (const auto& r : runs) {
        nlohmann::ordered_json j;
        j["name"] = r.name;
        j["algorithm"] = r.algorithm;
        j["compressor"] = r.compressor;
        j["nodes"] = r.nodes;
        j["rounds"] = r.rounds;
        j["batch"] = r.batch;
        j["seed"] = r.seed;
        j["threads"] = r.threads;
        j["ranks"] = r.ranks;
        j["dimension"] = r.dimension;
        j["train_loss"] = number_or_null(r.train_loss);
        j["test_accuracy"] = number_or_null(r.test_accuracy);
        j["payload_bits_per_node_per_round"] = r.payload_bits_per_node_per_round;
        j["wire_bytes_total"] = r.wire_bytes_total;
        j["seconds_compute"] = r.seconds_compute;
        j["seconds_codec"] = r.seconds_codec;
        j["seconds_network_simulated"] = r.seconds_network_simulated;
        j["seconds_total"] = r.seconds_total;
        j["parameters_digest"] = r.parameters_digest;
        j["diverged"] = r.diverged;
        for (const auto& [name, value] : r.settings) {
            std::visit([&, &name = name](const auto& v) { j["settings"][name] = v; }, value);
        }
        report["runs"].push_back(std::move(j));
    }
    write_file(folder / "report.json", report.dump(2) + "\n");
}

void write_curves(const std::filesystem::path& folder, const std::vector<run_report>& runs) {
    std::string csv = "run,round,payload_bits_per_node,seconds_simulated,train_loss,test_accuracy\n";
    for (const auto& r : runs) {
        for (const auto& p : r.curve) {
            csv += csv_field(r.name) + "," + std::to_string(p.round) + "," + number_text(p.payload_bits_per_node) +
                   "," + number_text(p.seconds_simulated) + "," + number_text(p.train_loss) + "," +
                   (std::isfinite(p.test_accuracy) ? number_text(p.test_accuracy) : "") + "\n";
        }
    }
    write_file(folder / "curves.csv", csv);
}

std::string draw_curves(const std::filesystem::path& folder, const std::vector<run_report>& runs,
                        const std::string& title) {
    const bool accuracy = std::any_of(runs.begin(), runs.end(), [](const run_report& r) {
        return std::any_of(r.curve.begin(), r.curve.end(),
                           [](const curve_point& p) { return std::isfinite(p.test_accuracy); });
    });
    std::string script;
    bool drawable = false;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        script += "$run" + std::to_string(i) + " << EOD\n";
        for (const auto& p : runs[i].curve) {
            if (p.payload_bits_per_node > 0 && std::isfinite(p.train_loss)) {
                drawable = true;
                script += number_text(p.payload_bits_per_node / 1e6) + " " + number_text(p.seconds_simulated) + " " +
                          number_text(p.train_loss) + " " +
                          (std::isfinite(p.test_accuracy) ? number_text(100 * p.test_accuracy) : "NaN") + "\n";
            }
        }
        script += "EOD\n";
    }
    const std::string y = accuracy ? "test accuracy, %" : "training loss";
    script += "set multiplot layout 1,2 title " + quoted(title) +
              " noenhanced\n"
              "set style line 1 lc rgb '#222222' lw 2 pt 7 ps 0.35\n"
              "set style line 2 lc rgb '#0072b2' lw 2 pt 7 ps 0.35\n"
              "set style line 3 lc rgb '#d55e00' lw 2 pt 7 ps 0.35\n"
              "set style line 4 lc rgb '#009e73' lw 2 pt 7 ps 0.35\n"
              "set style line 5 lc rgb '#cc79a7' lw 2 pt 7 ps 0.35\n"
              "set style line 6 lc rgb '#e69f00' lw 2 pt 7 ps 0.35\n"
              "set style line 7 lc rgb '#56b4e9' lw 2 pt 7 ps 0.35\n"
              "set style line 8 lc rgb '#8b4513' lw 2 pt 7 ps 0.35\n"
              "set style line 9 lc rgb '#999999' lw 2 pt 7 ps 0.35\n"
              "set grid lc rgb '#dddddd'\nset border 3\nset tics nomirror\nset logscale x\nset format x '10^{%L}'\n"
              "set ylabel '" +
              y + "'\n" +
              (accuracy ? "set key bottom right noenhanced\n" : "set logscale y\nset key bottom left noenhanced\n") +
              "set xlabel 'Mbit sent per worker'\n" + plot_command(runs, "1", accuracy) +
              "set xlabel 'simulated seconds (computation, coding and network)'\nunset key\n" +
              plot_command(runs, "2", accuracy) + "unset multiplot\n";
    if (!drawable) {
        std::error_code ignored;
        std::filesystem::remove(folder / "curves.svg", ignored);
        return "No picture: nothing was sent and measured.";
    }
    return draw_picture(folder, "curves", "1150,520", script);
}

std::string draw_picture(const std::filesystem::path& folder, const std::string& name, const std::string& size,
                         const std::string& script) {
    const auto picture = folder / (name + ".svg"), gp = folder / (name + ".gp");
    std::error_code ignored;
    std::filesystem::remove(picture, ignored);
    write_file(gp, "set terminal svg size " + size +
                       " font 'sans-serif,13' background rgb 'white'\n"
                       "set output " +
                       quoted(picture.string()) + "\n" + script);
    if (run_quietly({"gnuplot", gp.string()})) {
        return "Picture: " + picture.string();
    }
    std::filesystem::remove(picture, ignored);
    return "No picture: gnuplot is missing or failed; install it and run: gnuplot " + gp.string();
}

std::string aligned_table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> width;
    for (const auto& row : rows) {
        width.resize(std::max(width.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) {
            width[i] = std::max(width[i], row[i].size());
        }
    }
    std::string text;
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            const std::string pad(width[i] - row[i].size(), ' ');
            text += i == 0 ? row[i] + pad : "  " + pad + row[i];
        }
        text += '\n';
    }
    return text;
}

}  // namespace frugal::driver
