#include "training.hpp"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <limits>
#include <variant>

#include <frugal/aggregate/side_information_mean.hpp>
#include <frugal/algorithm/async_sgd.hpp>
#include <frugal/algorithm/ce_sgd.hpp>
#include <frugal/algorithm/choco.hpp>
#include <frugal/algorithm/dpsgd.hpp>
#include <frugal/algorithm/fedavg.hpp>
#include <frugal/algorithm/fedbool.hpp>
#include <frugal/algorithm/fedprox.hpp>
#include <frugal/algorithm/gradient_tracking.hpp>
#include <frugal/algorithm/local_sgd.hpp>
#include <frugal/algorithm/majbool.hpp>
#include <frugal/algorithm/synchronous.hpp>
#include <frugal/data.hpp>
#include <frugal/data/sampler.hpp>
#include <frugal/engine/accuracy.hpp>
#include <frugal/engine/checkpoint.hpp>
#include <frugal/engine/event_engine.hpp>
#include <frugal/engine/progress.hpp>
#include <frugal/engine/run.hpp>
#include <frugal/engine/tbb_engine.hpp>
#include <frugal/mix/topologies.hpp>
#include <frugal/node/any_node.hpp>
#include <frugal/objective/accuracy.hpp>
#include <frugal/objective/on_grid.hpp>
#if defined(FRUGAL_WITH_MPI)
#include <frugal/engine/mpi_engine.hpp>
#endif

#include "choices.hpp"
#include "measured.hpp"
#include "settings.hpp"

namespace frugal::driver {
namespace {

constexpr double not_known = std::numeric_limits<double>::quiet_NaN();
constexpr std::uint64_t curve_points = 25;

//! The words of a request turned into objects, before any work is done.
struct setup {
    explicit setup(const training_request& r)
        : algorithm(parse<algorithm_choice>(r.algorithm)),
          compressor(parse<any_compressor>(r.compressor)),
          optimizer(parse<any_optimizer>(r.optimizer)),
          network(parse<network_choice>("network(" + r.network + ")")),
          speed(parse<speed_choice>("speed(" + r.speed + ")")) {
        if (!r.exchange.empty()) {
            exchange = parse<any_exchange>(r.exchange);
        }
        if (!r.coded_compressor.empty()) {
            coded = parse<any_compressor>(r.coded_compressor);
        }
        const auto partitioner = parse<any_partitioner>(r.partition);
        const auto objective = parse<objective_choice>(r.objective);
        if (std::visit([](const auto& o) { return o.needs_data; }, objective)) {
            expect(r.data.find('/') == std::string::npos || r.data.find('(') != std::string::npos ||
                       std::filesystem::is_directory(r.data),
                   [&] { return "there is no folder " + r.data + " to read data from"; });
            data = std::filesystem::is_directory(r.data)
                       ? load_data(r.data)
                       : std::visit([&](const auto& d) { return d({.seed = r.seed, .purpose = purposes::data}); },
                                    parse<any_data_set>(r.data));
        }
        make_objective = std::visit([&](const auto& o) { return o(data.train, r.seed); }, objective);
        const any_objective model = make_objective(0);
        initial.resize(model.dimension());
        model.initialize({.seed = r.seed, .purpose = purposes::initialize}, initial);
        fit(model.layout());
        classifies = model.classes() > 0;
        if (const weight_grid* grid = optimizer.weights(); grid != nullptr && optimizer.differentiates_on_grid()) {
            make_objective = [latent = std::move(make_objective), on = *grid](std::uint32_t node) {
                return any_objective(on_grid(latent(node), on));
            };
        }
        if (classifies) {
            test = model.with_data(data.test);
            if (const weight_grid* grid = optimizer.weights()) {
                test = on_grid(test, *grid);
            }
            if (r.partition != "iid") {
                shares = std::visit(
                    [&](const auto& p) {
                        return p(data.train.labels(), r.nodes, {.seed = r.seed, .purpose = purposes::partition});
                    },
                    partitioner);
            }
        }
        samples = model.samples();
        expect(r.nodes <= r.batch && (samples == 1 || r.batch <= samples), [&] {
            return "--batch " + std::to_string(r.batch) + " cannot be split over --nodes " + std::to_string(r.nodes) +
                   " and " + std::to_string(samples) + " samples: it must lie between the two";
        });
        if (!r.topology.empty()) {
            topology = parse<any_mixing_matrix>(r.topology);
        }
    }
    //! Tells all that was parsed which tensors the model has.
    void fit(const tensor_layout& layout) {
        compressor.fit(layout);
        if (coded) {
            coded->fit(layout);
        }
        if (exchange) {
            exchange->fit(layout);
        }
        optimizer.fit(layout, initial);
        std::visit(
            [&](auto& a) {
                if constexpr (requires { a.outer; }) {
                    a.outer.fit(layout, initial);
                } else if constexpr (requires { a.server; }) {
                    a.server.fit(layout, initial);
                }
            },
            algorithm);
    }
    //! The mini-batches of worker k: an iid share of every epoch's permutation, or of its own samples.
    batch_sampler batches(const training_request& r, std::size_t k) const {
        if (shares) {
            return batch_sampler::local((*shares)[k], (k + 1) * r.batch / r.nodes - k * r.batch / r.nodes, k, r.seed);
        }
        return batch_sampler::global(samples == 1 ? r.batch : samples, r.batch, k, r.nodes,
                                     r.seed);  // 1: it has no samples
    }

    algorithm_choice algorithm;
    any_compressor compressor;
    std::optional<any_compressor> coded;
    any_optimizer optimizer;
    network_model network;
    speed_law speed;
    std::optional<any_exchange> exchange;
    train_test data;
    objective_factory make_objective;
    std::vector<float> initial;
    any_objective test;
    bool classifies = false;
    std::size_t samples = 1;
    std::optional<partition> shares;
    std::optional<any_mixing_matrix> topology;
};

class training {
public:
    training(const training_request& request, const setup& s) : request_(request), setup_(s) {
        evaluate_every_ = request.evaluate_every != 0 ? request.evaluate_every
                                                      : std::max<std::uint64_t>(1, request.rounds / curve_points);
        report_.name = request.name.empty() ? request.compressor : request.name;
        report_.algorithm = request.algorithm;
        report_.compressor = s.compressor.name();
        report_.nodes = request.nodes;
        report_.rounds = request.rounds;
        report_.batch = request.batch;
        report_.seed = request.seed;
        report_.dimension = s.initial.size();
        report_.settings = settings_of(request);
    }

    driver::run_report operator()() {
        std::visit([this](const auto& algorithm) { train(algorithm); }, setup_.algorithm);
        return report_;
    }

private:
    using server_exchange = server<measured_compressor, identity, side_information_mean>;

    measured_compressor compressor() const {
        return {setup_.compressor, setup_.coded, evaluate_every_, request_.scale_bucket, account_};
    }
    auto batches() const {
        return [this](std::size_t k) { return setup_.batches(request_, k); };
    }
    auto objective() const {
        return [this](std::size_t k) { return setup_.make_objective(static_cast<std::uint32_t>(k)); };
    }
    training_options options() const { return {.workers = request_.nodes, .seed = request_.seed}; }
    any_mixing_matrix mixing() const {
        const any_mixing_matrix matrix = setup_.topology ? *setup_.topology : any_mixing_matrix(ring(request_.nodes));
        expect(matrix.size() == request_.nodes, [&] {
            return "the topology " + matrix.name() + " has " + std::to_string(matrix.size()) +
                   " nodes, but --nodes is " + std::to_string(request_.nodes);
        });
        return matrix;
    }
    //! For methods that average: some published baselines are biased, so that is said and not refused.
    void caution_if_biased(const any_compressor& sender, const laws& sent) {
        if (!averages(sent) && !sender.ever_needs_side_information()) {
            report_.caution = sender.name() +
                              " is not known to be unbiased, and nothing makes good what it loses: the " +
                              "mean may settle elsewhere; error_feedback(...) around it, or --exchange " +
                              "'feedback(...)', corrects that";
        }
    }
    measured_compressor averaged_compressor() {
        caution_if_biased(setup_.compressor, laws_of(setup_.compressor, report_.dimension));
        return compressor();
    }
    //! Calls use(exchange) with the one asked for, or with a server that decodes --compressor.
    template <class Use>
    void with_exchange(Use use) {
        if (setup_.exchange) {
            caution_if_biased(setup_.exchange->compressor(), setup_.exchange->laws_for(report_.dimension));
            use(*setup_.exchange);
        } else {
            use(server_exchange(averaged_compressor(), identity(), side_information_mean()));
        }
    }

    void train(const synchronous_choice&) {
        with_exchange([&](auto exchange) {
            run_program(erase(
                synchronous(options(), objective(), setup_.initial, batches(), std::move(exchange), setup_.optimizer)));
        });
    }
    void train(const local_sgd_choice& c) {
        with_exchange([&](auto exchange) {
            run_program(erase(local_sgd(options(), {c.steps, c.from_round}, objective(), setup_.initial, batches(),
                                        std::move(exchange), setup_.optimizer, c.outer)));
        });
    }
    void train(const fedavg_choice& c) {
        const federated_options options = federated(c.steps, c.sampled);
        with_exchange([&](auto exchange) {
            run_program(c.mu == 0 ? erase(fedavg(options, objective(), setup_.initial, batches(), setup_.optimizer,
                                                 c.server, exchange))
                                  : erase(fedprox(options, c.mu, objective(), setup_.initial, batches(),
                                                  setup_.optimizer, c.server, exchange)));
        });
    }
    federated_options federated(std::size_t steps, std::size_t sampled) const {
        return {.clients = static_cast<std::uint32_t>(request_.nodes),
                .sampled = static_cast<std::uint32_t>(sampled),
                .steps = {.count = steps},
                .seed = request_.seed};
    }
    void train(const fedbool_choice& c) {
        expect(!setup_.exchange, "fedbool sends truth values down and gradients up, and takes no --exchange");
        inverts_ = true;
        run_program(erase(fedbool(federated(c.steps, c.sampled), objective(), setup_.initial, batches(), c.flips,
                                  setup_.optimizer, compressor(), c.reduction)));
    }
    void train(const majbool_choice& c) {
        expect(!setup_.exchange, "majbool sends truth values both ways and takes no --exchange");
        inverts_ = true;
        run_program(erase(majbool(federated(c.steps, c.sampled), objective(), setup_.initial, batches(), c.flips,
                                  setup_.optimizer, c.vote)));
    }
    void train(const dpsgd_choice&) {
        expect(!setup_.exchange, "dpsgd averages with the neighbours of --topology and takes no --exchange");
        run_program(erase(dpsgd({.seed = request_.seed}, mixing(), objective(), setup_.initial, batches(),
                                setup_.optimizer, averaged_compressor())));
    }
    void train(const choco_choice& c) {
        expect(!setup_.exchange, "choco averages with the neighbours of --topology and takes no --exchange");
        run_program(erase(choco({.consensus_step = c.gamma,
                                 .seed = request_.seed,
                                 .order = c.overlap ? round_order::overlap : round_order::sequential},
                                mixing(), objective(), setup_.initial, batches(), compressor(), setup_.optimizer)));
    }
    void train(const gradient_tracking_choice&) {
        expect(!setup_.exchange, "gradient_tracking averages with the neighbours of --topology");
        run_program(erase(gradient_tracking(request_.seed, mixing(), objective(), setup_.initial, batches(),
                                            setup_.optimizer, averaged_compressor())));
    }
    void train(const ce_sgd_choice& c) {
        expect(!setup_.exchange, "ce_sgd masks gradients on their way to a server and takes no --exchange");
        ce_sgd_options with{request_.nodes, request_.seed, {{}, c.averaged, c.smoothing}, c.receiver};
        expect(c.probe <= setup_.samples, "ce_sgd: the probe has more samples than the data");
        for (std::uint32_t i = 0; i < c.probe; ++i) {
            with.feedback.probe.push_back(i);
        }
        sparse_compressor masked(c.mask, setup_.compressor, bitmap_indices{});
        masked.fit(setup_.make_objective(0).layout());
        const auto train_by = [&](auto codec) {
            run_program(erase(
                ce_sgd(with, objective(), setup_.initial, batches(), server(std::move(codec)), setup_.optimizer)));
        };
        if (c.residual) {
            train_by(error_feedback(masked));
        } else {
            train_by(masked);
        }
    }
    void train(const async_sgd_choice&) {
        auto nodes = async_sgd({.workers = request_.nodes, .seed = request_.seed}, objective(), setup_.initial,
                               batches(), setup_.optimizer, averaged_compressor());
        run_reactors(nodes);
    }
    void train(const fedbuff_choice& c) {
        auto nodes = fedbuff({.workers = request_.nodes,
                              .buffer = c.buffer,
                              .steps = {.count = c.steps},
                              .staleness_power = c.staleness_power,
                              .seed = request_.seed},
                             objective(), setup_.initial, batches(), setup_.optimizer, averaged_compressor());
        run_reactors(nodes);
    }

    void run_program(population<any_node> nodes) {
        const auto threads = static_cast<std::size_t>(request_.threads);
        if (request_.engine == "tbb") {
            finish(observe(tbb_engine{.threads = threads, .network = setup_.network}, nodes));
            return;
        }
        if (request_.engine == "event") {
            finish(observe(event_engine{.network = setup_.network, .speed = setup_.speed}, nodes));
            return;
        }
#if defined(FRUGAL_WITH_MPI)
        if (request_.engine == "mpi") {
            finish(observe(mpi_engine{.threads = threads, .network = setup_.network}, nodes));
            return;
        }
#endif
        throw invalid_input("this program has no engine named " + request_.engine + "; known: tbb, event" +
#if defined(FRUGAL_WITH_MPI)
                            " and mpi"
#else
                            " (it was built without MPI)"
#endif
        );
    }
    template <class Nodes>
    void run_reactors(Nodes& nodes) {
        expect(request_.engine == "event", "asynchronous algorithms run in simulated time: give --engine event");
        expect(!setup_.exchange, "asynchronous algorithms exchange with a server and take no --exchange");
        finish(observe(event_engine{.network = setup_.network, .speed = setup_.speed}, nodes));
    }

    //! An observer that may be missing.
    template <class O>
    struct optional_observer {
        static constexpr bool collective = true;
        std::optional<O> observer{};

        void start(run_status& s) {
            if (observer) {
                if constexpr (requires { observer->start(s); }) {
                    observer->start(s);
                }
            }
        }
        void operator()(run_status& s) {
            if (observer) {
                (*observer)(s);
            }
        }
        void finish(run_status& s) {
            if (observer) {
                if constexpr (requires { observer->finish(s); }) {
                    observer->finish(s);
                }
            }
        }
    };

    template <class Engine, class Nodes>
    frugal::run_report observe(const Engine& engine, Nodes& nodes) {
        optional_observer<accuracy_every<any_objective>> accuracy;
        if (setup_.classifies) {
            accuracy.observer.emplace("test_accuracy", evaluate_every_, setup_.test);
        }
        evaluate_every nothing("test_accuracy", evaluate_every_, [this](const run_status& s) {
            const metric* known = s.find("test_accuracy");
            return setup_.classifies && known != nullptr ? known->value : not_known;
        });
        curve_recorder curve{*this};
        progress_bar bar{.label = report_.name};
        const std::uint64_t configuration = scheme_id(configuration_text(request_));
        nodes.configure(configuration);
        optional_observer<resume> loading;
        optional_observer<checkpoint_every> saving;
        if (request_.resume) {
            loading.observer = resume{.directory = request_.checkpoint.string(), .configuration = configuration};
        }
        if (request_.checkpoint_every > 0) {
            saving.observer = checkpoint_every{.rounds = request_.checkpoint_every,
                                               .directory = request_.checkpoint.string(),
                                               .configuration = configuration};
        }
        const frugal::run_report r = run(engine, nodes, rounds{request_.rounds} || divergence_guard{}, loading,
                                         accuracy, nothing, curve, bar, saving);
        if (!request_.save.empty() && rank() == 0) {
            write_floats(request_.save, nodes[0].parameters());  // the server's, or one of those that agree
        }
        return r;
    }

    //! Observer: a point of the curve for every evaluation. Checkpoints keep it.
    struct curve_recorder {
        training& owner;

        void operator()(const run_status& s) {
            const metric* accuracy = s.find("test_accuracy");
            if (accuracy != nullptr && accuracy->round == s.round()) {
                add(s, accuracy->value);
            }
        }
        void finish(const run_status& s) {
            const metric* accuracy = s.find("test_accuracy");
            if (accuracy != nullptr && (points().empty() || points().back().round != s.round())) {
                add(s, accuracy->value);
            }
        }
        void state(state_archive& a) {
            std::vector<double> numbers;
            for (const curve_point& p : points()) {
                numbers.insert(numbers.end(), {static_cast<double>(p.round), p.payload_bits_per_node,
                                               p.seconds_simulated, p.train_loss, p.test_accuracy});
            }
            a(numbers);
            expect_message(numbers.size() % 5 == 0, "a checkpoint holds a part of a curve's point: it was altered");
            points().clear();
            for (std::size_t i = 0; i < numbers.size(); i += 5) {
                points().push_back({static_cast<std::uint64_t>(numbers[i]), numbers[i + 1], numbers[i + 2],
                                    numbers[i + 3], numbers[i + 4]});
            }
        }

    private:
        std::vector<curve_point>& points() { return owner.report_.curve; }
        void add(const run_status& s, double accuracy) {
            const auto workers = static_cast<double>(owner.request_.nodes);
            points().push_back(
                {.round = s.round(),
                 .payload_bits_per_node = owner.uplink_bits(s) / workers,
                 .seconds_simulated = s.network_seconds + (s.compute_seconds + s.codec_seconds) / workers,
                 .train_loss = s.loss,
                 .test_accuracy = accuracy});
        }
    };

    //! What the workers sent, or received; the server, where there is one, sends the model.
    double worker_bits(const frugal::run_report& s, traffic node_totals::* direction) const {
        double bits = 0;
        for (std::size_t i = s.per_node.size() - request_.nodes; i < s.per_node.size(); ++i) {
            bits += static_cast<double>((s.per_node[i].*direction).payload_bits);
        }
        return bits;
    }
    double uplink_bits(const frugal::run_report& s) const { return worker_bits(s, &node_totals::sent); }

    void finish(const frugal::run_report& r) {
        expect(r.round() <= request_.rounds, [&] {
            return "the checkpoint in " + request_.checkpoint.string() + " is of round " + std::to_string(r.round()) +
                   ", past --rounds " + std::to_string(request_.rounds);
        });
        const auto workers = static_cast<double>(request_.nodes);
        const auto done = static_cast<double>(std::max<std::uint64_t>(1, r.round()));
        report_.rounds = r.round();
        report_.threads = static_cast<int>(r.threads);
        report_.ranks = static_cast<int>(r.ranks);
        report_.train_loss = r.loss;
        report_.test_accuracy = report_.curve.empty() ? not_known : report_.curve.back().test_accuracy;
        report_.payload_bits_per_node_per_round = uplink_bits(r) / workers / done;
        report_.downlink_bits_per_node_per_round = worker_bits(r, &node_totals::received) / workers / done;
        report_.wire_bytes_total = static_cast<double>(r.received.wire_bytes);
        report_.seconds_compute = r.compute_seconds;
        report_.seconds_codec = r.codec_seconds;
        report_.seconds_network_simulated = r.network_seconds;
        report_.seconds_total = r.seconds;
        report_.parameters_digest = r.parameters_digest;
        report_.diverged = r.diverged();
        if (inverts_ && r.is_root() && r.counted("flips") == 0) {
            std::cerr << "frugal: no truth value was inverted: raise the learning rate of flips, or the steps\n";
        }
        const auto ratio = [](double a, double b) { return b > 0 ? a / b : not_known; };
        const auto of = [](const std::atomic<std::uint64_t>& v) { return static_cast<double>(v.load()); };
        const codec_account& c = *account_;
        report_.encode_gbps = ratio(4 * of(c.encoded_floats), of(c.encode_nanoseconds));
        report_.decode_gbps = ratio(4 * of(c.decoded_floats), of(c.decode_nanoseconds));
        report_.coded_bits_per_node_per_round = ratio(of(c.coded_bits), of(c.sampled_messages));
        report_.wrap_failure_rate = ratio(of(c.wrap_failures), of(c.side_values));
    }

    const training_request& request_;
    const setup& setup_;
    std::uint64_t evaluate_every_ = 1;
    bool inverts_ = false;  // does the algorithm invert truth values?
    std::shared_ptr<codec_account> account_ = std::make_shared<codec_account>();
    driver::run_report report_;
};

}  // namespace

driver::run_report train(const training_request& request) {
    expect(request.engine == "mpi" || ranks_started() <= 1,
           "this program was started on several ranks, but runs on each of them alone: give --engine mpi");
    const bool keeps = request.checkpoint_every != 0 || request.resume;
    expect(!keeps || !request.checkpoint.empty(), "--checkpoint-every and --resume need --checkpoint DIR");
    expect(keeps || request.checkpoint.empty(), "--checkpoint DIR needs --checkpoint-every K or --resume");
    const setup s(request);
    return training(request, s)();
}

model_quality evaluate(const training_request& request, const std::filesystem::path& model) {
    training_request alone = request;
    alone.batch = alone.nodes = 1;
    setup s(alone);
    const std::vector<float> w = read_floats(model);
    expect(w.size() == s.initial.size(), [&] {
        return model.string() + " holds " + std::to_string(w.size()) + " parameters, but " + request.objective +
               " has " + std::to_string(s.initial.size());
    });
    any_objective objective = s.make_objective(0);
    return {.dimension = w.size(),
            .train_loss = objective.value(w, {}),
            .test_accuracy = s.classifies ? frugal::evaluate(s.test, w).accuracy : not_known};
}

int rank() {
#if defined(FRUGAL_WITH_MPI)
    int started = 0;
    MPI_Initialized(&started);
    if (started != 0) {
        int r = 0;
        MPI_Comm_rank(MPI_COMM_WORLD, &r);
        return r;
    }
#endif
    return 0;
}

int ranks_started() {
    for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MPI_LOCALNRANKS"}) {
        if (const char* text = std::getenv(name)) {
            return std::atoi(text);
        }
    }
    return 0;
}

}  // namespace frugal::driver
