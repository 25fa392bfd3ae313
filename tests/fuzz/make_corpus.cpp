// Writes seeds for the fuzzers: make_corpus DIR makes DIR/<target>/ for each target with valid inputs of every kind.

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <frugal/boolean/network_file.hpp>
#include <frugal/compress/error_feedback.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/engine/checkpoint.hpp>
#include <frugal/optimize/adam.hpp>
#include <frugal/optimize/momentum.hpp>

#include "../boolean/sample_network.hpp"
#include "../bytes.hpp"
#include "../compositions.hpp"
#include "compressors_input.hpp"

namespace {

std::filesystem::path root;
int count = 0;

void write(const std::string& target, std::span<const std::byte> bytes) {
    std::filesystem::create_directories(root / target);
    std::ofstream file(root / target / ("seed-" + std::to_string(count++)), std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (!file.flush()) {
        throw frugal::error("cannot write seeds to " + (root / target).string());
    }
}

void write(const std::string& target, std::string_view text) {
    write(target, std::as_bytes(std::span(text)));
}

std::vector<float> normal_values(std::size_t n) {
    const frugal::random_stream s({.seed = 1});
    std::vector<float> x(n);
    for (std::size_t i = 0; i < n; ++i) {
        x[i] = s.normal(i);
    }
    return x;
}

void compressors() {
    using fuzz::task;
    const auto all = test::all_compositions();
    for (std::size_t i = 0; i < all.size(); ++i) {
        for (const std::size_t dimension_index : {1u, 8u, 13u}) {
            for (const unsigned node : {0u, 1u}) {
                auto c = all[i];
                const auto x = normal_values(fuzz::dimensions[dimension_index]);
                frugal::message m;
                c.compress(x, {.seed = 7, .node = node, .round = 5, .purpose = 1}, m);
                const auto add = [&](task what, std::span<const std::byte> rest) {
                    write("compressors", fuzz::compressors_input::write(i, what, node, dimension_index, rest));
                };
                add(task::decode_payload, m.payload());
                if (dimension_index == 8u) {
                    add(task::decode_message, m.bytes().first(m.bytes().size() - frugal::message::checksum_size));
                    add(task::encode, std::as_bytes(std::span(x)));
                    std::vector<std::byte> twice(m.payload().begin(), m.payload().end());
                    twice.insert(twice.end(), m.payload().begin(), m.payload().end());
                    add(task::decode_twice, twice);
                    write("message", m.bytes());
                }
            }
        }
    }
}

void idx() {
    const auto array = [](std::initializer_list<std::uint8_t> extents) {
        std::vector<std::byte> bytes{std::byte{0}, std::byte{0}, std::byte{8}, static_cast<std::byte>(extents.size())};
        std::size_t values = 1;
        for (const std::uint8_t e : extents) {
            bytes.insert(bytes.end(), {std::byte{0}, std::byte{0}, std::byte{0}, std::byte{e}});
            values *= e;
        }
        bytes.resize(bytes.size() + values, std::byte{3});
        return bytes;
    };
    write("idx", array({5}));
    write("idx", array({2, 3, 4}));
    write("idx", array({0}));
    const auto samples = array({6, 2, 2});
    const auto labels = array({6});
    std::vector<std::byte> both(1);
    both.insert(both.end(), samples.begin(), samples.end());
    both.insert(both.end(), labels.begin(), labels.end());
    for (std::size_t split = 0; split < 256; ++split) {
        if ((both.size() - 1) * split / 255 == samples.size()) {
            both[0] = static_cast<std::byte>(split);
        }
    }
    write("idx", both);
}

void checkpoints() {
    frugal::checkpoint c;
    write("checkpoint", frugal::format_checkpoint(c));
    c.configuration = 1;
    c.round = 2;
    c.run.resize(20, std::byte{1});
    c.nodes.resize(3, std::vector<std::byte>(7, std::byte{2}));
    const auto bytes = frugal::format_checkpoint(c);
    write("checkpoint", bytes);
    write("checkpoint", std::span<const std::byte>(bytes).first(bytes.size() - 4));
}

template <class T>
void saved_state(T& value) {
    std::vector<std::byte> bytes;
    frugal::state_archive a(bytes);
    a(value);
    write("state", bytes);
}

void states() {
    const auto x = normal_values(4);
    frugal::error_feedback feedback{frugal::sparse_compressor{frugal::top_k{.count = 2}}};
    saved_state(feedback);
    frugal::message m;
    feedback.compress(x, {}, m);
    saved_state(feedback);
    frugal::momentum momentum;
    frugal::adam adam;
    std::vector<float> w(4);
    momentum.update(w, x, 0);
    adam.update(w, x, 0);
    saved_state(momentum);
    saved_state(adam);
}

void boolean_networks() {
    write("boolean_network", frugal::format_boolean_network(test::bit_network(9, 65, 3, 1)));
    write("boolean_network", frugal::format_boolean_network(test::real_network(3, 10, 2, 2)));
    write("boolean_network", frugal::format_boolean_network(test::normalized_network(3, 10, 2, 3)));
    write("boolean_network", frugal::format_boolean_network(test::convolution_network(2, 3, 4)));
    write("boolean_network", frugal::format_boolean_network(test::pooled_network(2, 3, 5)));
    write("boolean_network", frugal::format_boolean_network({{test::random_real(2, 1, 3)}}));
}

void expressions() {
    for (const char* text : {"step_decay(1e-3,1/2,every=50)", "milestone_decay(1,0.1,10,20)", "adam(0.1,decoupled)",
                             "dirichlet(1/3)", "50us", "1.5ms", "100Mbps",
                             "error_feedback(sparse(top_k(fraction=0.01),scalar(dithered(levels=3),max_norm,radix)))",
                             "scalar(stochastic_codebook(levels=[-1,0,2]),bucketed(l2_norm,16))",
                             "stovoq(8,256,levels=uniform)", "ring()", " a ( b = c , d ) "}) {
        write("expression", std::string_view(text));
    }
}

void npy() {
    using namespace std::string_literals;
    for (const std::string& type : {"<f2"s, ">f4"s, "<f8"s, "<i4"s}) {
        std::string text = "{'descr': '" + type + "', 'fortran_order': False, 'shape': (1, 2), }\n";
        text = "\x93NUMPY\x01\0"s + static_cast<char>(text.size()) + '\0' + text;
        write("npy", text + std::string(2 * static_cast<std::size_t>(type[2] - '0'), '\x3c'));
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: make_corpus DIR\n");
        return 2;
    }
    try {
        root = argv[1];
        compressors();
        idx();
        npy();
        checkpoints();
        states();
        boolean_networks();
        expressions();
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "make_corpus: %s\n", problem.what());
        return 1;
    }
    return 0;
}
