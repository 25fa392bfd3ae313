//! Writes three gradients as `frugal choose` and `frugal codec` read them: dense, heavy-tailed, and mostly zeros.
//!
//!     record_gradients FOLDER
//!
//! dense.f32: softmax regression on normal data; heavy.f32: a perceptron on Fashion-MNIST after 100 steps;
//! sparse.f32: a convolutional network on Fashion-MNIST after 60 steps, whose rectifiers leave most weights untouched.
//! Each with its tensors in NAME.json, and a line on what it looks like. Without Fashion-MNIST all are from synthetic
//! data.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <numeric>
#include <string>
#include <vector>

#include <frugal/data.hpp>
#include <frugal/nn.hpp>
#include <frugal/objective/softmax_regression.hpp>

namespace {

using namespace frugal;

template <class Objective>
void record(const std::filesystem::path& folder, const std::string& name, Objective f, int steps, std::size_t samples) {
    std::vector<float> w(f.dimension()), g(w.size());
    f.initialize({.seed = 1, .purpose = purposes::initialize}, w);
    std::vector<std::uint32_t> batch(samples);
    for (int step = 0; step <= steps; ++step) {
        std::iota(batch.begin(), batch.end(), static_cast<std::uint32_t>(samples * static_cast<std::size_t>(step)));
        f.value_and_gradient(w, batch, g);
        for (std::size_t i = 0; step < steps && i < w.size(); ++i) {
            w[i] -= 0.1f * g[i];
        }
    }
    std::ofstream(folder / (name + ".f32"), std::ios::binary)
        .write(reinterpret_cast<const char*>(g.data()), static_cast<std::streamsize>(g.size() * sizeof(float)));
    std::ofstream layout(folder / (name + ".json"));
    char separator = '[';
    for (const named_tensor& t : f.layout().tensors()) {
        layout << separator << "{\"name\": \"" << t.name << "\", \"shape\": [";
        for (std::size_t i = 0; i < t.shape.size(); ++i) {
            layout << (i == 0 ? "" : ", ") << t.shape[i];
        }
        layout << "]}";
        separator = ',';
    }
    layout << "]\n";
    double second = 0, fourth = 0;
    for (const float v : g) {
        const double square = double{v} * double{v};
        second += square / static_cast<double>(g.size());
        fourth += square * square / static_cast<double>(g.size());
    }
    const auto zeros = static_cast<double>(std::ranges::count(g, 0.0f));
    std::cout << name << ".f32: " << f.name() << ", " << g.size() << " coordinates, "
              << 100 * zeros / static_cast<double>(g.size()) << " % zeros, kurtosis " << fourth / (second * second)
              << '\n';
    if (!layout.good()) {
        throw error("cannot write to " + folder.string());
    }
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const bool given = argc > 1;
        const std::filesystem::path folder =
            given ? std::filesystem::path(argv[1]) : std::filesystem::temp_directory_path() / "frugal-gradients";
        std::filesystem::create_directories(folder);
        const dataset normal =
            gaussian_mixture{.samples = 128, .test_samples = 1, .dimension = 25000}({.seed = 1}).train;
        record(folder, "dense", softmax_regression(normal), 0, 64);
        const bool fashion = std::filesystem::is_directory(fashion_mnist_folder);
        const dataset images = fashion ? load_idx_folder(fashion_mnist_folder).train : normal;
        record(folder, "heavy", mlp(images, {300, 100}), given && fashion ? 100 : 0, 64);
        if (fashion) {
            record(folder, "sparse", cnn(images, {32, 64}), 60, 8);
        }
        if (!given) {
            std::filesystem::remove_all(folder);
        }
        return 0;
    } catch (const std::exception& e) {
        std::cerr << "record_gradients: " << e.what() << '\n';
        return 1;
    }
}
