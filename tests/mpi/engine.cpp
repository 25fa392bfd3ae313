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

#include <frugal/aggregate/mean.hpp>
#include <frugal/algorithm/choco.hpp>
#include <frugal/algorithm/synchronous.hpp>
#include <frugal/compress/error_feedback.hpp>
#include <frugal/compress/selector/top_k.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/engine/checkpoint.hpp>
#include <frugal/engine/evaluate.hpp>
#include <frugal/engine/tbb_engine.hpp>
#include <frugal/mix/topologies.hpp>
#include <frugal/mpi.hpp>
#include <frugal/objective/quadratic.hpp>
#include <frugal/optimize/optimizers.hpp>

using namespace frugal;

namespace {

int failures = 0;

void check(bool condition, const char* what) {
    if (!condition) {
        std::fprintf(stderr, "failed: %s\n", what);
        ++failures;
    }
}

quadratic bowl(std::size_t worker) {
    std::vector<float> center(300), curvature(300);
    for (std::size_t k = 0; k < 300; ++k) {
        center[k] = std::cos(static_cast<float>(31 * worker + k));
        curvature[k] = 0.5f + 0.001f * static_cast<float>(k);
    }
    return quadratic(center, curvature);
}

auto synchronous_nodes() {
    const error_feedback<sparse_compressor<top_k>> feedback{sparse_compressor<top_k>{top_k{.fraction = 0.1}}};
    return synchronous({.workers = 6, .seed = 9}, bowl, std::vector<float>(300, 1.0f), full_batch{}, feedback, mean{},
                       momentum{.learning_rate = 0.05});
}

auto choco_nodes() {
    return choco({.consensus_step = 0.2f, .seed = 4}, ring(7), bowl, std::vector<float>(300, 1.0f), full_batch{},
                 sparse_compressor<top_k>{top_k{.fraction = 0.1}}, sgd{.learning_rate = 0.05});
}

//! Fails in the middle of a run.
struct failing_node {
    bool fails = false;
    std::vector<float> x{1};
    void step(std::uint64_t superstep, const inbox&, outbox&) {
        if (fails && superstep == 3) {
            throw std::runtime_error("this node fails on request");
        }
    }
    std::span<const float> parameters() const { return x; }
    void state(state_archive& a) { a(x); }
};

template <class Make>
void equivalence(Make make, const char* what) {
    const network_model network{.latency = 1e-4, .bandwidth = 1e8};
    auto local = make(), distributed = make();
    const auto squared_norm = [](std::span<const float> x) {
        double sum = 0;
        for (const float v : x) {
            sum += double{v} * double{v};
        }
        return sum;
    };
    evaluate_nodes_every local_norm("norm", 10, squared_norm), distributed_norm("norm", 10, squared_norm);
    const auto expected = run(tbb_engine{.network = network}, local, rounds{25}, local_norm);
    const auto report = run(mpi_engine{.network = network}, distributed, rounds{25}, distributed_norm);
    check(report.metrics.size() == 1 && report.metrics[0].value == expected.metrics[0].value &&
              report.metrics[0].superstep == report.superstep,
          "the mean over all nodes differs");
    check(report.parameters_digest == expected.parameters_digest, what);
    check(report.sent == expected.sent && report.received == expected.received, "the traffic differs");
    check(report.network_seconds == expected.network_seconds, "the simulated time differs");
    check(report.loss == expected.loss, "the loss differs");
    if (report.is_root()) {
        check(parameters_digest(distributed) == expected.parameters_digest,
              "rank 0 does not have all nodes at the end");
    }
}

template <class Make>
void resumption(const mpi_environment& mpi, Make make) {
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
        check(report.superstep > 0, "the run was not resumed by one process");
    }
    MPI_Barrier(MPI_COMM_WORLD);
    auto third = make();
    const auto report = run(mpi_engine{.threads = 1}, third, rounds{30}, resume{directory, 1});
    check(report.parameters_digest == expected.parameters_digest, "a resumed run ends with other bits");
    check(report.sent == expected.sent, "a resumed run counts other traffic");
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
        for (const char* name : {"checkpoint.frg", "checkpoint.previous.frg"}) {
            ::unlink((directory + "/" + name).c_str());
        }
        ::rmdir(directory.c_str());
    }
}

void failure_on_the_last_rank() {
    std::vector<failing_node> nodes(5);
    nodes[4].fails = true;
    std::string text;
    try {
        run(mpi_engine{}, nodes, rounds{10});
    } catch (const std::exception& e) {
        text = e.what();
    }
    check(text == "this node fails on request", "the failure of a node did not reach every rank");
    std::vector<failing_node> fine(5);
    text.clear();
    try {
        run(mpi_engine{}, fine, rounds{10}, [](const run_status&) { throw std::runtime_error("an observer fails"); });
    } catch (const std::exception& e) {
        text = e.what();
    }
    check(text == "an observer fails", "the failure of an observer did not reach every rank");
    evaluate_nodes_every evaluation("x", 1, [&](std::span<const float> x) -> double {
        if (x.data() == fine[4].x.data()) {
            throw std::runtime_error("an evaluation fails");
        }
        return 0;
    });
    text.clear();
    try {
        run(mpi_engine{}, fine, rounds{10}, evaluation);
    } catch (const std::exception& e) {
        text = e.what();
    }
    check(text == "an evaluation fails", "the failure of an evaluation did not reach every rank");
    std::vector<failing_node> single(1);  // fewer nodes than ranks
    check(run(mpi_engine{}, single, rounds{3}).superstep == 3, "ranks without nodes do not work");
}

}  // namespace

int main() {
    const mpi_environment mpi;
    equivalence(synchronous_nodes, "synchronous training with feedback differs from tbb_engine");
    equivalence(choco_nodes, "CHOCO differs from tbb_engine");
    resumption(mpi, synchronous_nodes);
    resumption(mpi, choco_nodes);
    failure_on_the_last_rank();
    int all = 0;
    MPI_Allreduce(&failures, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    if (mpi.rank() == 0) {
        std::printf("%d ranks: %s\n", mpi.ranks(), all == 0 ? "ok" : "FAILED");
    }
    return all == 0 ? 0 : 1;
}
