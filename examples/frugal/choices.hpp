//! What the command line names beside the library's own catalogue: data sets, objectives, algorithms, the network.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <frugal/algorithm/ce_sgd.hpp>
#include <frugal/algorithm/choco.hpp>
#include <frugal/algorithm/majbool.hpp>
#include <frugal/catalogue.hpp>
#include <frugal/data/dataset.hpp>
#include <frugal/data/synthetic.hpp>
#include <frugal/node/network.hpp>
#include <frugal/node/speed.hpp>
#include <frugal/objective/any_objective.hpp>
#include <frugal/objective/boolean_mlp.hpp>

namespace frugal::driver {

//! Fashion-MNIST of Debian's package dataset-fashion-mnist.
struct fashion_mnist {
    static constexpr auto describe() {
        return describes("fashion-mnist", "Fashion-MNIST of Debian's package dataset-fashion-mnist");
    }
    std::string name() const { return described_name(*this); }
    train_test operator()(random_key) const;
};

using any_data_set = std::variant<fashion_mnist, gaussian_mixture>;

//! An objective of some node.
using objective_factory = std::function<any_objective(std::uint32_t node)>;

//! Each makes objectives from a training set (of classification, where it needs one) and a seed.
struct softmax_choice {
    float l2 = 0;
    static constexpr bool needs_data = true;
    static constexpr auto describe() {
        return describes("softmax", "softmax regression on the data",
                         option("l2", &softmax_choice::l2, "penalty l2 / 2 ||w||^2").from(0));
    }
    std::string name() const { return described_name(*this); }
    objective_factory operator()(const dataset& data, std::uint64_t seed) const;
};

struct mlp_choice {
    std::vector<std::size_t> hidden{};
    static constexpr bool needs_data = true;
    static constexpr auto describe() {
        return describes("mlp",
                         "multi-layer perceptron on the data: mlp(300,100) has hidden layers of 300 and 100 units",
                         rest("hidden", &mlp_choice::hidden, "units of each hidden layer").from(1).to(1 << 20));
    }
    std::string name() const { return described_name(*this); }
    void validate() const { validate_described(*this); }
    objective_factory operator()(const dataset& data, std::uint64_t seed) const;
};

struct boolean_mlp_choice {
    std::vector<std::size_t> hidden{256};
    float level = boolean_mlp_options{}.level;
    bool normalized = false;
    static constexpr bool needs_data = true;
    static constexpr auto describe() {
        return describes(
            "boolean_mlp", "perceptron of truth values with a real last layer",
            part("hidden", &boolean_mlp_choice::hidden, "units of each Boolean layer").from(1).to(1 << 20),
            option("level", &boolean_mlp_choice::level, "from which a feature is True"),
            option("normalized", &boolean_mlp_choice::normalized, "layer normalisation before activations"));
    }
    std::string name() const { return described_name(*this); }
    void validate() const { validate_described(*this); }
    objective_factory operator()(const dataset& data, std::uint64_t seed) const;
};

struct least_squares_choice {
    std::size_t samples = 1000;
    std::size_t dimension = 20;
    float noise = 0.1f;
    static constexpr bool needs_data = false;
    static constexpr auto describe() {
        return describes("least_squares", "linear regression on synthetic data of its own",
                         option("samples", &least_squares_choice::samples, "samples").from(1).to(1 << 28),
                         option("dimension", &least_squares_choice::dimension, "features").from(1).to(1 << 24),
                         option("noise", &least_squares_choice::noise, "of the targets").from(0));
    }
    std::string name() const { return described_name(*this); }
    objective_factory operator()(const dataset& data, std::uint64_t seed) const;
};

struct quadratic_choice {
    std::size_t dimension = 1000;
    float curvature = 1;
    static constexpr bool needs_data = false;
    static constexpr auto describe() {
        return describes("quadratic", "curvature / 2 ||w - c||^2 with a center c ~ N(0, I) per node",
                         option("dimension", &quadratic_choice::dimension, "parameters").from(1).to(1 << 28),
                         option("curvature", &quadratic_choice::curvature, "of the objective").from(1e-9).to(1e9));
    }
    std::string name() const { return described_name(*this); }
    objective_factory operator()(const dataset& data, std::uint64_t seed) const;
};

using objective_choice =
    std::variant<softmax_choice, mlp_choice, boolean_mlp_choice, least_squares_choice, quadratic_choice>;

struct synchronous_choice {
    static constexpr auto describe() {
        return describes("synchronous", "the mean of all workers' gradients, by --exchange or a server");
    }
    std::string name() const { return described_name(*this); }
};

//! Fields of a run of local steps.
struct local_sgd_choice {
    std::size_t steps = 4;
    std::size_t from_round = 0;
    any_optimizer outer = sgd{.learning_rate = 1.0};
    static constexpr auto describe() {
        return describes(
            "local_sgd", "runs of local steps between means (SlowMo with outer=momentum(...))",
            option("steps", &local_sgd_choice::steps, "local steps of a round").from(1).to(1 << 20),
            option("from_round", &local_sgd_choice::from_round, "one step in rounds before (post-local SGD)")
                .from(0)
                .to(1 << 30),
            option("outer", &local_sgd_choice::outer, "steps along the mean of changes"));
    }
    std::string name() const { return described_name(*this); }
};

struct fedavg_choice {
    std::size_t steps = 4;
    std::size_t sampled = 0;
    any_optimizer server = sgd{.learning_rate = 1.0};
    float mu = 0;
    static constexpr auto describe() {
        return describes("fedavg", "sampled clients make local steps from the server's model; FedProx with mu > 0",
                         option("steps", &fedavg_choice::steps, "local steps of a client").from(1).to(1 << 20),
                         option("sampled", &fedavg_choice::sampled, "clients of a round; 0: all").from(0).to(1 << 20),
                         option("server", &fedavg_choice::server, "the server's optimizer (FedAvgM, FedAdam)"),
                         option("mu", &fedavg_choice::mu, "holds clients near the server's model").from(0));
    }
    std::string name() const { return described_name(*this); }
};

struct fedbool_choice {
    std::size_t steps = 4;
    std::size_t sampled = 0;
    boolean_optimizer flips{};
    client_reduction reduction = client_reduction::mean;
    static constexpr auto describe() {
        return describes(
            "fedbool", "truth values inverted by the server, by gradients that --compressor quantizes",
            option("steps", &fedbool_choice::steps, "mini-batches of a client").from(1).to(1 << 20),
            option("sampled", &fedbool_choice::sampled, "clients of a round; 0: all").from(0).to(1 << 20),
            option("flips", &fedbool_choice::flips, "the server's optimizer of truth values; --optimizer: of numbers"),
            option("reduction", &fedbool_choice::reduction, "of the clients' gradients").one_of("mean", "sum"));
    }
    std::string name() const { return described_name(*this); }
};

struct majbool_choice {
    std::size_t steps = 4;
    std::size_t sampled = 0;
    boolean_optimizer flips{.learning_rate = 200};
    majority_vote vote{};
    static constexpr auto describe() {
        return describes(
            "majbool", "truth values inverted by the clients, who vote on them",
            option("steps", &majbool_choice::steps, "local steps of a client").from(1).to(1 << 20),
            option("sampled", &majbool_choice::sampled, "clients of a round; 0: all").from(0).to(1 << 20),
            option("flips", &majbool_choice::flips, "the clients' optimizer of truth values; --optimizer: of numbers"),
            option("vote", &majbool_choice::vote, "how the server counts"));
    }
    std::string name() const { return described_name(*this); }
};

struct dpsgd_choice {
    static constexpr auto describe() {
        return describes("dpsgd", "decentralized: a gradient step, then averaging with the neighbours");
    }
    std::string name() const { return described_name(*this); }
};

struct choco_choice {
    float gamma = choco_options{}.consensus_step;
    bool overlap = false;
    static constexpr auto describe() {
        return describes(
            "choco", "decentralized with compressed differences (CHOCO-SGD)",
            option("gamma", &choco_choice::gamma, "consensus step size").above(0).to(1),
            option("overlap", &choco_choice::overlap, "take the gradient while messages travel").unless_default());
    }
    std::string name() const { return described_name(*this); }
};

struct gradient_tracking_choice {
    static constexpr auto describe() {
        return describes("gradient_tracking", "decentralized, exact on objectives that differ");
    }
    std::string name() const { return described_name(*this); }
};

struct ce_sgd_choice {
    loss_mask mask{};
    bool residual = false;
    std::size_t probe = 0;
    bool averaged = false;
    double smoothing = 0;
    receiver_mask receiver = receiver_mask::none;
    static constexpr auto describe() {
        return describes(
            "ce_sgd", "gradient coordinates that were sent while the loss fell (CE-SGD)",
            part("mask", &ce_sgd_choice::mask, "its layers are the objective's, unless given").otherwise("loss_mask"),
            option("residual", &ce_sgd_choice::residual, "add what was not sent to the next gradient"),
            option("probe", &ce_sgd_choice::probe, "judge by the loss on so many samples; 0: on the mini-batch")
                .from(0)
                .to(1 << 30),
            option("averaged", &ce_sgd_choice::averaged, "judge by the mean loss of all workers"),
            option("smoothing", &ce_sgd_choice::smoothing, "weight of the past in the loss judged by").from(0).below(1),
            option("receiver", &ce_sgd_choice::receiver, "mask of a worker's own on what it receives")
                .one_of("none", "own"));
    }
    std::string name() const { return described_name(*this); }
};

struct async_sgd_choice {
    static constexpr auto describe() {
        return describes("async_sgd", "a server that waits for nobody; --engine event");
    }
    std::string name() const { return described_name(*this); }
};

struct fedbuff_choice {
    std::size_t steps = 4;
    std::size_t buffer = 4;
    float staleness_power = 0.5f;
    static constexpr auto describe() {
        return describes(
            "fedbuff", "updates of several clients that nobody waits for; --engine event",
            option("steps", &fedbuff_choice::steps, "local steps of a client").from(1).to(1 << 20),
            option("buffer", &fedbuff_choice::buffer, "contributions of an update").from(1).to(1 << 20),
            option("staleness_power", &fedbuff_choice::staleness_power, "discounts old contributions").from(0).to(16));
    }
    std::string name() const { return described_name(*this); }
};

using algorithm_choice =
    std::variant<synchronous_choice, local_sgd_choice, fedavg_choice, fedbool_choice, majbool_choice, dpsgd_choice,
                 choco_choice, gradient_tracking_choice, ce_sgd_choice, async_sgd_choice, fedbuff_choice>;

//! How long steps take, of `--engine event`.
struct speed_choice {
    speed_kind kind = speed_kind::deterministic;
    float mean = 0;
    float slow = 1;
    static constexpr auto describe() {
        return describes(
            "speed", "seconds of a local step, simulated",
            option("kind", &speed_choice::kind, "its distribution").one_of("deterministic", "exponential", "geometric"),
            option("mean", &speed_choice::mean, "seconds").from(0),
            option("slow", &speed_choice::slow, "every third node takes so many times as long").from(1));
    }
    std::string name() const { return described_name(*this); }
    operator speed_law() const {
        if (mean == 0) {
            return speed_law();
        }
        return speed_law(kind, [*this](std::uint32_t node) {
            return static_cast<double>(mean) * (node % 3 == 2 ? static_cast<double>(slow) : 1.0);
        });
    }
};

//! `network(latency=50us,bandwidth=100Mbps)`.
struct network_choice {
    duration latency{50e-6};
    bit_rate bandwidth{100e6};
    static constexpr auto describe() {
        return describes("network", "what is simulated", option("latency", &network_choice::latency, "of a message"),
                         option("bandwidth", &network_choice::bandwidth, "of each direction of each link"));
    }
    std::string name() const { return described_name(*this); }
    operator network_model() const { return {.latency = latency.seconds, .bandwidth = bandwidth.bits_per_second}; }
};

//! The element of that name; `invalid_input` that lists what is known if there is none.
template <class T>
const T& find_named(const std::vector<T>& all, const std::string& kind, const std::string& name) {
    std::vector<std::string> known;
    for (const T& element : all) {
        if (element.name == name) {
            return element;
        }
        known.push_back(element.name);
    }
    throw invalid_input("unknown " + kind + " '" + name + "'" + did_you_mean(name, known) +
                        "; known: " + joined(known));
}

}  // namespace frugal::driver

namespace frugal {

template <>
struct catalogue_of<driver::any_data_set> {
    static constexpr std::string_view kind = "data set";
    using policies = policy_list<driver::fashion_mnist, gaussian_mixture>;
};
template <>
struct catalogue_of<driver::objective_choice> {
    static constexpr std::string_view kind = "objective";
    using policies = policy_list<    //
        driver::softmax_choice,      //
        driver::mlp_choice,          //
        driver::boolean_mlp_choice,  //
        driver::least_squares_choice, driver::quadratic_choice>;
};
template <>
struct catalogue_of<driver::algorithm_choice> {
    static constexpr std::string_view kind = "algorithm";
    using policies = policy_list<          //
        driver::synchronous_choice,        //
        driver::local_sgd_choice,          //
        driver::fedavg_choice,             //
        driver::fedbool_choice,            //
        driver::majbool_choice,            //
        driver::dpsgd_choice,              //
        driver::choco_choice,              //
        driver::gradient_tracking_choice,  //
        driver::ce_sgd_choice,             //
        driver::async_sgd_choice,          //
        driver::fedbuff_choice>;
};
template <>
struct catalogue_of<driver::speed_choice> {
    static constexpr std::string_view kind = "speed";
    using policies = policy_list<driver::speed_choice>;
};
template <>
struct catalogue_of<driver::network_choice> {
    static constexpr std::string_view kind = "network";
    using policies = policy_list<driver::network_choice>;
};

}  // namespace frugal
