//! Classifies the images of an IDX file with a trained Boolean network: what a device at the edge does.
//!
//!     classify_idx NETWORK IMAGES [LABELS]
//!
//! Prints the class of each image, a line each; with labels, the share that is right on stderr. Without arguments it
//! makes a network and images of its own in a temporary folder and checks that they are told apart.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include <frugal/boolean/inference.hpp>
#include <frugal/boolean/network_file.hpp>
#include <frugal/core/random.hpp>
#include <frugal/data/idx.hpp>

namespace {

using namespace frugal;

std::vector<std::uint32_t> classify(const std::string& network_path, const std::string& images_path) {
    const boolean_inference network(load_boolean_network(network_path));
    const std::vector<std::byte> file = read_idx_bytes(images_path);
    const idx_array images = parse_idx(file, images_path);
    expect(images.extents.size() >= 2 && images.row_size() == network.inputs(), [&] {
        return images_path + " has images of " + std::to_string(images.row_size()) + " pixels, but the network takes " +
               std::to_string(network.inputs()) + ": use the network that was trained for them";
    });
    std::vector<float> pixels(images.values.size());
    for (std::size_t i = 0; i < pixels.size(); ++i) {
        pixels[i] = static_cast<float>(std::to_integer<int>(images.values[i])) /
                    255.0f;  // as data sets are scaled for training
    }
    std::vector<std::uint32_t> classes(images.extents[0]);
    network.classify(pixels, classes);
    return classes;
}

double share_right(std::span<const std::uint32_t> classes, const std::string& labels_path) {
    const std::vector<std::byte> file = read_idx_bytes(labels_path);
    const idx_array labels = parse_idx(file, labels_path);
    expect(labels.values.size() == classes.size() && !classes.empty(), [&] {
        return labels_path + " has " + std::to_string(labels.values.size()) + " labels for " +
               std::to_string(classes.size()) + " images: take both from the same data set";
    });
    std::size_t right = 0;
    for (std::size_t i = 0; i < classes.size(); ++i) {
        right += classes[i] == std::to_integer<std::uint32_t>(labels.values[i]);
    }
    return static_cast<double>(right) / static_cast<double>(classes.size());
}

void write_idx(const std::filesystem::path& path, std::span<const unsigned> extents,
               std::span<const unsigned char> values) {
    std::string bytes{'\0', '\0', '\x08', static_cast<char>(extents.size())};
    for (const unsigned n : extents) {
        bytes +=
            {static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8), static_cast<char>(n)};
    }
    bytes.append(values.begin(), values.end());
    std::ofstream(path, std::ios::binary) << bytes;
}

//! Ten random patterns are classes; their scores are how many pixels of an image agree. One pixel in five is wrong.
int check_oneself() {
    constexpr unsigned side = 16, pixels = side * side, classes = 10, images = 500;
    const random_stream stream({.seed = 1, .purpose = purposes::user});
    boolean_stage patterns{bit_matrix(classes, pixels), {}, {}};
    for (unsigned j = 0; j < classes; ++j) {
        for (unsigned i = 0; i < pixels; ++i) {
            patterns.weight.set(j, i, stream.word(j * pixels + i) % 2 == 1);
        }
    }
    std::vector<unsigned char> shades, labels;
    for (unsigned k = 0; k < images; ++k) {
        labels.push_back(static_cast<unsigned char>(k % classes));
        for (unsigned i = 0; i < pixels; ++i) {
            const bool wrong = stream.below(5, (classes + k) * pixels + i) == 0;
            shades.push_back(patterns.weight(k % classes, i) != wrong ? 200 : 50);
        }
    }
    const auto folder = std::filesystem::temp_directory_path() / ("classify_idx-" + std::to_string(stream.word64(0)));
    std::filesystem::create_directories(folder);
    const auto path = [&](const char* name) { return (folder / name).string(); };
    save_boolean_network({{threshold_stage{std::vector<float>(pixels, 0.5f)}, patterns}}, path("network.frbn"));
    write_idx(path("images"), std::vector{images, side, side}, shades);
    write_idx(path("labels"), std::vector{images}, labels);
    const double right = share_right(classify(path("network.frbn"), path("images")), path("labels"));
    std::filesystem::remove_all(folder);
    std::printf("%.1f %% of %u noisy patterns are recognised\n", 100 * right, images);
    return right > 0.99 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        if (argc == 1) {
            return check_oneself();
        }
        if (argc != 3 && argc != 4) {
            std::fprintf(stderr, "usage: classify_idx NETWORK IMAGES [LABELS]\n");
            return 2;
        }
        const std::vector<std::uint32_t> classes = classify(argv[1], argv[2]);
        for (const std::uint32_t c : classes) {
            std::printf("%u\n", c);
        }
        if (argc == 4) {
            std::fprintf(stderr, "%.2f %% are right\n", 100 * share_right(classes, argv[3]));
        }
        return 0;
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "classify_idx: %s\n", problem.what());
        return 1;
    }
}
