// The program `frugal`, from the outside: exit status, messages, reports, digests.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
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
    for (const char* word :
         {"dithered", "nested_dithered", "stovoq", "dqsg", "torus", "adam", "fashion-mnist", "choco", "table-2.1",
          "spectral-gaps", "contractive", "random_sparse", "rice_indices", "shared_norm", "iterations", "norm_bits"}) {
        CAPTURE(word);
        CHECK(o.output.find(word) != std::string::npos);
    }
}

TEST_CASE("program: the page of names is what the program lists", "[examples]") {
    std::ifstream page(std::string(FRUGAL_SOURCE_DIR) + "/docs/catalogue.md");
    REQUIRE(page.good());
    const std::string text{std::istreambuf_iterator<char>(page), {}};
    CHECK((frugal("list --markdown").output == text));  // if not: frugal list --markdown > docs/catalogue.md
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
    CHECK(frugal("train --engine lockstep --data 'synthetic'").status == 1);
    CHECK(frugal("trian").output.find("unknown command 'trian' (did you mean 'train'?)") != std::string::npos);
    CHECK(frugal("trian").status == 2);
    CHECK(data.output.find("there is no folder /nonexistent") != std::string::npos);
    CHECK(frugal("compare table-2.2").output.find("did you mean 'table-2.1'?") != std::string::npos);
}

TEST_CASE("program: a mistyped option is answered with the one that was meant", "[examples]") {
    const outcome option = frugal("train --compresor dqsg");
    CHECK(option.status == 2);
    CHECK(option.output.find("did you mean '--compressor'?") != std::string::npos);
    CHECK(frugal("list optimizr").output.find("did you mean 'optimizers'?") != std::string::npos);
    CHECK(frugal("list optimizer adm").output.find("did you mean 'adam'?") != std::string::npos);
    CHECK(frugal("help trian").status == 2);
}

TEST_CASE("program: lists of one kind, help, and the manual", "[examples]") {
    const outcome kind = frugal("list optimizers");
    CHECK(kind.status == 0);
    CHECK(kind.output.find("adam(") != std::string::npos);
    CHECK(kind.output.find("stovoq") == std::string::npos);
    const outcome one = frugal("list compressor dqsg");
    CHECK(one.status == 0);
    CHECK(one.output.find("scalar(dithered(levels=3)") != std::string::npos);
    CHECK(one.output.find("identity") == std::string::npos);
    CHECK(frugal("help").output.find("reproduce") != std::string::npos);
    const std::string version = frugal("--version").output;
    CHECK((version.find("(x86-64") != std::string::npos || version.find("(default") != std::string::npos));
    CHECK(frugal("help codec").output.find("--write-message") != std::string::npos);
    const outcome manual = frugal("help --man");
    CHECK(manual.output.find(".TH FRUGAL 1") == 0);
    CHECK(manual.output.find("\\fB\\-\\-compressor\\fR") != std::string::npos);
}

TEST_CASE("program: a run is repeated from its report, or from a file of settings", "[examples]") {
    const scratch_folder folder;
    REQUIRE(frugal(work + "--rounds 7 --seed 3 --out " + (folder / "a")).status == 0);
    const auto first = run_of(folder / "a");
    CHECK(first.at("settings").at("rounds") == 7);
    CHECK(first.at("settings").at("compressor") == "error_feedback(sparse(top_k(fraction=0.1)))");
    REQUIRE(frugal("train --from " + (folder / "a/report.json") + " --out " + (folder / "b")).status == 0);
    CHECK(run_of(folder / "b").at("parameters_digest") == first.at("parameters_digest"));
    REQUIRE(frugal("train --from " + (folder / "a/report.json") + " --seed 4 --out " + (folder / "b")).status == 0);
    CHECK(run_of(folder / "b").at("parameters_digest") != first.at("parameters_digest"));

    std::ofstream(folder / "settings.toml") << "objective = \"quadratic(dimension=50)\"\nnodes = 3\nrounds = 2\n";
    REQUIRE(frugal("train --config " + (folder / "settings.toml") + " --out " + (folder / "c")).status == 0);
    CHECK(run_of(folder / "c").at("nodes") == 3);
    CHECK(run_of(folder / "c").at("dimension") == 50);
    std::ofstream(folder / "wrong.toml") << "node = 3\n";
    const outcome wrong = frugal("train --config " + (folder / "wrong.toml"));
    CHECK(wrong.status == 1);
    CHECK(wrong.output.find("did you mean 'nodes'?") != std::string::npos);
    std::ofstream(folder / "far.toml") << "nodes = 0\n";
    CHECK(frugal("train --config " + (folder / "far.toml")).output.find("whole number in 1..") != std::string::npos);
    CHECK(frugal("train --from " + (folder / "settings.toml")).status == 1);
}

TEST_CASE("program: a comparison of one's own runs", "[examples]") {
    const scratch_folder folder;
    std::ofstream(folder / "runs.txt") << "# two methods\n*: " << work.substr(6) << "--rounds 9\n\n"
                                       << "plain: --compressor identity\nfew bits: --compressor dqsg # three levels\n";
    REQUIRE(frugal("compare " + (folder / "runs.txt") + " --rounds 5 --out " + (folder / "c")).status == 0);
    std::ifstream in(folder / "c/report.json");
    const auto runs = nlohmann::json::parse(in).at("runs");
    REQUIRE(runs.size() == 2);
    CHECK(runs[1].at("name") == "few bits");
    CHECK(runs[1].at("rounds") == 5);
    CHECK(runs[0].at("payload_bits_per_node_per_round") >
          5 * runs[1].at("payload_bits_per_node_per_round").get<double>());
    CHECK(frugal("train --from '" + (folder / "c/report.json") + "'").output.find("plain, few bits") !=
          std::string::npos);
    std::ofstream(folder / "bad.txt") << "a: --compressor dqsg\nb: --rouns 3\n";
    const outcome bad = frugal("compare " + (folder / "bad.txt"));
    CHECK(bad.status == 1);
    CHECK(bad.output.find("line 2") != std::string::npos);
}

TEST_CASE("program: a trained model is saved and judged", "[examples]") {
    const scratch_folder folder;
    REQUIRE(frugal(work + "--rounds 40 --save " + (folder / "model.f32") + " --out " + (folder / "a")).status == 0);
    const std::string judged = "evaluate --objective softmax --data 'synthetic(samples=400,test_samples=100)' --model ";
    const outcome o = frugal(judged + (folder / "model.f32"));
    REQUIRE(o.status == 0);
    CHECK(nlohmann::json::parse(o.output).at("test_accuracy") == run_of(folder / "a").at("test_accuracy"));
    std::ofstream(folder / "short.f32", std::ios::binary) << std::string(400, '\0');
    CHECK(frugal(judged + (folder / "short.f32")).output.find("holds 100 parameters") != std::string::npos);
}

TEST_CASE("program: a folder of results belongs to one process", "[examples]") {
    const scratch_folder folder;
    const int held = ::open(folder.path.c_str(), O_RDONLY | O_DIRECTORY);
    REQUIRE(::flock(held, LOCK_EX | LOCK_NB) == 0);
    const outcome o = frugal(work + "--rounds 1 --out " + folder.path.string());
    ::close(held);
    CHECK(o.status == 1);
    CHECK(o.output.find("another process") != std::string::npos);
    CHECK(frugal(work + "--rounds 1 --out " + folder.path.string()).status == 0);
    ::setenv("PMI_SIZE", "2", 1);
    const outcome launched = frugal(work + "--rounds 1 --out " + folder.path.string());
    ::unsetenv("PMI_SIZE");
    CHECK(launched.status == 1);
    CHECK(launched.output.find("--engine mpi") != std::string::npos);
}

TEST_CASE("program: codec writes and reads messages", "[examples]") {
    const scratch_folder folder;
    std::ofstream(folder / "x.f32", std::ios::binary) << std::string(400, '\x3E');
    const std::string codec = "codec --compressor dqsg --repeat 1 ";
    REQUIRE(frugal(codec + "--input - --write-message " + (folder / "m") + " --output " + (folder / "y") + " < " +
                   (folder / "x.f32"))
                .status == 0);
    REQUIRE(frugal(codec + "--message " + (folder / "m") + " --output " + (folder / "z")).status == 0);
    const auto content = [&](const char* name) {
        std::ifstream in(folder / name, std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(in), {});
    };
    CHECK(content("y").size() == 400);
    CHECK(content("y") == content("z"));
    CHECK(frugal(codec + "--seed 9 --message " + (folder / "m") + " --output " + (folder / "z"))
              .output.find("another seed") != std::string::npos);
    CHECK(frugal(codec).status == 1);
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

TEST_CASE("program: a resumed run ends with the curve of the uninterrupted one", "[examples]") {
    const scratch_folder folder;
    const std::string checkpoint = " --checkpoint " + (folder / "checkpoints"),
                      each = " --evaluate-every 5 --checkpoint-every 10";
    const auto rounds_of_curve = [&](const std::string& run) {
        std::ifstream in((folder / run) + "/curves.csv");
        std::vector<std::string> rounds;
        for (std::string line; std::getline(in, line);) {
            const std::size_t end = line.rfind(')') + 3;  // of the quoted compressor
            rounds.push_back(line.substr(0, line.find(',', end)).substr(std::min(line.size(), end)));
        }
        return rounds;
    };
    REQUIRE(frugal(work + "--rounds 30" + each + checkpoint + " --out " + (folder / "part")).status == 0);
    REQUIRE(frugal(work + "--rounds 40 --resume" + each + checkpoint + " --out " + (folder / "rest")).status == 0);
    CHECK(rounds_of_curve("rest").size() == 9);  // a header, and 5, 10, ... 40
    REQUIRE(frugal(work + "--rounds 40 --resume" + each + checkpoint + " --out " + (folder / "again")).status == 0);
    CHECK(rounds_of_curve("again") == rounds_of_curve("rest"));
    CHECK(run_of(folder / "again").at("test_accuracy") == run_of(folder / "rest").at("test_accuracy"));
    const outcome past = frugal(work + "--rounds 20 --resume" + checkpoint + " --out " + (folder / "past"));
    CHECK(past.status == 1);
    CHECK(past.output.find("is of round 40, past --rounds 20") != std::string::npos);
}

TEST_CASE("program: names with commas and quotes stay one field, and are no commands", "[examples]") {
    const scratch_folder folder;
    const outcome o = frugal(
        "train --data 'synthetic(samples=100,test_samples=50)' --batch 16 --rounds 3 --compressor "
        "'scalar(dithered(levels=3),max_norm,radix)' --out \"" +
        (folder / "it's \\`touch pwned\\`") + "\"");
    INFO(o.output);
    REQUIRE(o.status == 0);
    CHECK_FALSE(std::filesystem::exists("pwned"));
    std::ifstream in((folder / "it's `touch pwned`") + "/curves.csv");
    std::string header, row;
    std::getline(in, header);
    std::getline(in, row);
    CHECK(row.starts_with("\"scalar(dithered(levels=3),max_norm,radix)\",1,"));
}

TEST_CASE("program: what cannot be written is said, before the work or by the exit status", "[examples]") {
    const scratch_folder folder;
    std::ofstream(folder / "file") << "kept";
    const outcome o = frugal(work + "--rounds 1000000000 --out " + (folder / "file"));
    CHECK(o.status == 1);
    CHECK(o.output.find(folder / "file") != std::string::npos);
    CHECK(frugal("list > /dev/full").status == 1);
    std::ofstream(folder / "x.f32", std::ios::binary) << std::string(400, '\x3E');
    std::filesystem::create_symlink("target", folder.path / "link");
    std::ofstream(folder / "target") << "";
    REQUIRE(frugal("codec --compressor dqsg --input " + (folder / "x.f32") + " --output " + (folder / "link")).status ==
            0);
    CHECK(std::filesystem::is_symlink(folder.path / "link"));
    CHECK(std::filesystem::file_size(folder.path / "target") == 400);
    REQUIRE(frugal("codec --compressor dqsg --output /dev/null --input " + (folder / "x.f32")).status == 0);
    CHECK(std::filesystem::is_character_file("/dev/null"));
}

TEST_CASE("program: whole numbers are decimal and in range", "[examples]") {
    for (const std::string option :
         {"--rounds -1", "--rounds 0", "--rounds 18446744073709551616", "--seed -1", "--seed 1e3", "--nodes 0",
          "--batch 3.5", "--evaluate-every -1", "--checkpoint-every -1", "--threads 100000"}) {
        CAPTURE(option);
        const outcome o = frugal("train --data 'synthetic(samples=100,test_samples=50)' " + option);
        CHECK(o.status == 2);
        CHECK(o.output.find("is not a whole number in") != std::string::npos);
    }
}

TEST_CASE("program: a perceptron is trained by factors of its gradients, other objectives are not", "[examples]") {
    const scratch_folder folder;
    const std::string train =
        "train --data 'synthetic(samples=400,test_samples=50,dimension=50)' --nodes 4 --batch 16 "
        "--rounds 2 --out " +
        (folder / "run") + " ";
    REQUIRE(frugal(train + "--objective 'mlp(60)' --compressor 'factored(indirect(signs))'").status == 0);
    const auto by_compressor = run_of(folder / "run");
    // of 4 samples the signs of 50 + 60 and 60 + 10 numbers, of 70 biases floats; the number of samples, two bits each
    CHECK(by_compressor.at("payload_bits_per_node_per_round") == 4 * (50 + 60 + 60 + 10) + 32 * 70 + 32 + 4);
    REQUIRE(frugal(train + "--objective 'mlp(60)' --exchange 'server(up=factored(indirect(signs)))'").status == 0);
    CHECK(run_of(folder / "run").at("parameters_digest") == by_compressor.at("parameters_digest"));
    const auto refused = [](const std::string& words, const char* why) {
        const outcome o = frugal(words);
        CHECK(o.status == 1);
        CHECK(o.output.find(why) != std::string::npos);
    };
    refused(train + "--objective softmax --compressor isgq", "softmax leaves no factors of its gradient");
    refused(train + "--objective 'mlp(60)' --compressor isgq --algorithm dpsgd", "nobody gave the factors");
    refused(train + "--objective 'mlp(60)' --compressor 'indirect(signs)'", "did you mean 'factored(indirect)'?");
    std::ofstream(folder / "x.f32", std::ios::binary) << std::string(400, '\x3E');
    refused("codec --compressor isgq --input " + (folder / "x.f32"), "which a vector alone does not have");
}

TEST_CASE("program: settings that contradict each other are refused", "[examples]") {
    const scratch_folder folder;
    const std::string small =
        "train --data 'synthetic(samples=400,test_samples=50)' --rounds 2 --out " + (folder / "run");
    CHECK(frugal(small + " --algorithm dpsgd --exchange all_gather").output.find("takes no --exchange") !=
          std::string::npos);
    CHECK(frugal(small + " --algorithm async_sgd").output.find("give --engine event") != std::string::npos);
    CHECK(
        frugal(small + " --algorithm choco --compressor 'scalar(ternary)'").output.find("choco needs a contraction") !=
        std::string::npos);
    CHECK(frugal(small + " --topology 'rnig(3)'").output.find("did you mean 'ring'?") != std::string::npos);
    CHECK(frugal(small + " --checkpoint " + (folder / "c")).output.find("needs --checkpoint-every") !=
          std::string::npos);
    CHECK(frugal(small + " --nodes 16 --batch 8").output.find("it must lie between") != std::string::npos);
    CHECK(frugal(small + " --objective 'mlp(hidden=5)'").output.find("no parameter 'hidden'") != std::string::npos);
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

TEST_CASE("program: what is compressed per tensor learns the tensors of a file or of the model", "[examples]") {
    const scratch_folder folder;
    std::ofstream(folder / "x.f32", std::ios::binary) << std::string(4000, '\x3E');
    std::ofstream(folder / "layout.json") << R"([{"name": "a", "shape": [20, 40]}, {"name": "b", "shape": [200]}])";
    const std::string codec =
        "codec --repeat 1 --compressor 'per_tensor(scalar(dithered))' --input " + (folder / "x.f32");
    const outcome told = frugal(codec + " --tensors " + (folder / "layout.json"));
    INFO(told.output);
    REQUIRE(told.status == 0);
    CHECK(nlohmann::json::parse(told.output).at("compressor") ==
          "per_tensor(scalar(dithered(levels=1),max_norm,packed),shapes=[[20,40],[200]])");
    const outcome untold = frugal(codec);
    CHECK(untold.status == 1);
    CHECK(untold.output.find("which tensors the vector holds is not known") != std::string::npos);
    const auto digest_of = [&](const std::string& how) {
        const outcome run = frugal(
            "train --data 'synthetic(samples=400,test_samples=50)' --objective 'mlp(5)' --nodes 2 --batch 16 --rounds "
            "3 "
            "--out " +
            (folder / "run") + " " + how);
        INFO(run.output);
        REQUIRE(run.status == 0);
        return run_of(folder / "run").at("parameters_digest").get<std::string>();
    };
    const std::string digest = digest_of("--compressor 'error_feedback(per_tensor(sparse(top_k(count=2))))'");
    const std::string spelled = run_of(folder / "run").at("compressor").get<std::string>();
    CHECK(spelled.find("shapes=[[5,") != std::string::npos);
    CHECK(digest_of("--compressor '" + spelled + "'") == digest);
    CHECK(digest_of("--exchange 'server(up=error_feedback(per_tensor(sparse(top_k(count=2)))))'") ==
          digest_of("--exchange 'server(up=" + spelled + ")'"));
    CHECK(digest_of("--compressor 'error_feedback(sparse(top_k(count=2)))'") != digest);
}

TEST_CASE("program: choose measures every codec on a vector, also per tensor", "[examples]") {
    const scratch_folder folder;
    std::string npy = "\x93NUMPY\x01";
    const std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1000,), }";
    npy += std::string(1, '\0') + static_cast<char>(header.size()) + std::string(1, '\0') + header;
    for (int i = 0; i < 1000; ++i) {
        const float v = static_cast<float>(i % 37 - 18);
        npy.append(reinterpret_cast<const char*>(&v), sizeof v);
    }
    std::ofstream(folder / "x.npy", std::ios::binary) << npy;
    std::ofstream(folder / "layout.json") << R"([{"name": "a", "shape": [20, 40]}, {"name": "b", "shape": [200]}])";
    const outcome o = frugal("choose --link 1Mbps --repeat 2 --input " + (folder / "x.npy") + " --tensors " +
                             (folder / "layout.json") + " --out " + (folder / "choice"));
    INFO(o.output);
    REQUIRE(o.status == 0);
    CHECK(o.output.find("Take ") != std::string::npos);
    std::ifstream in(folder / "choice/choose.json");
    const auto list = nlohmann::json::parse(in);
    CHECK(list.size() > 100);
    bool per_tensor = false;
    for (const auto& c : list) {
        CHECK(c.size() == 8);
        for (const char* key : {"bits_per_coordinate", "relative_error", "relative_error_of_mean", "encode_gbps",
                                "decode_gbps", "seconds_per_round"}) {
            CHECK(c.at(key).is_number());
        }
        CHECK(c.at("pareto").is_boolean());
        per_tensor = per_tensor || c.at("compressor").get<std::string>().starts_with("per_tensor(");
    }
    CHECK(per_tensor);
    CHECK(std::filesystem::exists(folder / "choice/choose.svg") == (std::system("gnuplot --version > /dev/null") == 0));
    std::ofstream(folder / "short.json") << R"([{"name": "a", "shape": [999]}])";
    CHECK(frugal("choose --input " + (folder / "x.npy") + " --tensors " + (folder / "short.json")).status == 1);
    std::ofstream(folder / "bad.json") << R"([{"shape": 3}])";
    CHECK(frugal("choose --input " + (folder / "x.npy") + " --tensors " + (folder / "bad.json")).status == 1);
    CHECK(frugal("choose --link 3 --input " + (folder / "x.npy")).status == 1);
}

TEST_CASE("program: every algorithm runs, by any exchange; simulated time has its own engine", "[examples]") {
    const scratch_folder folder;
    const std::string small =
        "train --data 'synthetic(samples=400,test_samples=50)' --nodes 4 --batch 16 --rounds 3 --out " +
        (folder / "run");
    for (const char* how :
         {" --exchange 'sharded(up=dqsg,down=dqsg,downlink_feedback=1)'",
          " --exchange 'feedback(server(up=sparse(top_k(count=5))))'",
          " --algorithm 'local_sgd(steps=2,outer=momentum)' --exchange all_gather",
          " --algorithm 'fedavg(steps=2,sampled=2,server=adam)' --compressor dqsg", " --algorithm 'fedavg(mu=0.1)'",
          " --algorithm dpsgd", " --algorithm 'choco(gamma=0.1,overlap=1)' --compressor 'sparse(top_k(fraction=0.2))'",
          " --algorithm gradient_tracking --topology 'complete(4)'",
          " --algorithm dpsgd --engine event --speed mean=2,slow=3",
          " --algorithm async_sgd --engine event --compressor dqsg",
          " --algorithm 'fedbuff(buffer=2)' --engine event --speed kind=exponential,mean=0.5"}) {
        const outcome run = frugal(small + how);
        INFO(how << "\n" << run.output);
        CHECK(run.status == 0);
        CHECK(run.output.find("digest") != std::string::npos);
        CHECK(run.output.find("biased") == std::string::npos);
    }
    for (const char* how : {" --compressor 'scalar(sign)'", " --exchange 'sharded(up=sparse(top_k(count=5)))'"}) {
        const outcome run = frugal(small + how);
        CHECK(run.status == 0);
        CHECK(run.output.find("is not known to be unbiased, and nothing makes good") != std::string::npos);
    }
}
