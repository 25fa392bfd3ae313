// Packed bits and a network of truth values, loaded from its file: sums and scores must be the same everywhere.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <vector>

#include <frugal/boolean/inference.hpp>
#include <frugal/boolean/network_file.hpp>
#include <frugal/core/random.hpp>
#include <frugal/kernels/bit_dot.hpp>
#include <frugal/kernels/bit_gemm.hpp>

#include "../boolean/sample_network.hpp"
#include "../kernels/bit_samples.hpp"

using namespace frugal;

namespace {

template <class T>
void print(const char* what, const std::vector<T>& values) {
    std::uint64_t digest = 0;
    for (const T value : values) {
        digest = mix_bits(digest ^ std::bit_cast<std::uint32_t>(value));
    }
    std::printf("%s %016llx\n", what, static_cast<unsigned long long>(digest));
}

void classify(const char* what, const boolean_network& network) {
    const std::vector<std::byte> file = format_boolean_network(network);
    std::printf("%s: file of %zu bytes, checksum %08x\n", what, file.size(),
                crc32c(std::span(file).first(file.size() - 4)));
    const boolean_inference inference(parse_boolean_network(file));
    constexpr std::size_t samples = 75;
    std::vector<float> scores(samples * inference.classes());
    inference.scores(test::normal_values(samples * inference.inputs(), 5), scores);
    print(what, scores);
}

}  // namespace

int main() {
    std::fprintf(stderr, "bits are counted by %s\n", kernels::popcount_path());
    for (const std::size_t depth : {100u, 5000u, 20000u}) {
        const bit_matrix a = test::random_bits(19, depth, 1);
        const bit_matrix b = test::random_bits(37, depth, 2);
        std::vector<std::int32_t> c(19 * 37);
        kernels::boolean_gemm(a, b, c);
        print("boolean_gemm", c);
        kernels::ternary_gemm(a, test::random_ternary(37, depth, 3), c);
        print("ternary_gemm", c);
        std::printf("xnor_dot %lld\n", static_cast<long long>(kernels::xnor_dot(a.row(0), b.row(0))));
    }
    classify("bits first", test::bit_network(784, 300, 10, 1));
    classify("reals first", test::real_network(100, 65, 7, 2));
    classify("normalised", test::normalized_network(100, 65, 7, 3));
    classify("convolutions", test::convolution_network(19, 7, 4));
    classify("pooling", test::pooled_network(19, 7, 5));
    return 0;
}
