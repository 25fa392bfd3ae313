// Synchronous training: reductions to single-machine SGD, traffic, determinism, stateful compressors, checkpoints.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include <csignal>
#include <cstdio>
#include <cstring>

#include <sys/wait.h>
#include <unistd.h>

#include <frugal/aggregate/mean.hpp>
#include <frugal/algorithm/synchronous.hpp>
#include <frugal/compress/coder/radix.hpp>
#include <frugal/compress/error_feedback.hpp>
#include <frugal/compress/identity.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/selector/top_k.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/data/sampler.hpp>
#include <frugal/engine/observers.hpp>
#include <frugal/engine/tbb_engine.hpp>
#include <frugal/objective/least_squares.hpp>
#include <frugal/objective/quadratic.hpp>
#include <frugal/optimize/optimizers.hpp>
#include <frugal/quantize/dithered.hpp>
#include <frugal/quantize/stochastic.hpp>

#include "catch.hpp"

using namespace frugal;

namespace {

const error_feedback<sparse_compressor<top_k>> feedback{sparse_compressor<top_k>{top_k{.fraction = 0.1}}};

quadratic bowl(std::size_t worker) {
    std::vector<float> center(100), curvature(100);
    for (std::size_t k = 0; k < 100; ++k) {
        center[k] = std::cos(static_cast<float>(31 * worker + k));
        curvature[k] = 0.5f + 0.01f * static_cast<float>(k);
    }
    return quadratic(center, curvature);
}

template <class C>
auto training(const C& compressor, std::size_t workers = 6) {
    return synchronous({.workers = workers, .seed = 9}, bowl, std::vector<float>(100, 1.0f), full_batch{}, compressor,
                       mean{}, momentum{.learning_rate = 0.05});
}

std::string temporary_directory() {
    std::string path = "/tmp/frugal-test-XXXXXX";
    REQUIRE(mkdtemp(path.data()) != nullptr);
    return path;
}

struct scratch_directory {
    std::string path = temporary_directory();
    ~scratch_directory() {
        for (const char* name :
             {"checkpoint.frg", "checkpoint.previous.frg", "checkpoint.partial.frg", "c.csv", "c.jsonl"}) {
            ::unlink((path + "/" + name).c_str());
        }
        ::rmdir(path.c_str());
    }
};

}  // namespace

TEST_CASE("synchronous: without compression it is gradient descent on the mean",
          "[algorithm][synchronous][equivalence]") {
    auto nodes = synchronous({.workers = 4}, bowl, std::vector<float>(100, 1.0f), full_batch{}, identity{}, mean{},
                             sgd{.learning_rate = 0.1});
    const auto report = run(tbb_engine{}, nodes, rounds{10});
    std::vector<double> w(100, 1.0);
    double loss = 0;
    for (int t = 0; t < 10; ++t) {
        loss = 0;
        std::vector<double> g(100);
        for (std::size_t worker = 0; worker < 4; ++worker) {
            const auto f = bowl(worker);
            for (std::size_t k = 0; k < 100; ++k) {
                const double a = static_cast<double>(f.curvature()[k]), d = w[k] - static_cast<double>(f.center()[k]);
                g[k] += a * d / 4;
                loss += 0.5 * a * d * d / 4;
            }
        }
        for (std::size_t k = 0; k < 100; ++k) {
            w[k] -= 0.1 * g[k];
        }
    }
    for (std::size_t k = 0; k < 100; ++k) {
        CHECK(static_cast<double>(nodes[0].parameters()[k]) == Approx(w[k]).margin(1e-5));
    }
    CHECK(report.loss == Approx(loss).epsilon(1e-4));
    CHECK(report.round() == 10);
    CHECK(report.superstep == 20);
    // each worker sends 32 d bits per round, the server one multicast of 32 d bits
    CHECK(report.per_node[1].sent.payload_bits == 10 * 3200);
    CHECK(report.per_node[0].sent.payload_bits == 10 * 3200);
    CHECK(report.per_node[0].received.payload_bits == 4 * 10 * 3200);
    CHECK(nodes[1].parameters().empty());
}

TEST_CASE("synchronous: workers with the same data are one worker", "[algorithm][synchronous][equivalence]") {
    const auto same = [](std::size_t) { return bowl(0); };
    const std::vector<float> start(100, 1.0f);
    auto many =
        synchronous({.workers = 4}, same, start, full_batch{}, identity{}, mean{}, momentum{.learning_rate = 0.1});
    auto one =
        synchronous({.workers = 1}, same, start, full_batch{}, identity{}, mean{}, momentum{.learning_rate = 0.1});
    CHECK(run(tbb_engine{}, many, rounds{20}).loss == run(tbb_engine{}, one, rounds{20}).loss);
    CHECK(parameters_digest(std::vector{many[0]}) == parameters_digest(std::vector{one[0]}));
}

TEST_CASE("synchronous: a split batch with unequal parts is the whole batch", "[algorithm][synchronous][equivalence]") {
    std::vector<float> x, y;
    for (std::size_t i = 0; i < 60; ++i) {
        for (std::size_t k = 0; k < 5; ++k) {
            x.push_back(std::sin(static_cast<float>(5 * i + k)));
        }
        y.push_back(std::cos(static_cast<float>(i)));
    }
    const regression_dataset data(x, y, 5);
    const least_squares f(data);
    const auto train = [&](std::size_t workers) {
        auto nodes = synchronous(
            {.workers = workers}, f, std::vector<float>(5),
            [&](std::size_t k) { return batch_sampler::global(60, 20, k, workers, 3); }, identity{}, mean{},
            sgd{.learning_rate = 0.1});
        run(tbb_engine{}, nodes, rounds{30});
        return std::vector<float>(nodes[0].parameters().begin(), nodes[0].parameters().end());
    };
    const auto one = train(1), six = train(6);  // 20 over 6: three or four samples each
    for (std::size_t k = 0; k < 5; ++k) {
        CHECK(one[k] == Approx(six[k]).margin(1e-5));
    }
}

TEST_CASE("synchronous: batches from a callable of round and worker", "[algorithm][synchronous]") {
    const std::vector<std::uint32_t> all{0, 1, 2};
    const regression_dataset data(std::vector<float>{1, 1, 1}, std::vector<float>{1, 2, 3}, 1);
    auto nodes = synchronous(
        {.workers = 2}, least_squares(data), {0.0f},
        [&](std::uint64_t round, std::size_t worker) {
            return std::span<const std::uint32_t>(all).subspan((round + worker) % 3, 1);
        },
        identity{}, mean{}, sgd{.learning_rate = 1});
    run(tbb_engine{}, nodes, rounds{1});
    CHECK(nodes[0].parameters()[0] == Approx(1.5));  // labels 1 and 2 in round 0
}

TEST_CASE("synchronous: the same bits for any number of threads, with feedback and dither",
          "[algorithm][synchronous][equivalence]") {
    auto a = training(feedback), b = training(feedback);
    CHECK(run(tbb_engine{.threads = 1}, a, rounds{40}).parameters_digest ==
          run(tbb_engine{.threads = 4}, b, rounds{40}).parameters_digest);
    const scalar_compressor dither{dithered{.levels = 1}};
    auto c = training(dither), d = training(dither);
    CHECK(run(tbb_engine{.threads = 1}, c, rounds{40}).parameters_digest ==
          run(tbb_engine{.threads = 3}, d, rounds{40}).parameters_digest);
    CHECK(parameters_digest(a) != parameters_digest(c));
}

TEST_CASE("synchronous: feedback reaches the optimum that the mean objective has", "[algorithm][synchronous]") {
    auto nodes = synchronous({.workers = 6, .seed = 9}, bowl, std::vector<float>(100, 1.0f), full_batch{}, feedback,
                             mean{}, sgd{.learning_rate = cosine_decay(0.1, 0.0005, 3000)});
    run(tbb_engine{}, nodes, rounds{3000});
    for (std::size_t k = 0; k < 100; ++k) {
        double above = 0, below = 0;
        for (std::size_t worker = 0; worker < 6; ++worker) {
            const auto f = bowl(worker);
            above += static_cast<double>(f.curvature()[k]) * static_cast<double>(f.center()[k]);
            below += static_cast<double>(f.curvature()[k]);
        }
        CHECK(static_cast<double>(nodes[0].parameters()[k]) == Approx(above / below).margin(0.02));
    }
}

TEST_CASE("synchronous: TernGrad's workers share the largest scale of the round", "[algorithm][synchronous][ternary]") {
    const std::size_t workers = 6;
    const scalar_compressor shared{ternary{}, shared_norm{}, radix{}};
    auto nodes = training(shared, workers);
    const auto one_round = run(tbb_engine{}, nodes, rounds{1});
    float norm = 0;
    std::vector<std::vector<float>> gradients;
    for (std::size_t k = 0; k < workers; ++k) {
        auto& g = gradients.emplace_back(100);
        bowl(k).value_and_gradient(std::vector<float>(100, 1.0f), {}, g);
        norm = std::max(norm, max_norm{}.measure(g));
    }
    scalar_compressor agreed{ternary{}, fixed{norm}, radix{}};
    std::vector<float> expected(100, 0.0f), decoded(100);
    for (std::size_t k = 0; k < workers; ++k) {
        message m;
        const random_key key{.seed = 9, .node = static_cast<std::uint32_t>(k + 1), .purpose = purposes::message};
        agreed.compress(gradients[k], key, m);
        agreed.decompress(m, key, decoded);
        for (std::size_t i = 0; i < 100; ++i) {
            expected[i] += decoded[i] / static_cast<float>(workers);
        }
    }
    for (std::size_t i = 0; i < 100; ++i) {
        CHECK(nodes[0].parameters()[i] == Approx(1.0f - 0.05f * expected[i]).margin(1e-6));
    }
    // 100 symbols, a step and a number from each worker; the model and a number from the server, sent once.
    CHECK(one_round.sent.payload_bits == workers * (160 + 32 + 32) + 3200 + 32);
    auto one_thread = training(shared, workers), two_threads = training(shared, workers);
    CHECK(run(tbb_engine{.threads = 1}, one_thread, rounds{9}).parameters_digest ==
          run(tbb_engine{.threads = 2}, two_threads, rounds{9}).parameters_digest);
}

TEST_CASE("synchronous: impossible settings are refused, divergence ends the run",
          "[algorithm][synchronous][hostile]") {
    const std::vector<float> start(100, 1.0f);
    CHECK_THROWS_AS(synchronous({.workers = 0}, bowl, start, full_batch{}, identity{}, mean{}, sgd{}), invalid_input);
    CHECK_THROWS_AS(synchronous({.workers = 2}, bowl, {1, 2}, full_batch{}, identity{}, mean{}, sgd{}), invalid_input);
    CHECK_THROWS_AS(synchronous({.workers = 2, .weights = {1}}, bowl, start, full_batch{}, identity{}, mean{}, sgd{}),
                    invalid_input);
    auto nodes = synchronous({.workers = 2}, bowl, start, full_batch{}, identity{}, mean{}, sgd{.learning_rate = 1e6});
    const auto report = run(tbb_engine{}, nodes, rounds{1000});
    CHECK(report.diverged());
    CHECK(report.round() < 20);
}

TEST_CASE("checkpoint: a resumed run ends with the bits of the uninterrupted one",
          "[engine][checkpoint][equivalence]") {
    auto whole = training(feedback);
    const auto expected = run(tbb_engine{}, whole, rounds{30});
    // 5 rounds fall between servers and workers: the server's message is in flight
    for (const std::uint64_t every : {5u, 7u}) {
        const scratch_directory dir;
        auto first = training(feedback);
        run(tbb_engine{.threads = 1}, first, rounds{17}, checkpoint_every{every, dir.path, 42});
        auto second = training(feedback);
        const auto report = run(tbb_engine{.threads = 2}, second, rounds{30}, resume{dir.path, 42},
                                checkpoint_every{every, dir.path, 42});
        CHECK(report.parameters_digest == expected.parameters_digest);
        CHECK(report.sent == expected.sent);
        CHECK(report.received == expected.received);
        CHECK(report.loss == expected.loss);
        auto other = training(feedback);
        CHECK_THROWS_AS(run(tbb_engine{}, other, rounds{30}, resume{dir.path, 43}), invalid_input);
        auto fewer = training(feedback, 5);
        CHECK_THROWS_AS(run(tbb_engine{}, fewer, rounds{30}, resume{dir.path, 42}), invalid_input);
    }
    const scratch_directory empty;
    auto fresh = training(feedback);
    CHECK(run(tbb_engine{}, fresh, rounds{30}, resume{empty.path}).parameters_digest == expected.parameters_digest);
}

// The program that the test below kills: it goes on from the last checkpoint and saves one after every round.
TEST_CASE("checkpoint child", "[.child]") {
    const char* directory = std::getenv("FRUGAL_TEST_DIRECTORY");
    REQUIRE(directory != nullptr);
    auto nodes = training(feedback);
    run(tbb_engine{.threads = 1}, nodes, rounds{200}, resume{directory}, checkpoint_every{1, directory});
}

TEST_CASE("checkpoint: survives being killed at any moment", "[engine][checkpoint]") {
    auto whole = training(feedback);
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
    auto nodes = training(feedback);
    const auto report = run(tbb_engine{.threads = 1}, nodes, rounds{200}, resume{dir.path});
    CHECK(report.parameters_digest == expected.parameters_digest);
}

TEST_CASE("checkpoint: damaged files are refused or the one before is used", "[engine][checkpoint][hostile]") {
    const scratch_directory dir;
    auto first = training(feedback);
    run(tbb_engine{}, first, rounds{6}, checkpoint_every{2, dir.path});
    std::vector<std::byte> bytes;
    REQUIRE(load_checkpoint(dir.path, bytes));
    const auto good = parse_checkpoint(bytes);
    CHECK(good.superstep == 12);
    CHECK(format_checkpoint(good) == bytes);
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
            auto nodes = training(feedback);
            run(tbb_engine{}, nodes, supersteps{c.superstep + 3}, resume{dir.path});
        } catch (const error&) {
        }
    }
    REQUIRE(load_checkpoint(dir.path, bytes));
    bytes.resize(bytes.size() / 2);
    detail::write_file_durably(detail::checkpoint_path(dir.path), bytes);
    REQUIRE(load_checkpoint(dir.path, bytes));
    CHECK(parse_checkpoint(bytes).superstep == 8);
    bytes.resize(3);
    detail::write_file_durably(detail::previous_checkpoint_path(dir.path), bytes);
    CHECK_THROWS_AS(load_checkpoint(dir.path, bytes), malformed_message);
    CHECK_THROWS_AS(save_checkpoint("/proc/no/such/place", good), error);
}

TEST_CASE("observers: curves of a resumed run have every row once", "[engine][observers]") {
    const scratch_directory dir;
    const std::string csv = dir.path + "/c.csv", json = dir.path + "/c.jsonl";
    const auto accuracy = [](const run_status& s) { return static_cast<double>(s.parameters(0)[0]); };
    auto first = training(feedback);
    run(tbb_engine{}, first, rounds{7}, checkpoint_every{4, dir.path}, evaluate_every("first", 2, accuracy),
        csv_writer{csv, 1, {"first"}}, json_lines_writer{json, 1});
    CHECK(detail::row_file::lines_of(csv).size() == 8);
    auto second = training(feedback);
    run(tbb_engine{}, second, rounds{10}, resume{dir.path}, evaluate_every("first", 2, accuracy),
        csv_writer{csv, 1, {"first"}}, json_lines_writer{json, 1});
    const auto rows = detail::row_file::lines_of(csv);
    REQUIRE(rows.size() == 11);
    for (std::size_t i = 1; i < rows.size(); ++i) {
        CHECK(rows[i].substr(0, rows[i].find(',', rows[i].find(',') + 1)) ==
              std::to_string(2 * i) + "," + std::to_string(i));
        CHECK((rows[i].back() == ',') == (i % 2 == 1));
    }
    const auto objects = detail::row_file::lines_of(json);
    REQUIRE(objects.size() == 10);
    CHECK(objects[9].find("{\"superstep\":20,\"round\":10,\"loss\":") == 0);
    CHECK(objects[9].find("\"first\":") != std::string::npos);
    progress_bar bar{.label = "demo"};
    run_status status;
    status.superstep = 10;
    status.planned_supersteps = 20;
    status.loss = 0.5;
    CHECK(bar.line(status).find("demo [###############...............] 10/20 rounds  loss 0.5") == 0);
}
