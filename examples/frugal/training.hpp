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
    std::string topology = "ring(16)";
    std::string optimizer = "sgd(learning_rate=0.1)";
    std::string objective = "softmax";
    std::string data = "fashion-mnist";
    std::string partition = "iid";
    std::string network = "latency=50us,bandwidth=100Mbps";
    std::string speed = "mean=0";
    std::string engine = "tbb";
    std::size_t nodes = 16;   // workers, the server not counted
    std::size_t batch = 200;  // of all workers together
    std::uint64_t rounds = 300;
    std::uint64_t seed = 1;
    int threads = 0;                   // 0: all processors
    std::uint64_t evaluate_every = 0;  // 0: about 25 points along the run
    std::uint64_t checkpoint_every = 0;
    std::filesystem::path checkpoint;
    bool resume = false;
    bool topology_given = false;
};

//! Runs the training, with a progress bar on stderr where that is a terminal. Throws `invalid_input` for words that are
//! wrong, before any work.
run_report train(const training_request& request);

//! This process's rank (0 without MPI): only rank 0 prints and writes.
int rank();

}  // namespace frugal::driver
