// Synthetic data, partitions and training without a BLAS: digests that must be the same on every instruction set.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <vector>

#include <frugal/data/partition.hpp>
#include <frugal/data/synthetic.hpp>
#include <frugal/objective/least_squares.hpp>
#include <frugal/objective/quadratic.hpp>
#include <frugal/objective/softmax_regression.hpp>

using namespace frugal;

namespace {

class digest {
public:
    void add(std::uint64_t word) { state_ = mix_bits(state_ ^ word); }
    void add(double x) { add(std::bit_cast<std::uint64_t>(x)); }
    void add(std::span<const float> x) {
        for (const float v : x) {
            add(std::uint64_t{std::bit_cast<std::uint32_t>(v)});
        }
    }
    void print(const char* what) const { std::printf("%s %016llx\n", what, static_cast<unsigned long long>(state_)); }

private:
    std::uint64_t state_ = 0;
};

//! Thirty steps of gradient descent.
template <class F>
void train(F f, const char* what) {
    digest d;
    std::vector<float> w(f.dimension());
    std::vector<float> g(f.dimension());
    for (int step = 0; step < 30; ++step) {
        d.add(f.value_and_gradient(w, {}, g));
        d.add(g);
        for (std::size_t j = 0; j < w.size(); ++j) {
            w[j] -= rounded(0.5f * g[j]);
        }
    }
    d.add(w);
    d.print(what);
}

template <class P>
void divide(const P& partitioner, std::span<const std::uint32_t> labels) {
    digest d;
    const partition p = partitioner(labels, 16, {.seed = 1, .node = 0, .round = 0, .purpose = purposes::partition});
    for (std::size_t i = 0; i < p.size(); ++i) {
        d.add(std::uint64_t{p[i].size()});
        for (const std::uint32_t s : p[i]) {
            d.add(std::uint64_t{s});
        }
    }
    d.print(partitioner.name().c_str());
}

}  // namespace

int main() {
    const random_key key{.seed = 1, .node = 0, .round = 0, .purpose = purposes::data};
    const dataset mixture = gaussian_mixture{.samples = 500, .dimension = 77}(key).train;
    const regression_problem regression = linear_regression{.samples = 300, .dimension = 41}(key);
    digest d;
    d.add(mixture.features());
    d.add(regression.data.labels());
    d.print("synthetic");
    train(softmax_regression(mixture, 0.01f), "softmax_regression");
    train(least_squares(regression.data, 0.1f), "least_squares");
    train(quadratic(regression.solution, 0.3f), "quadratic");
    divide(iid{}, mixture.labels());
    divide(shards{}, mixture.labels());
    for (const double alpha : {0.05, 0.5, 3.0}) {
        divide(dirichlet{.alpha = alpha}, mixture.labels());
        divide(dirichlet_mixture{.alpha = alpha}, mixture.labels());
    }
}
