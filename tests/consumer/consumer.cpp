// What a stranger writes first: a vector goes through a compressor and comes back.
#include <cmath>
#include <cstdio>
#include <vector>

#include <frugal/frugal.hpp>

int main() {
    const std::vector<float> gradient{0.5f, -1.0f, 0.25f, 0.0f, 0.75f};
    frugal::scalar_compressor compressor{frugal::dithered{.levels = 1}};
    const frugal::random_key key{.seed = 42, .node = 1, .round = 7};

    frugal::message sent;
    compressor.compress(gradient, key, sent);
    const frugal::message received = frugal::message::parse(sent.bytes());

    std::vector<float> decoded(gradient.size());
    compressor.decompress(received, key, decoded);
    for (std::size_t i = 0; i < gradient.size(); ++i) {
        if (std::abs(decoded[i] - gradient[i]) > 0.5f) {
            std::fprintf(stderr, "coordinate %zu came back as %g\n", i, static_cast<double>(decoded[i]));
            return 1;
        }
    }
    std::printf("%zu floats in %llu bits\n", gradient.size(), static_cast<unsigned long long>(received.payload_bits()));
}
