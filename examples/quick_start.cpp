//! Compress a vector, send it, decode it: the program of the README.
#include <cmath>
#include <cstdio>
#include <vector>

#include <frugal/frugal.hpp>

int main() {
    std::vector<float> gradient(100000), decoded(gradient.size());
    for (std::size_t i = 0; i < gradient.size(); ++i) {
        gradient[i] = std::sin(0.01f * float(i));
    }
    frugal::scalar_compressor compressor{frugal::dithered{.levels = 1}, frugal::max_norm{}, frugal::range_coder{}};
    const frugal::random_key key{.seed = 42, .node = 3, .round = 17};  // shared by both sides, never sent

    frugal::message sent;
    compressor.compress(gradient, key, sent);

    const frugal::message received = frugal::message::parse(sent.bytes());  // checks magic, lengths and checksum
    compressor.decompress(received, key, decoded);
    std::printf("%zu bytes became %zu\n", gradient.size() * sizeof(float), received.bytes().size());
}
