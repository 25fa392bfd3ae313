//! One element in a hundred is sent, yet the mean over the rounds becomes the whole vector: what a message leaves out,
//! error feedback adds to the next.
#include <cmath>
#include <cstdio>

#include "frugal_single.hpp"

//! Distance of the mean of what was received from what was sent each round, relative to its norm.
template <frugal::Compressor C>
double lost_after(C compressor, std::uint64_t rounds, const std::vector<float>& x) {
    std::vector<float> mean(x.size());
    frugal::message m;
    for (std::uint64_t round = 0; round < rounds; ++round) {
        const frugal::random_key key{.seed = 1, .round = round};
        compressor.compress(x, key, m);
        compressor.decompress_add(m, key, 1.0f / float(rounds), mean);
    }
    double lost = 0, norm = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        lost += std::pow(double(mean[i]) - double(x[i]), 2);
        norm += std::pow(double(x[i]), 2);
    }
    return std::sqrt(lost / norm);
}

int main() {
    const std::vector<float> gradient = frugal::testing::normal_vector(1000, 1);
    const frugal::sparse_compressor largest{frugal::top_k{.fraction = 0.01}};
    double kept = 1;
    for (const std::uint64_t rounds : {1u, 10u, 100u, 1000u}) {
        kept = lost_after(frugal::error_feedback{largest}, rounds, gradient);
        std::printf("%5u rounds: lost %.3f, with error feedback %.3f\n", unsigned(rounds),
                    lost_after(largest, rounds, gradient), kept);
    }
    return kept < 0.1 ? 0 : 1;
}
