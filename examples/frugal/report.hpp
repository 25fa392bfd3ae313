//! What a run leaves behind: report.json, curves.csv, a table on the terminal and curves.svg.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace frugal::driver {

//! One evaluation during a run.
struct curve_point {
    std::uint64_t round = 0;
    double payload_bits_per_node = 0;  // so far, uplink
    double seconds_simulated = 0;      // computation and network of the simulated cluster
    double train_loss = 0;
    double test_accuracy = 0;  // 0..1; NaN where the objective does not classify
};

//! A word or a number of the command line.
using reported_setting = std::pair<std::string, std::variant<std::string, std::uint64_t>>;

//! One method on one workload. The fields up to `diverged` are those of report.json, schema version 1.
struct run_report {
    std::string name;
    std::string algorithm;
    std::string compressor;
    std::size_t nodes = 0;
    std::uint64_t rounds = 0;
    std::size_t batch = 0;
    std::uint64_t seed = 0;
    int threads = 0;
    int ranks = 1;
    std::size_t dimension = 0;
    double train_loss = 0;
    double test_accuracy = 0;
    double payload_bits_per_node_per_round = 0;
    double wire_bytes_total = 0;
    double seconds_compute = 0;
    double seconds_codec = 0;
    double seconds_network_simulated = 0;
    double seconds_total = 0;
    std::string parameters_digest;
    bool diverged = false;

    std::vector<reported_setting> settings;  // all that another run needs to be the same

    // Beside the schema, for tables.
    std::string caution;  // what a user should know of the choice of methods; mostly empty
    double downlink_bits_per_node_per_round = 0;
    double coded_bits_per_node_per_round = std::numeric_limits<double>::quiet_NaN();
    double encode_gbps = 0;
    double decode_gbps = 0;
    double wrap_failure_rate = std::numeric_limits<double>::quiet_NaN();
    std::vector<curve_point> curve;
};

//! Writes report.json (through a temporary file), creating the folder if needed.
void write_report(const std::filesystem::path& folder, const std::vector<run_report>& runs);

//! Writes curves.csv: run, round, bits, seconds, loss, accuracy.
void write_curves(const std::filesystem::path& folder, const std::vector<run_report>& runs);

//! Draws curves.svg through gnuplot: accuracy (or loss) against bits sent and against simulated time. Returns a line
//! for the user: where the picture is, or why there is none (then an older one is removed too).
std::string draw_curves(const std::filesystem::path& folder, const std::vector<run_report>& runs,
                        const std::string& title);

//! Such as "0.2.0".
std::string version_text();

//! Runs gnuplot on `script`, kept as folder/name.gp, which draws folder/name.svg; size in pixels, such as "800,600".
//! Returns a line for the user: where the picture is, or why there is none (then an
//! older one is removed too).
std::string draw_picture(const std::filesystem::path& folder, const std::string& name, const std::string& size,
                         const std::string& script);

//! For gnuplot: a string in single quotes, where nothing but the quote itself is special.
std::string quoted(const std::string& text);

//! Columns aligned, first left and the others right.
std::string aligned_table(const std::vector<std::vector<std::string>>& rows);

//! printf for one number: `fixed_text(0.12345, 3)` is "0.123"; "-" for NaN.
std::string fixed_text(double value, int decimals);

//! A folder for results, made if needed, for one process at a time. Throws where nothing can be written there, and
//! where another process holds it. To be made before the work.
class result_folder {
public:
    explicit result_folder(const std::filesystem::path& folder);
    ~result_folder();
    result_folder(const result_folder&) = delete;
    result_folder& operator=(const result_folder&) = delete;

private:
    int lock_ = -1;
};

//! Writes `text` to `file`: a regular file through a temporary one and a rename, what is none (a pipe, a device)
//! directly, and what a link points to. Throws naming the file and the reason.
void write_file(const std::filesystem::path& file, const std::string& text);

//! Raw 32-bit floats.
void write_floats(const std::filesystem::path& file, std::span<const float> x);

}  // namespace frugal::driver
