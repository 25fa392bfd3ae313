// The same nodes give the same bits under MPI, whatever the number of ranks, and go on from each other's checkpoints.
// Runs as `mpirun -n 1|2|4`; prints what is wrong and exits with 1.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

#include <frugal/engine/checkpoint.hpp>
#include <frugal/engine/evaluate.hpp>
#include <frugal/engine/tbb_engine.hpp>
#include <frugal/mpi.hpp>

#include "engine/test_nodes.hpp"
#include "programs.hpp"
#include "scripted.hpp"

using namespace frugal;
using test::failure_of;

namespace {

int failures = 0;

void check(bool condition, const std::string& what) {
    if (!condition) {
        std::fprintf(stderr, "failed: %s\n", what.c_str());
        ++failures;
    }
}

void equivalence(const test::program& p) {
    const network_model network{.latency = 1e-4, .bandwidth = 1e8};
    auto local = p.make(), distributed = p.make(), threaded = p.make();
    const auto squared_norm = [](std::span<const float> x) {
        double sum = 0;
        for (const float v : x) {
            sum += double{v} * double{v};
        }
        return sum;
    };
    evaluate_nodes_every local_norm("norm", 5, squared_norm), distributed_norm("norm", 5, squared_norm);
    const auto expected = run(tbb_engine{.network = network}, local, rounds{12}, local_norm);
    const auto report = run(mpi_engine{.threads = 1, .network = network}, distributed, rounds{12}, distributed_norm);
    const auto two = run(mpi_engine{.threads = 2, .network = network}, threaded, rounds{12});
    check(report.metrics.size() == 1 && report.metrics[0].value == expected.metrics[0].value &&
              report.metrics[0].round == report.completed,
          p.name + ": the mean over all nodes differs");
    check(report.parameters_digest == expected.parameters_digest, p.name + " differs from tbb_engine");
    check(two.parameters_digest == expected.parameters_digest, p.name + " with two threads differs from tbb_engine");
    check(report.sent == expected.sent && report.received == expected.received, p.name + ": the traffic differs");
    check(report.network_seconds == expected.network_seconds, p.name + ": the simulated time differs");
    check(report.loss == expected.loss, p.name + ": the loss differs");
}

void resumption(const mpi_environment& mpi, const test::program& p) {
    const auto& make = p.make;
    std::string directory = "/tmp/frugal-mpi-XXXXXX";
    if (mpi.rank() == 0 && mkdtemp(directory.data()) == nullptr) {
        check(false, "cannot make a temporary directory");
    }
    MPI_Bcast(directory.data(), static_cast<int>(directory.size()), MPI_CHAR, 0, MPI_COMM_WORLD);
    auto whole = make();
    const auto expected = run(tbb_engine{}, whole, rounds{30});
    auto first = make();
    run(mpi_engine{}, first, rounds{11}, checkpoint_every{4, directory, 1});
    if (mpi.rank() == 0) {  // alone
        auto second = make();
        const auto report =
            run(tbb_engine{}, second, rounds{20}, resume{directory, 1}, checkpoint_every{19, directory, 1});
        check(report.completed > 0, "the run was not resumed by one process");
    }
    MPI_Barrier(MPI_COMM_WORLD);
    auto third = make();
    const auto report = run(mpi_engine{.threads = 1}, third, rounds{30}, resume{directory, 1});
    check(report.parameters_digest == expected.parameters_digest, p.name + ": a resumed run ends with other bits");
    check(report.sent == expected.sent, p.name + ": a resumed run counts other traffic");
    bool refused = false;
    try {
        auto fourth = make();
        run(mpi_engine{}, fourth, rounds{30}, resume{directory, 2});
    } catch (const error&) {
        refused = true;
    }
    check(refused, "a checkpoint of another configuration was accepted");
    MPI_Barrier(MPI_COMM_WORLD);
    if (mpi.rank() == 0) {
        for (const char* name : {"checkpoint.frg", "checkpoint.previous.frg", "checkpoint.lock"}) {
            ::unlink((directory + "/" + name).c_str());
        }
        ::rmdir(directory.c_str());
    }
}

void failures_reach_every_rank() {
    for (const std::size_t threads : {1u, 2u}) {
        const mpi_engine engine{.threads = threads};
        auto nodes = test::ring_of(8, 5);
        nodes[7].fail_at = 3;
        check(failure_of([&] { run(engine, nodes, rounds{10}); }) == "node 7 fails on request",
              "the failure of a node did not reach every rank");
        auto first = test::ring_of(8, 5);
        first[0].fail_at = 0;
        check(failure_of([&] { run(engine, first, rounds{10}); }) == "node 0 fails on request",
              "the failure of the first node did not reach every rank");
        auto silent = test::ring_of(8, 5);
        silent[5].silent_at = 2;
        const std::string stuck = failure_of([&] { run(engine, silent, rounds{10}); });
        check(stuck.find("round 2 cannot end: node ") == 0 &&
                  stuck.find(" waits on lane 0 for node 5, and no message is under way") != std::string::npos,
              "nodes that wait for ever were not noticed");
        auto lost = test::ring_of(8, 5);
        std::erase(lost[7].sources, 0u);
        check(failure_of([&] {
                  run(engine, lost, rounds{10});
              }).find("node 7 never received a message that node 0 sent it on lane 0 in round 0") == 0,
              "a message that nobody received was not noticed");
        auto diverging = test::ring_of(8, 5);
        diverging[6].diverge_at = 4;
        const auto report = run(engine, diverging, rounds{10});
        check(report.diverged() && report.completed == 5, "a divergence did not end the run on every rank");
    }
    auto fine = test::ring_of(8, 5);
    check(failure_of([&] {
              run(mpi_engine{}, fine, rounds{10},
                  [](const run_status&) { throw std::runtime_error("an observer fails"); });
          }) == "an observer fails",
          "the failure of an observer did not reach every rank");
    evaluate_nodes_every evaluation("x", 1, [&](std::span<const float> x) -> double {
        if (x.data() == fine[7].x.data()) {
            throw std::runtime_error("an evaluation fails");
        }
        return 0;
    });
    check(failure_of([&] { run(mpi_engine{}, fine, rounds{10}, evaluation); }) == "an evaluation fails",
          "the failure of an evaluation did not reach every rank");
    auto single = test::ring_of(1, 5);  // fewer nodes than ranks
    check(run(mpi_engine{}, single, rounds{3}).completed == 3, "ranks without nodes do not work");
}

void ranks_build_their_own(const mpi_environment& mpi) {
    std::vector<int> made(11);
    population<test::mixing_node> nodes(11, 1, [&](std::uint32_t i) {
        ++made[i];
        return test::ring_of(11, 5)[i];
    });
    const auto report = run(mpi_engine{}, nodes, rounds{2});
    const auto r = static_cast<std::size_t>(mpi.rank()), ranks = static_cast<std::size_t>(mpi.ranks());
    for (std::size_t i = 0; i < 11; ++i) {
        check(made[i] == (r * 11 / ranks <= i && i < (r + 1) * 11 / ranks ? 1 : 0), "a rank built another's node");
    }
    auto local = test::ring_of(11, 5);
    check(report.parameters_digest == run(tbb_engine{}, local, rounds{2}).parameters_digest, "a slice differs");
}

void different_settings_are_refused(const mpi_environment& mpi) {
    if (mpi.ranks() == 1) {
        return;
    }
    const auto train = [&](std::uint64_t seed, std::size_t workers, float start) {
        return failure_of([&] {
            auto nodes = synchronous({.workers = workers, .seed = seed}, test::bowl, std::vector<float>(100, start),
                                     full_batch{}, server{}, sgd{});
            run(mpi_engine{}, nodes, rounds{2});
        });
    };
    const auto rank = static_cast<unsigned>(mpi.rank());
    check(train(1, 4, 1.0f).empty(), "equal settings were refused");
    check(train(1 + rank, 4, 1.0f).find("different settings") != std::string::npos, "seeds that differ were accepted");
    check(train(1, 4 + rank, 1.0f).find("different settings") != std::string::npos, "sizes that differ were accepted");
    check(train(1, 4, 1.0f + static_cast<float>(rank)).find("different settings") != std::string::npos,
          "initial parameters that differ were accepted");
}

}  // namespace

int main(int argc, char**) {
    const mpi_environment mpi;
    return mpi.guard([&] {
        if (argc > 1) {  // a rank fails outside of run, while the others wait for it
            expect(mpi.rank() + 1 != mpi.ranks(), "thrown outside of run");
            MPI_Barrier(MPI_COMM_WORLD);
        }
        for (const test::program& p : test::all_programs()) {
            equivalence(p);
            if (p.name == "feedback, top-k" || p.name == "CHOCO" || p.name == "late gossip" || p.name == "FedAvg") {
                resumption(mpi, p);
            }
        }
        failures_reach_every_rank();
        ranks_build_their_own(mpi);
        different_settings_are_refused(mpi);
        int all = 0;
        MPI_Allreduce(&failures, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
        if (mpi.rank() == 0) {
            std::printf("%d ranks: %s\n", mpi.ranks(), all == 0 ? "ok" : "FAILED");
        }
        return all == 0 ? 0 : 1;
    });
}
