//! Spectral gaps and consensus (Lin 2022).
#include <cmath>

#include <frugal/algorithm/choco.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/engine/run.hpp>
#include <frugal/engine/tbb_engine.hpp>
#include <frugal/mix/topologies.hpp>

#include "claims.hpp"

namespace frugal::driver {
namespace {

std::vector<verdict> spectral_gaps(std::uint64_t) {
    std::vector<verdict> result;
    const auto add = [&](const mixing_matrix& w, double published) {
        const double gap = w.spectral_gap();
        result.push_back(
            {"spectral gap of " + w.name(), "Lin 2022, Table 4.2", published, gap, std::fabs(gap - published) < 0.01});
    };
    add(ring(4), 0.67);
    add(ring(16), 0.05);
    add(ring(36), 0.01);
    add(ring(64), 0.003);
    add(torus(4, 4), 0.4);
    add(torus(6, 6), 0.2);
    add(torus(8, 8), 0.12);
    add(complete(8), 1);
    return result;
}

std::vector<verdict> choco_consensus(std::uint64_t seed) {
    constexpr std::size_t nodes = 8, d = 50;
    std::vector<std::vector<float>> initial;
    for (std::uint32_t i = 0; i < nodes; ++i) {
        initial.push_back(normal_vector(d, {.seed = seed, .node = i, .purpose = purposes::user}));
        for (float& v : initial.back()) {
            v += static_cast<float>(i);
        }
    }
    const auto distance = [](const auto& all) {
        double sum = 0;
        for (std::size_t j = 0; j < d; ++j) {
            double average = 0;
            for (const auto& x : all) {
                average += double{x[j]} / nodes;
            }
            for (const auto& x : all) {
                sum += (x[j] - average) * (x[j] - average) / nodes;
            }
        }
        return sum;
    };
    auto run_nodes = choco_gossip({.consensus_step = 0.2f, .seed = seed}, ring(nodes), initial,
                                  sparse_compressor{top_k{.fraction = 0.1f}});
    run(tbb_engine{}, run_nodes, rounds{500});
    std::vector<std::span<const float>> end;
    for (const auto& n : run_nodes) {
        end.push_back(n.parameters());
    }
    const double ratio = distance(end) / distance(initial);
    return {
        {"CHOCO-Gossip, ring of 8, top 10 %, gamma 0.2: consensus distance falls to the rounding floor in 500 rounds",
         "Lin 2022, ch. 4; simulated", 1e-12, ratio, ratio < 1e-12}};
}

}  // namespace

reproductions_of_file gossip_claims() {
    return {{"spectral-gaps", "spectral gaps of rings, tori and complete graphs", spectral_gaps},
            {"choco-consensus", "CHOCO-Gossip reaches consensus with 10 % of the coordinates", choco_consensus}};
}

}  // namespace frugal::driver
