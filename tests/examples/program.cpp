// The program `frugal`, from the outside: exit status, messages, reports, digests.
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "catch.hpp"

namespace {

struct outcome {
    int status = 0;
    std::string output;  // standard output and error together
};

outcome frugal(const std::string& words) {
    const std::string command = std::string(FRUGAL_PROGRAM) + " " + words + " 2>&1";
    std::FILE* pipe = ::popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    outcome o;
    std::array<char, 4096> buffer;
    for (std::size_t n = 0; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
        o.output.append(buffer.data(), n);
    }
    const int status = ::pclose(pipe);
    o.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return o;
}

//! A folder of its own, removed at the end.
struct scratch_folder {
    scratch_folder() : path(std::filesystem::temp_directory_path() / ("frugal-program-" + std::to_string(::getpid()))) {
        std::filesystem::create_directories(path);
    }
    ~scratch_folder() { std::filesystem::remove_all(path); }
    scratch_folder(const scratch_folder&) = delete;
    scratch_folder& operator=(const scratch_folder&) = delete;
    std::string operator/(const std::string& name) const { return (path / name).string(); }
    std::filesystem::path path;
};

nlohmann::json run_of(const std::string& folder) {
    std::ifstream in(folder + "/report.json");
    REQUIRE(in.good());
    const auto report = nlohmann::json::parse(in);
    CHECK(report.at("schema") == 1);
    return report.at("runs").at(0);
}

const std::string work =
    "train --objective softmax --data 'synthetic(samples=400,test_samples=100)' --nodes 4 --batch 32 "
    "--compressor 'error_feedback(sparse(top_k(fraction=0.1)))' --optimizer 'momentum(learning_rate=0.05)' ";

}  // namespace

TEST_CASE("program: list names everything", "[examples]") {
    const outcome o = frugal("list");
    CHECK(o.status == 0);
    for (const char* word : {"dithered", "nested_dithered", "stovoq", "dqsg", "torus", "adam", "fashion-mnist", "choco",
                             "table-2.1", "spectral-gaps"}) {
        CAPTURE(word);
        CHECK(o.output.find(word) != std::string::npos);
    }
}

TEST_CASE("program: a wrong word is pointed at, and what is known is listed", "[examples]") {
    const outcome quantizer = frugal("train --compressor 'scalar(dithred(levels=3))' --data 'synthetic'");
    CHECK(quantizer.status == 1);
    CHECK(quantizer.output.find("unknown quantizer 'dithred' (did you mean 'dithered'?)") != std::string::npos);
    CHECK(quantizer.output.find("\n         ^~~~~~~\n") != std::string::npos);
    const outcome key = frugal("train --compressor 'scalar(dithered(level=3))' --data 'synthetic'");
    CHECK(key.status == 1);
    CHECK(key.output.find("'dithered' has no parameter 'level' (did you mean 'levels'?)") != std::string::npos);
    const outcome range = frugal("train --compressor 'scalar(dithered(levels=0))' --data 'synthetic'");
    CHECK(range.status == 1);
    CHECK(range.output.find("'0' is not a whole number from 1") != std::string::npos);
    const outcome data = frugal("train --data /nonexistent");
    CHECK(data.status == 1);
    CHECK(frugal("train --network bandwidth=100").status == 1);
    CHECK(frugal("train --engine event --data 'synthetic'").status == 1);
    CHECK(frugal("trian").status == 2);
    CHECK(frugal("compare table-2.2").output.find("did you mean 'table-2.1'?") != std::string::npos);
}

TEST_CASE("program: one digest for any number of threads, and after a resume", "[examples]") {
    const scratch_folder folder;
    const outcome whole = frugal(work + "--rounds 40 --threads 1 --out " + (folder / "whole"));
    INFO(whole.output);
    REQUIRE(whole.status == 0);
    const auto expected = run_of(folder / "whole");
    CHECK(expected.at("rounds") == 40);
    CHECK(expected.at("diverged") == false);
    CHECK(expected.at("dimension") == 210);
    CHECK(expected.at("payload_bits_per_node_per_round") == 21 * (32 + 8));

    REQUIRE(frugal(work + "--rounds 40 --threads 2 --out " + (folder / "two")).status == 0);
    CHECK(run_of(folder / "two").at("parameters_digest") == expected.at("parameters_digest"));

    const std::string checkpoint = " --checkpoint " + (folder / "checkpoints");
    REQUIRE(frugal(work + "--rounds 20 --checkpoint-every 7" + checkpoint + " --out " + (folder / "half")).status == 0);
    CHECK(run_of(folder / "half").at("parameters_digest") != expected.at("parameters_digest"));
    REQUIRE(frugal(work + "--rounds 40 --resume" + checkpoint + " --out " + (folder / "rest")).status == 0);
    CHECK(run_of(folder / "rest").at("parameters_digest") == expected.at("parameters_digest"));

    const outcome other = frugal(work + "--seed 2 --rounds 40 --resume" + checkpoint + " --out " + (folder / "other"));
    CHECK(other.status == 1);  // a checkpoint of another configuration
}

TEST_CASE("program: decentralized algorithms run from the command line", "[examples]") {
    const scratch_folder folder;
    for (const std::string algorithm :
         {"dpsgd --topology 'torus(2,4)'",
          "'choco(gamma=0.2)' --topology 'ring(8)' --compressor 'sparse(top_k(fraction=0.1))'"}) {
        const outcome o =
            frugal("train --algorithm " + algorithm +
                   " --objective 'quadratic(dimension=50)' --nodes 8 --batch 8 --rounds 30 --out " + (folder / "run"));
        INFO(o.output);
        CHECK(o.status == 0);
        CHECK(run_of(folder / "run").at("nodes") == 8);
    }
}

TEST_CASE("program: codec measures one vector", "[examples]") {
    const scratch_folder folder;
    std::ofstream(folder / "x.f32", std::ios::binary) << std::string(4000, '\x3E');
    const outcome o = frugal("codec --compressor 'scalar(dithered(levels=1),max_norm,radix)' --repeat 3 --input " +
                             (folder / "x.f32") + " --output " + (folder / "y.f32"));
    INFO(o.output);
    REQUIRE(o.status == 0);
    const auto j = nlohmann::json::parse(o.output);
    CHECK(j.at("dimension") == 1000);
    CHECK(j.at("payload_bits") == 32 + 1600);
    CHECK(j.at("distortion").get<double>() > 0);
    CHECK(j.at("distortion_of_mean").get<double>() < j.at("distortion").get<double>());
    CHECK(std::filesystem::file_size(folder / "y.f32") == 4000);
    std::ofstream(folder / "odd.f32", std::ios::binary) << "12345";
    CHECK(frugal("codec --compressor identity --input " + (folder / "odd.f32")).status == 1);
}
