//! Which node holds which samples.
//!
//! | partitioner          | nodes hold                                               | source                     |
//! |----------------------|----------------------------------------------------------|----------------------------|
//! | `iid`                | a uniformly random share each                            | -                          |
//! | `shards`             | a few runs of the samples sorted by label                | McMahan et al. 2017        |
//! | `dirichlet`          | of every class a Dirichlet share, half a mean or more    | Lin et al. 2020 (FedDF)    |
//! | `dirichlet_mixture`  | equal sizes, class frequencies drawn per node            | Hsu, Qi, Brown 2019        |
//!
//! A partitioner is called with the label of every sample, the number of nodes and a key; the result is a function of
//! these alone. Every sample is given to exactly one node, and no node is empty.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <frugal/core/describe.hpp>
#include <frugal/core/error.hpp>
#include <frugal/core/exact_math.hpp>
#include <frugal/core/random.hpp>
#include <frugal/data/gamma.hpp>

namespace frugal {

//! The samples of every node, each list increasing.
class partition {
public:
    partition() = default;
    //! From one list per node; the lists are sorted.
    explicit partition(const std::vector<std::vector<std::uint32_t>>& lists) {
        ends_.reserve(lists.size() + 1);
        ends_.push_back(0);
        for (const auto& list : lists) {
            samples_.insert(samples_.end(), list.begin(), list.end());
            std::sort(samples_.begin() + static_cast<std::ptrdiff_t>(ends_.back()), samples_.end());
            ends_.push_back(samples_.size());
        }
    }

    //! Number of nodes.
    std::size_t size() const { return ends_.empty() ? 0 : ends_.size() - 1; }
    //! Number of samples of all nodes together.
    std::size_t samples() const { return samples_.size(); }
    //! The samples of node i < size().
    std::span<const std::uint32_t> operator[](std::size_t i) const {
        return std::span<const std::uint32_t>(samples_).subspan(ends_[i], ends_[i + 1] - ends_[i]);
    }

private:
    std::vector<std::uint32_t> samples_;
    std::vector<std::size_t> ends_;
};

//! Deals samples out to nodes: p(labels, nodes, key), a function of these alone. Throws `invalid_input` where there are
//! fewer samples than nodes.
template <class P>
concept Partitioner =
    std::copyable<P> && requires(const P p, std::span<const std::uint32_t> labels, std::size_t nodes, random_key key) {
        { p(labels, nodes, key) } -> std::same_as<partition>;
        { p.name() } -> std::convertible_to<std::string>;
    };

namespace detail {

inline void check_partition(std::size_t samples, std::size_t nodes) {
    expect(nodes > 0, "a partition needs at least one node");
    expect(nodes <= samples, [&] {
        return "cannot give each of " + std::to_string(nodes) + " nodes a sample: there are " +
               std::to_string(samples) + "; use fewer nodes";
    });
    expect(samples <= std::numeric_limits<std::uint32_t>::max(), "a partition holds at most 2^32 - 1 samples");
}

inline std::vector<std::uint32_t> shuffled_samples(std::size_t samples, random_key key) {
    std::vector<std::uint32_t> order(samples);
    std::iota(order.begin(), order.end(), 0u);
    shuffle(std::span<std::uint32_t>(order), key);
    return order;
}

//! For every class that occurs, in order, its samples, shuffled.
inline std::vector<std::vector<std::uint32_t>> shuffled_classes(std::span<const std::uint32_t> labels, random_key key) {
    std::vector<std::uint32_t> order = shuffled_samples(labels.size(), key);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return labels[a] < labels[b]; });
    std::vector<std::vector<std::uint32_t>> classes;
    for (std::size_t i = 0; i < order.size(); ++i) {
        if (i == 0 || labels[order[i]] != labels[order[i - 1]]) {
            classes.emplace_back();
        }
        classes.back().push_back(order[i]);
    }
    return classes;
}

//! a * b / c without overflow for c < 2^32, a <= c, b < 2^32.
inline std::size_t share_of(std::size_t a, std::size_t b, std::size_t c) {
    return static_cast<std::size_t>(std::uint64_t{a} * std::uint64_t{b} / std::uint64_t{c});
}

}  // namespace detail

//! Uniformly random shares whose sizes differ by at most one.
struct iid {
    static constexpr auto describe() { return describes("iid", "uniformly at random"); }
    partition operator()(std::span<const std::uint32_t> labels, std::size_t nodes, random_key key) const {
        const std::size_t n = labels.size();
        detail::check_partition(n, nodes);
        const std::vector<std::uint32_t> order = detail::shuffled_samples(n, key);
        std::vector<std::vector<std::uint32_t>> lists(nodes);
        for (std::size_t p = 0; p < nodes; ++p) {
            lists[p].assign(order.begin() + static_cast<std::ptrdiff_t>(detail::share_of(p, n, nodes)),
                            order.begin() + static_cast<std::ptrdiff_t>(detail::share_of(p + 1, n, nodes)));
        }
        return partition(lists);
    }
    std::string name() const { return described_name(*this); }
};

//! The samples sorted by label are cut into nodes * per_node runs of nearly equal length; every node gets per_node of
//! them at random, hence samples of few classes.
struct shards {
    std::size_t per_node = 2;

    static constexpr auto describe() {
        return describes("shards", "runs of the samples sorted by label",
                         part("per_node", &shards::per_node, "runs per node").from(1));
    }
    partition operator()(std::span<const std::uint32_t> labels, std::size_t nodes, random_key key) const {
        const std::size_t n = labels.size();
        detail::check_partition(n, nodes);
        expect(per_node > 0, "shards needs at least one shard per node");
        expect(per_node <= n / nodes, [&] {
            return "cannot cut " + std::to_string(n) + " samples into " + std::to_string(per_node) +
                   " shards for each of " + std::to_string(nodes) + " nodes; use fewer nodes or shards";
        });
        std::vector<std::uint32_t> order;
        for (const auto& samples : detail::shuffled_classes(labels, key.for_purpose(1))) {
            order.insert(order.end(), samples.begin(), samples.end());
        }
        const std::size_t count = nodes * per_node;
        const std::vector<std::uint32_t> shard = detail::shuffled_samples(count, key.for_purpose(2));
        std::vector<std::vector<std::uint32_t>> lists(nodes);
        for (std::size_t s = 0; s < count; ++s) {
            auto& list = lists[s / per_node];
            list.insert(
                list.end(), order.begin() + static_cast<std::ptrdiff_t>(detail::share_of(shard[s], n, count)),
                order.begin() + static_cast<std::ptrdiff_t>(detail::share_of(shard[s] + std::size_t{1}, n, count)));
        }
        return partition(lists);
    }
    std::string name() const { return described_name(*this); }
};

//! Of every class the nodes get shares drawn from a symmetric Dirichlet distribution over the nodes.
//!
//! alpha: large is iid, small gives most of a class to one node. balanced: a node that holds samples / nodes gets no
//! more of the classes that follow, and the draw is repeated until every node has half of that (Lin et al. 2020): sizes
//! lie between 1/2 of the mean and the mean plus the largest class (0.50 to 1.94 means were seen); without it every
//! node has at least one sample. Above ten nodes a balanced draw is made for groups of at most ten nodes with
//! proportional shares of every class, as the source does, or it would never end. Throws `invalid_input` if 1000 draws
//! do not suffice.
struct dirichlet {
    double alpha = 1;
    bool balanced = true;

    static constexpr auto describe() {
        return describes("dirichlet", "shares of every class drawn from a Dirichlet distribution",
                         option("alpha", &dirichlet::alpha, "concentration: small is more unequal").above(0),
                         option("balanced", &dirichlet::balanced, "whether sizes are nearly equal")
                             .one_of("false", "true")
                             .unless_default());
    }
    partition operator()(std::span<const std::uint32_t> labels, std::size_t nodes, random_key key) const {
        detail::check_partition(labels.size(), nodes);
        expect(alpha > 0 && std::isfinite(alpha), "the alpha of a Dirichlet partition must be finite and positive");
        const auto classes = detail::shuffled_classes(labels, key.for_purpose(1));
        const std::size_t groups = balanced ? (nodes + 9) / 10 : 1;
        std::vector<std::vector<std::uint32_t>> lists(nodes);
        std::vector<std::span<const std::uint32_t>> part(classes.size());
        for (std::size_t g = 0; g < groups; ++g) {
            const std::size_t first = detail::share_of(g, nodes, groups);
            const std::size_t last = detail::share_of(g + 1, nodes, groups);
            for (std::size_t c = 0; c < classes.size(); ++c) {
                const std::size_t begin = detail::share_of(first, classes[c].size(), nodes);
                const std::size_t end = detail::share_of(last, classes[c].size(), nodes);
                part[c] = std::span<const std::uint32_t>(classes[c]).subspan(begin, end - begin);
            }
            draw(part, std::span(lists).subspan(first, last - first),
                 random_key{key.seed, static_cast<std::uint32_t>(g), key.round, key.purpose});
        }
        return partition(lists);
    }
    std::string name() const { return described_name(*this); }

private:
    void draw(std::span<const std::span<const std::uint32_t>> classes, std::span<std::vector<std::uint32_t>> lists,
              random_key key) const {
        constexpr std::uint32_t attempts = 1000;
        const std::size_t nodes = lists.size();
        std::size_t samples = 0;
        for (const auto& c : classes) {
            samples += c.size();
        }
        const std::size_t full = samples / nodes;
        const std::size_t least = balanced ? std::max<std::size_t>(full / 2, 1) : 1;
        std::vector<double> shares(nodes);
        for (std::uint32_t attempt = 0; attempt < attempts; ++attempt) {
            for (auto& list : lists) {
                list.clear();
            }
            for (std::size_t c = 0; c < classes.size(); ++c) {
                const std::uint32_t purpose =
                    2 + attempt * static_cast<std::uint32_t>(classes.size()) + static_cast<std::uint32_t>(c);
                dirichlet_variate(alpha, key.for_purpose(2).for_purpose(purpose), shares);
                deal(classes[c], shares, full, lists);
            }
            const auto smallest = std::min_element(lists.begin(), lists.end(),
                                                   [](const auto& a, const auto& b) { return a.size() < b.size(); });
            if (smallest->size() >= least) {
                return;
            }
        }
        throw invalid_input(name() + " left a node with fewer than " + std::to_string(least) + " of " +
                            std::to_string(samples) + " samples in each of " + std::to_string(attempts) +
                            " draws; use a larger alpha, fewer nodes" + (balanced ? "" : " or balanced = true"));
    }

    //! Cuts one class at the cumulative shares.
    void deal(std::span<const std::uint32_t> samples, std::span<double> shares, std::size_t full,
              std::span<std::vector<std::uint32_t>> lists) const {
        double sum = 0;
        std::size_t last = 0;  // gets what rounding leaves
        for (std::size_t p = 0; p < shares.size(); ++p) {
            if (balanced && lists[p].size() >= full) {
                shares[p] = 0;
            }
            sum += shares[p];
            if (shares[p] > 0) {
                last = p;
            }
        }
        if (!(sum > 0)) {  // everybody with a share is full: the class goes to whoever has least
            last = static_cast<std::size_t>(
                std::min_element(lists.begin(), lists.end(),
                                 [](const auto& a, const auto& b) { return a.size() < b.size(); }) -
                lists.begin());
        }
        double cumulative = 0;
        std::size_t begin = 0;
        for (std::size_t p = 0; p <= last; ++p) {
            cumulative += shares[p];
            const double cut = sum > 0 ? cumulative / sum * static_cast<double>(samples.size()) : 0.0;
            const std::size_t end =
                p == last ? samples.size() : std::min(samples.size(), static_cast<std::size_t>(cut));
            lists[p].insert(lists[p].end(), samples.begin() + static_cast<std::ptrdiff_t>(begin),
                            samples.begin() + static_cast<std::ptrdiff_t>(end));
            begin = end;
        }
    }
};

//! The same, under the name that tells it from the random variate of gamma.hpp.
using dirichlet_partition = dirichlet;

//! Every node draws class frequencies q ~ Dirichlet(alpha p), p the frequencies of the whole data set, then its samples
//! from these classes without replacement; sizes differ by at most one (Hsu, Qi, Brown 2019).
//!
//! alpha is the total concentration: `dirichlet{.alpha = a}` of M classes is about as skewed as alpha = M a here. A
//! class that runs out is dropped from the frequencies of the nodes that follow, so the last nodes take what is left.
struct dirichlet_mixture {
    double alpha = 10;

    static constexpr auto describe() {
        return describes("dirichlet_mixture", "class frequencies of every node drawn from a Dirichlet distribution",
                         option("alpha", &dirichlet_mixture::alpha, "total concentration").above(0));
    }
    partition operator()(std::span<const std::uint32_t> labels, std::size_t nodes, random_key key) const {
        const std::size_t n = labels.size();
        detail::check_partition(n, nodes);
        expect(alpha > 0 && std::isfinite(alpha), "the alpha of a Dirichlet partition must be finite and positive");
        auto pool = detail::shuffled_classes(labels, key.for_purpose(1));
        const std::size_t classes = pool.size();
        std::vector<double> shape(classes);
        for (std::size_t c = 0; c < classes; ++c) {
            shape[c] = alpha * static_cast<double>(pool[c].size()) / static_cast<double>(n);
        }
        std::vector<std::vector<std::uint32_t>> lists(nodes);
        std::vector<double> frequency(classes);
        for (std::size_t p = 0; p < nodes; ++p) {
            const random_key own{key.seed, static_cast<std::uint32_t>(p), key.round, key.purpose};
            double largest = -HUGE_VAL;
            for (std::size_t c = 0; c < classes; ++c) {
                frequency[c] = log_gamma_stream(shape[c], own.for_purpose(2))(c);
                largest = pool[c].empty() ? largest : std::max(largest, frequency[c]);
            }
            const random_stream stream(own.for_purpose(3));
            const std::size_t count = detail::share_of(p + 1, n, nodes) - detail::share_of(p, n, nodes);
            for (std::size_t k = 0; k < count; ++k) {
                double sum = 0;
                for (std::size_t c = 0; c < classes; ++c) {
                    sum += pool[c].empty() ? 0.0 : exact_exp(frequency[c] - largest);
                }
                double u = rounded(stream.uniform_double(k) * sum);
                std::size_t chosen = classes;
                for (std::size_t c = 0; c < classes && (chosen == classes || u >= 0); ++c) {
                    if (!pool[c].empty()) {
                        chosen = c;
                        u -= exact_exp(frequency[c] - largest);
                    }
                }
                lists[p].push_back(pool[chosen].back());
                pool[chosen].pop_back();
                if (pool[chosen].empty()) {
                    largest = -HUGE_VAL;
                    for (std::size_t c = 0; c < classes; ++c) {
                        largest = pool[c].empty() ? largest : std::max(largest, frequency[c]);
                    }
                }
            }
        }
        return partition(lists);
    }
    std::string name() const { return described_name(*this); }
};

}  // namespace frugal
