//! How many bits a gradient takes, and what is lost, with a few compressors.
#include <cmath>
#include <cstdio>

#include "frugal_single.hpp"

template <frugal::Compressor C>
void measure(C compressor, const std::vector<float>& x) {
    const frugal::random_key key{.seed = 42, .node = 3, .round = 17};  // known to both sides, never sent
    frugal::message sent;
    compressor.compress(x, key, sent);

    const frugal::message received = frugal::message::parse(sent.bytes());
    std::vector<float> decoded(x.size());
    compressor.decompress(received, key, decoded);

    double error = 0, norm = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        error += std::pow(double(decoded[i]) - double(x[i]), 2);
        norm += std::pow(double(x[i]), 2);
    }
    std::printf("%6.3f bits an element, relative error %.4f: %s\n",
                8 * double(received.bytes().size()) / double(x.size()), error / norm, compressor.name().c_str());
}

int main() {
    const std::vector<float> gradient = frugal::testing::normal_vector(10000, 1);
    using namespace frugal;
    measure(scalar_compressor{dithered{.levels = 1}, bucketed{max_norm{}, 64}}, gradient);
    measure(scalar_compressor{dithered{.levels = 7}, bucketed{max_norm{}, 512}, rans{}}, gradient);
    measure(scalar_compressor{sign{}, mean_abs{}}, gradient);
    measure(sparse_compressor{top_k{.fraction = 0.01}}, gradient);
}
