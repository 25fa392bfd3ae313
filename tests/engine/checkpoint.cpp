// Checkpoints: interruptions, kills, damage, other configurations.
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <frugal/algorithm/synchronous.hpp>
#include <frugal/compress/error_feedback.hpp>
#include <frugal/compress/selector/top_k.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/engine/observers.hpp>
#include <frugal/engine/tbb_engine.hpp>
#include <frugal/objective/quadratic.hpp>
#include <frugal/optimize/momentum.hpp>

#include "catch.hpp"
#include "scratch_directory.hpp"

using namespace frugal;
using test::scratch_directory;

namespace {

quadratic bowl(std::size_t worker) {
    std::vector<float> center(100);
    for (std::size_t k = 0; k < 100; ++k) {
        center[k] = std::cos(static_cast<float>(31 * worker + k));
    }
    return quadratic(center, 1);
}

auto training(std::size_t workers = 6) {
    return synchronous({.workers = workers, .seed = 9}, bowl, std::vector<float>(100, 1.0f), full_batch{},
                       error_feedback{sparse_compressor{top_k{.fraction = 0.1}}}, mean{},
                       momentum{.learning_rate = 0.05});
}

}  // namespace

TEST_CASE("checkpoint: an interrupted run ends with the same bits and the same totals", "[engine][checkpoint]") {
    auto whole = training();
    const auto expected = run(tbb_engine{}, whole, rounds{30});
    for (const std::uint64_t every : {1u, 7u, 11u}) {
        const scratch_directory dir;
        auto first = training();
        run(tbb_engine{.threads = 1}, first, rounds{17}, checkpoint_every{every, dir.path, 42});
        auto second = training();
        const auto report = run(tbb_engine{.threads = 2}, second, rounds{30}, resume{dir.path, 42},
                                checkpoint_every{every, dir.path, 42});
        CHECK(report.parameters_digest == expected.parameters_digest);
        CHECK(report.sent == expected.sent);
        CHECK(report.received == expected.received);
        CHECK(report.loss == expected.loss);
        auto other = training();
        CHECK_THROWS_AS(run(tbb_engine{}, other, rounds{30}, resume{dir.path, 43}), invalid_input);
        auto fewer = training(5);
        CHECK_THROWS_AS(run(tbb_engine{}, fewer, rounds{30}, resume{dir.path, 42}), invalid_input);
    }
    const scratch_directory empty;
    auto fresh = training();
    CHECK(run(tbb_engine{}, fresh, rounds{30}, resume{empty.path}).parameters_digest == expected.parameters_digest);
}

// The program that the test below kills: it goes on from the last checkpoint and saves one after every round.
TEST_CASE("checkpoint child", "[.child]") {
    const char* directory = std::getenv("FRUGAL_TEST_DIRECTORY");
    REQUIRE(directory != nullptr);
    auto nodes = training();
    run(tbb_engine{.threads = 1}, nodes, rounds{200}, resume{directory}, checkpoint_every{1, directory});
}

TEST_CASE("checkpoint: survives being killed at any moment", "[engine][checkpoint]") {
    auto whole = training();
    const auto expected = run(tbb_engine{.threads = 1}, whole, rounds{200});
    const scratch_directory dir;
    ::setenv("FRUGAL_TEST_DIRECTORY", dir.path.c_str(), 1);
    bool finished = false;
    int killed = 0;
    for (unsigned attempt = 0; attempt < 400 && !finished; ++attempt) {
        const pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            // A program of its own: the threads of this one do not survive the fork.
            std::freopen("/dev/null", "w", stdout);
            ::execl("/proc/self/exe", "child", "checkpoint child", static_cast<char*>(nullptr));
            ::_exit(127);
        }
        ::usleep(static_cast<useconds_t>(1000 + 7919 * attempt % 40000 + 400 * attempt));
        ::kill(child, SIGKILL);
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        finished = WIFEXITED(status);
        if (finished) {
            REQUIRE(WEXITSTATUS(status) == 0);
        } else {
            ++killed;
        }
    }
    CHECK(finished);
    CHECK(killed > 0);
    auto nodes = training();
    const auto report = run(tbb_engine{.threads = 1}, nodes, rounds{200}, resume{dir.path});
    CHECK(report.parameters_digest == expected.parameters_digest);
}

TEST_CASE("checkpoint: damaged files are refused or the one before is used", "[engine][checkpoint][hostile]") {
    const scratch_directory dir;
    auto first = training();
    run(tbb_engine{}, first, rounds{6}, checkpoint_every{2, dir.path});
    std::vector<std::byte> bytes;
    REQUIRE(load_checkpoint(dir.path, bytes));
    const auto good = parse_checkpoint(bytes);
    CHECK(good.round == 6);
    CHECK((format_checkpoint(good) == bytes));
    for (std::size_t length = 0; length < bytes.size(); length += length < 64 ? 1 : 97) {
        CHECK_THROWS_AS(parse_checkpoint(std::span<const std::byte>(bytes).first(length)), malformed_message);
    }
    for (std::size_t at = 0; at < bytes.size(); at += 53) {
        auto altered = bytes;
        altered[at] ^= std::byte{0x10};
        CHECK_THROWS_AS(parse_checkpoint(altered), malformed_message);
        // also behind a valid checksum it must be harmless
        const std::uint32_t sum = crc32c(std::span<const std::byte>(altered).first(altered.size() - 4));
        std::memcpy(altered.data() + altered.size() - 4, &sum, 4);
        try {
            const auto c = parse_checkpoint(altered);
            detail::write_file_durably(detail::checkpoint_path(dir.path), altered);
            auto nodes = training();
            run(tbb_engine{}, nodes, rounds{std::min<std::uint64_t>(c.round, 100) + 3}, resume{dir.path});
        } catch (const error&) {
        }
    }
    REQUIRE(load_checkpoint(dir.path, bytes));
    bytes.resize(bytes.size() / 2);
    detail::write_file_durably(detail::checkpoint_path(dir.path), bytes);
    REQUIRE(load_checkpoint(dir.path, bytes));
    CHECK(parse_checkpoint(bytes).round == 4);
    bytes.resize(3);
    detail::write_file_durably(detail::previous_checkpoint_path(dir.path), bytes);
    CHECK_THROWS_AS(load_checkpoint(dir.path, bytes), malformed_message);
    CHECK_THROWS_AS(save_checkpoint("/proc/no/such/place", good), error);
}
