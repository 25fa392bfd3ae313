//! One training run, described by the words of the command line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "report.hpp"

namespace frugal::driver {

struct training_request {
    std::string name;
    std::string algorithm = "synchronous";
    std::string compressor = "identity";
    std::string coded_compressor;  // the same with an entropy coder, to measure coded sizes; empty: none
    std::size_t scale_bucket = 0;  // coordinates that share a scale, to count wrap failures by; 0: all
    std::string exchange;          // empty: a server that decodes --compressor
    std::string topology;          // empty: a ring of the workers
    std::string optimizer = "sgd(learning_rate=0.1)";
    std::string objective = "softmax";
    std::string data = "fashion-mnist";
    std::string partition = "iid";
    std::string network = "latency=50us,bandwidth=100Mbps";
    std::string speed = "mean=0";
    std::string engine = "tbb";
    std::uint64_t nodes = 16;   // workers, the server not counted
    std::uint64_t batch = 200;  // of all workers together
    std::uint64_t rounds = 300;
    std::uint64_t seed = 1;
    std::uint64_t threads = 0;         // 0: all processors
    std::uint64_t evaluate_every = 0;  // 0: about 25 points along the run
    std::uint64_t checkpoint_every = 0;
    std::filesystem::path checkpoint;
    bool resume = false;
    std::filesystem::path save;  // where the trained parameters go; empty: nowhere
};

struct model_quality {
    std::size_t dimension = 0;
    double train_loss = 0;
    double test_accuracy = 0;  // NaN where the objective does not classify
};

//! Runs the training, with a progress bar on stderr where that is a terminal. Throws `invalid_input` for words that are
//! wrong, before any work.
run_report train(const training_request& request);

//! Measures saved parameters (raw 32-bit floats) on the data of the request: loss, and accuracy on the test set.
model_quality evaluate(const training_request& request, const std::filesystem::path& model);

//! This process's rank (0 without MPI): only rank 0 prints and writes.
int rank();
//! How many copies of this program a launcher of MPI jobs has started; 0 where none has.
int ranks_started();

}  // namespace frugal::driver
