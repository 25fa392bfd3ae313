//! `frugal train`: one objective by one algorithm. `frugal evaluate`: what it has learned.
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "commands.hpp"

namespace frugal::driver {

int run_train(const training_request& request, const std::filesystem::path& out) {
    std::optional<result_folder> folder;
    if (rank() == 0) {
        folder.emplace(out);
    }
    const run_report r = train(request);
    if (rank() != 0) {
        return r.diverged ? 1 : 0;
    }
    write_report(out, {r});
    write_curves(out, {r});
    const std::string picture = draw_curves(out, {r}, r.algorithm + ", " + r.compressor);
    std::cout << aligned_table({{"compressor", r.compressor},
                                {"rounds", std::to_string(r.rounds)},
                                {"training loss", fixed_text(r.train_loss, 4)},
                                {"test accuracy", fixed_text(100 * r.test_accuracy, 2) + " %"},
                                {"Kbit per node and round", fixed_text(r.payload_bits_per_node_per_round / 1e3, 2)},
                                {"network, simulated", fixed_text(r.seconds_network_simulated, 2) + " s"},
                                {"total", fixed_text(r.seconds_total, 2) + " s"},
                                {"digest", r.parameters_digest}});
    std::cout << "Report: " << (out / "report.json").string() << '\n' << picture << '\n';
    if (!request.save.empty()) {
        std::cout << "Model: " << request.save.string() << '\n';
    }
    if (!r.caution.empty()) {
        std::cerr << "frugal: " << r.caution << '\n';
    }
    if (r.diverged) {
        std::cerr << "frugal: the run diverged in round " << r.rounds << ": lower the learning rate"
                  << (r.algorithm == "choco" ? " or gamma" : "") << '\n';
        return 1;
    }
    return 0;
}

int run_evaluate(const training_request& request, const std::filesystem::path& model) {
    const model_quality e = evaluate(request, model);
    nlohmann::ordered_json j;
    j["model"] = model.string();
    j["dimension"] = e.dimension;
    j["train_loss"] = e.train_loss;
    j["test_accuracy"] = e.test_accuracy == e.test_accuracy ? nlohmann::json(e.test_accuracy) : nlohmann::json();
    std::cout << j.dump(2) << '\n';
    return 0;
}

}  // namespace frugal::driver
