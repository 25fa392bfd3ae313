#include "catch.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <frugal/data/partition.hpp>

using namespace frugal;

static_assert(Partitioner<iid> && Partitioner<shards> && Partitioner<dirichlet> && Partitioner<dirichlet_mixture>);
static_assert(!Partitioner<int> && !Partitioner<partition>);

namespace {

std::vector<std::uint32_t> cyclic_labels(std::size_t samples, std::uint32_t classes) {
    std::vector<std::uint32_t> labels(samples);
    for (std::size_t i = 0; i < samples; ++i) {
        labels[i] = static_cast<std::uint32_t>(i) % classes;
    }
    return labels;
}

bool every_sample_once(const partition& p, std::size_t samples) {
    std::vector<int> seen(samples);
    for (std::size_t i = 0; i < p.size(); ++i) {
        for (const std::uint32_t s : p[i]) {
            ++seen.at(s);
        }
        if (p[i].empty() || !std::is_sorted(p[i].begin(), p[i].end())) {
            return false;
        }
    }
    return std::all_of(seen.begin(), seen.end(), [](int n) { return n == 1; });
}

bool same(const partition& a, const partition& b) {
    if (a.size() != b.size()) {
        return false;
    }
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (!std::equal(a[i].begin(), a[i].end(), b[i].begin(), b[i].end())) {
            return false;
        }
    }
    return true;
}

std::size_t classes_of(std::span<const std::uint32_t> samples, const std::vector<std::uint32_t>& labels) {
    std::set<std::uint32_t> seen;
    for (const std::uint32_t s : samples) {
        seen.insert(labels[s]);
    }
    return seen.size();
}

constexpr random_key key{.seed = 5, .node = 0, .round = 0, .purpose = purposes::partition};

}  // namespace

TEMPLATE_TEST_CASE("partition: every sample once, no node empty, a function of the key", "[data][partition]", iid,
                   shards, dirichlet, dirichlet_mixture) {
    const TestType partitioner{};
    for (const std::size_t samples : {1u, 31u, 32u, 33u, 1000u}) {
        for (const std::size_t nodes : {1u, 2u, 16u}) {
            if (samples < 8 * nodes && !(samples == 1 && nodes == 1)) {
                continue;
            }
            TestType p = partitioner;
            if constexpr (requires { p.per_node; }) {
                p.per_node = samples == 1 ? 1 : 2;
            }
            const auto labels = cyclic_labels(samples, 5);
            const partition a = p(labels, nodes, key);
            CHECK(a.size() == nodes);
            CHECK(a.samples() == samples);
            CHECK(every_sample_once(a, samples));
            CHECK(same(a, p(labels, nodes, key)));
            random_key other = key;
            other.seed = 6;
            CHECK((nodes == 1 || !same(a, p(labels, nodes, other))));
        }
    }
    const auto labels = cyclic_labels(10, 2);
    CHECK_THROWS_AS(partitioner(labels, 0, key), invalid_input);
    CHECK_THROWS_AS(partitioner(labels, 11, key), invalid_input);
    CHECK_THROWS_AS(partitioner(std::span<const std::uint32_t>(), 1, key), invalid_input);
}

TEST_CASE("iid: sizes differ by at most one", "[data][partition]") {
    const partition p = iid{}(cyclic_labels(1003, 10), 16, key);
    for (std::size_t i = 0; i < p.size(); ++i) {
        CHECK((p[i].size() == 62 || p[i].size() == 63));
    }
}

TEST_CASE("shards: a node sees few classes", "[data][partition]") {
    const auto labels = cyclic_labels(10000, 10);
    const partition p = shards{.per_node = 2}(labels, 50, key);
    for (std::size_t i = 0; i < p.size(); ++i) {
        CHECK(p[i].size() == 200);
        CHECK(classes_of(p[i], labels) <= 2);
    }
    CHECK_THROWS_AS(shards{.per_node = 0}(labels, 5, key), invalid_input);
    CHECK_THROWS_AS(shards{.per_node = 3000}(labels, 5, key), invalid_input);
    CHECK(shards{.per_node = 3}.name() == "shards(3)");
}

TEST_CASE("dirichlet: per-class shares have the variance of the distribution", "[data][partition][statistical]") {
    // Of n nodes a share has mean 1/n and variance (1/n)(1 - 1/n)/(n alpha + 1).
    for (const double alpha : {0.1, 1.0, 10.0}) {
        constexpr std::size_t n = 16;
        constexpr std::uint32_t trials = 4000;
        std::vector<double> shares(n);
        double sum = 0;
        double squares = 0;
        double fourth = 0;
        for (std::uint32_t t = 0; t < trials; ++t) {
            dirichlet_variate(alpha, {.seed = 9, .node = t, .round = 0, .purpose = purposes::partition}, shares);
            double total = 0;
            for (const double s : shares) {
                CHECK((s >= 0 && s <= 1));
                total += s;
            }
            CHECK(total == Approx(1.0).epsilon(1e-12));
            sum += shares[t % n];
            const double square = (shares[t % n] - 1.0 / n) * (shares[t % n] - 1.0 / n);
            squares += square;
            fourth += square * square;
        }
        const double variance = (1.0 / n) * (1 - 1.0 / n) / (n * alpha + 1);
        CHECK(std::fabs(sum / trials - 1.0 / n) < 4.5 * std::sqrt(variance / trials));
        const double deviation = std::sqrt((fourth / trials - variance * variance) / trials);
        CHECK(std::fabs(squares / trials - variance) < 4.5 * deviation);
    }
}

TEST_CASE("dirichlet: small alpha separates the classes, large alpha mixes them", "[data][partition]") {
    const auto labels = cyclic_labels(6000, 10);
    const auto largest_fraction = [&](const partition& p) {
        double mean = 0;
        for (std::size_t i = 0; i < p.size(); ++i) {
            std::vector<double> count(10);
            for (const std::uint32_t s : p[i]) {
                count[labels[s]] += 1;
            }
            mean += *std::max_element(count.begin(), count.end()) / static_cast<double>(p[i].size()) /
                    static_cast<double>(p.size());
        }
        return mean;
    };
    CHECK(largest_fraction(dirichlet{.alpha = 0.1}(labels, 10, key)) > 0.4);
    CHECK(largest_fraction(dirichlet{.alpha = 1000}(labels, 10, key)) < 0.13);
    CHECK(largest_fraction(dirichlet_mixture{.alpha = 0.5}(labels, 10, key)) > 0.4);
    CHECK(largest_fraction(dirichlet_mixture{.alpha = 10000}(labels, 10, key)) < 0.13);
}

TEST_CASE("dirichlet: balanced sizes are at least half the mean, for many nodes and any alpha", "[data][partition]") {
    const auto labels = cyclic_labels(20000, 10);
    for (const std::size_t nodes : {10u, 16u, 20u, 100u}) {
        for (const double alpha : {0.01, 0.1, 1.0}) {
            const partition p = dirichlet{.alpha = alpha}(labels, nodes, key);
            CHECK(every_sample_once(p, labels.size()));
            for (std::size_t i = 0; i < p.size(); ++i) {
                CHECK(p[i].size() >= labels.size() / nodes / 2 - 1);
                CHECK(p[i].size() <= labels.size() / nodes + labels.size() / 10);
            }
        }
    }
}

TEST_CASE("dirichlet: what cannot be drawn is refused and says what to do", "[data][partition][hostile]") {
    const auto labels = cyclic_labels(100, 2);
    CHECK_THROWS_AS((dirichlet{.alpha = 0}(labels, 2, key)), invalid_input);
    CHECK_THROWS_AS((dirichlet{.alpha = -1}(labels, 2, key)), invalid_input);
    CHECK_THROWS_AS((dirichlet{.alpha = NAN}(labels, 2, key)), invalid_input);
    CHECK_THROWS_AS((dirichlet_mixture{.alpha = INFINITY}(labels, 2, key)), invalid_input);
    try {
        static_cast<void>(dirichlet{.alpha = 0.001, .balanced = false}(labels, 50, key));
        FAIL("nothing was thrown");
    } catch (const invalid_input& e) {
        CHECK(std::string(e.what()).find("balanced = true") != std::string::npos);
    }
    CHECK(dirichlet{.alpha = 0.5}.name() == "dirichlet(alpha=0.5)");
    CHECK(dirichlet{.alpha = 2, .balanced = false}.name() == "dirichlet(alpha=2,balanced=false)");
}
