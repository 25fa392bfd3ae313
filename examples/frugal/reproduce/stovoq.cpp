//! Distortion of StoVoQ (Leconte 2024, Table 5.1).
#include <frugal/compress/stovoq.hpp>

#include "claims.hpp"

namespace frugal::driver {
namespace {

std::vector<verdict> stovoq_distortion(std::uint64_t seed) {
    constexpr std::size_t vectors = 2000, dimension = 16, workers = 20;
    stovoq c{.dimension = dimension, .codewords = 8192, .bias_bits = 3};
    const auto x = normal_vector(vectors * dimension, {.seed = seed, .purpose = purposes::user});
    std::vector<float> y(x.size()), sum(x.size());
    message m;
    double one = 0;
    for (std::uint32_t k = 0; k < workers; ++k) {
        const random_key key{.seed = seed, .node = k, .purpose = purposes::message};
        c.compress(x, key, m);
        c.decompress(m, key, y);
        one = k == 0 ? squared_error(x, y) / vectors : one;
        for (std::size_t i = 0; i < y.size(); ++i) {
            sum[i] += y[i] / workers;
        }
    }
    return {within("StoVoQ, D = 16, M = 2^13, Gaussian vectors: distortion, 1 worker", "Leconte 2024, Table 5.1", 11.0,
                   one, 0.05),
            within("StoVoQ, D = 16, M = 2^13, Gaussian vectors: distortion of the mean of 20 workers",
                   "Leconte 2024, Table 5.1", 0.53, squared_error(x, sum) / vectors, 0.1)};
}

}  // namespace

reproductions_of_file stovoq_claims() {
    return {{"stovoq-distortion", "distortion of StoVoQ for 1 and 20 workers", stovoq_distortion}};
}

}  // namespace frugal::driver
