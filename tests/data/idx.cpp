#include "catch.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <vector>

#include <unistd.h>
#include <zlib.h>

#include <frugal/core/random.hpp>
#include <frugal/data/idx.hpp>

using namespace frugal;
namespace fs = std::filesystem;

namespace {

using byte_vector = std::vector<std::byte>;

byte_vector idx(std::uint8_t type, std::initializer_list<std::uint32_t> extents, std::size_t values) {
    byte_vector b{std::byte{0}, std::byte{0}, std::byte{type}, static_cast<std::byte>(extents.size())};
    for (const std::uint32_t e : extents) {
        for (const int shift : {24, 16, 8, 0}) {
            b.push_back(static_cast<std::byte>(e >> shift));
        }
    }
    for (std::size_t i = 0; i < values; ++i) {
        b.push_back(static_cast<std::byte>(i * 7));
    }
    return b;
}

//! A folder that is removed with its content.
struct temporary_folder {
    fs::path path = fs::temp_directory_path() / ("frugal-test-idx-" + std::to_string(getpid()));
    temporary_folder() {
        fs::remove_all(path);
        fs::create_directories(path);
    }
    ~temporary_folder() { fs::remove_all(path); }
    fs::path write(const std::string& name, const byte_vector& bytes) const {
        std::ofstream(path / name, std::ios::binary)
            .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
        return path / name;
    }
    fs::path write_gz(const std::string& name, const byte_vector& bytes) const {
        const gzFile f = gzopen((path / name).c_str(), "wb");
        gzwrite(f, bytes.data(), static_cast<unsigned>(bytes.size()));
        gzclose(f);
        return path / name;
    }
};

std::string message_of(const auto& action) {
    try {
        action();
    } catch (const invalid_input& e) {
        return e.what();
    }
    return "nothing was thrown";
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("idx: extents are big endian, values a view", "[data][idx]") {
    const byte_vector b = idx(8, {3, 2, 2}, 12);
    const idx_array a = parse_idx(b);
    CHECK(a.extents == std::vector<std::uint32_t>{3, 2, 2});
    CHECK(a.values.size() == 12);
    CHECK(a.values.data() == b.data() + 16);
    CHECK(a.row_size() == 4);
    CHECK(parse_idx(idx(8, {0}, 0)).values.empty());
    CHECK(parse_idx(idx(8, {70000, 0}, 0)).values.empty());
    CHECK(parse_idx(idx(8, {258}, 258)).extents[0] == 258);
}

TEST_CASE("idx: hostile bytes are refused with what was wrong", "[data][idx][hostile]") {
    const auto says = [](byte_vector b, const std::string& text) {
        const std::string what = message_of([&] { static_cast<void>(parse_idx(b, "file.idx")); });
        INFO(what);
        CHECK(contains(what, "file.idx"));
        CHECK(contains(what, text));
    };
    says({}, "ends inside its IDX header, after 0 bytes");
    says(idx(8, {5}, 0), "but holds 0");
    says(idx(8, {5}, 4), "announces 5 bytes of data in its IDX header but holds 4");
    says(idx(8, {5}, 6), "but holds more");
    says(idx(13, {5}, 20), "IDX type 0x0D");
    says(idx(8, {}, 0), "without dimensions");
    says(idx(8, {0xFFFFFFFFu, 0xFFFFFFFFu, 0xFFFFFFFFu}, 3), "more than 2^40");
    says(idx(8, {0x80000000u, 0x80000000u, 4}, 0), "more than 2^40");  // 0 modulo 2^64
    byte_vector gzipped = idx(8, {5}, 5);
    gzipped[0] = std::byte{0x1F};
    gzipped[1] = std::byte{0x8B};
    says(gzipped, "two zero bytes");
    byte_vector many = idx(8, {1}, 1);
    many[3] = std::byte{255};
    says(many, "ends inside its IDX header");
}

TEST_CASE("idx: every truncation and every changed header bit is refused or consistent", "[data][idx][hostile]") {
    const byte_vector good = idx(8, {3, 2, 2}, 12);
    for (std::size_t n = 0; n < good.size(); ++n) {
        CHECK_THROWS_AS(parse_idx(std::span(good).first(n)), invalid_input);
    }
    for (std::size_t bit = 0; bit < 128; ++bit) {
        byte_vector b = good;
        b[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
        CHECK_THROWS_AS(parse_idx(b), invalid_input);
    }
}

TEST_CASE("idx: random bytes never do anything but parse or throw invalid_input", "[data][idx][hostile]") {
    const random_stream stream({.seed = 3, .node = 0, .round = 0, .purpose = purposes::user});
    for (std::uint64_t trial = 0; trial < 20000; ++trial) {
        byte_vector b(stream.below(64, 100 * trial));
        for (std::size_t i = 0; i < b.size(); ++i) {
            const std::uint64_t r = stream.word64(100 * trial + 1 + i);
            b[i] = static_cast<std::byte>(r % 4 != 0 ? r >> 60
                                                     : r >> 32);  // small numbers, so that headers are nearly valid
        }
        if (b.size() > 3 && trial % 2 == 0) {
            b[0] = b[1] = std::byte{0};
            b[2] = std::byte{8};
        }
        try {
            const idx_array a = parse_idx(b);
            std::uint64_t product = 1;
            for (const std::uint32_t e : a.extents) {
                product *= e;
            }
            CHECK(product == a.values.size());
        } catch (const invalid_input&) {
        }
    }
}

TEST_CASE("idx: a folder is read, gzipped or not, under both spellings, scaled to [0, 1]", "[data][idx]") {
    const temporary_folder folder;
    folder.write("train-images-idx3-ubyte", idx(8, {3, 1, 2}, 6));
    folder.write_gz("train-labels-idx1-ubyte.gz", idx(8, {3}, 3));
    folder.write_gz("t10k-images.idx3-ubyte.gz", idx(8, {2, 1, 2}, 4));
    folder.write("t10k-labels.idx1-ubyte", idx(8, {2}, 2));
    const train_test d = load_data(folder.path.string());
    CHECK(d.train.size() == 3);
    CHECK(d.train.dimension() == 2);
    CHECK(d.train.classes() == 15);  // labels 0, 7, 14
    CHECK(d.train.row(2)[1] == 35.0f / 255.0f);
    CHECK(d.train.label(2) == 14);
    CHECK(d.test.size() == 2);
    CHECK(d.test.classes() == 15);
}

TEST_CASE("idx: a folder with something wrong names the file and what was expected", "[data][idx][hostile]") {
    const temporary_folder folder;
    const auto what = [&] { return message_of([&] { static_cast<void>(load_data(folder.path.string())); }); };
    CHECK(contains(what(), "has no file train-images-idx3-ubyte"));
    folder.write("train-images-idx3-ubyte", idx(8, {3, 1, 2}, 6));
    CHECK(contains(what(), "has no file train-labels-idx1-ubyte"));
    folder.write("train-labels-idx1-ubyte", idx(8, {4}, 4));
    CHECK(contains(what(), "holds 3 samples but"));
    folder.write("train-labels-idx1-ubyte", idx(8, {3, 1}, 3));
    CHECK(contains(what(), "has 2 dimensions; expected labels"));
    folder.write("train-labels-idx1-ubyte", idx(8, {3}, 3));
    folder.write("t10k-images-idx3-ubyte", idx(8, {2, 1, 3}, 6));
    folder.write("t10k-labels-idx1-ubyte", idx(8, {2}, 2));
    CHECK(contains(what(), "training samples of 2 features and test samples of 3"));
    byte_vector labels = idx(8, {2}, 2);
    labels.back() = std::byte{200};
    folder.write("t10k-images-idx3-ubyte", idx(8, {2, 1, 2}, 4));
    folder.write("t10k-labels-idx1-ubyte", labels);
    CHECK(contains(what(), "t10k-labels-idx1-ubyte has label 200 for sample 1"));
    folder.write("t10k-images-idx3-ubyte", idx(8, {4}, 4));
    CHECK(contains(what(), "has one dimension"));
    folder.write("train-images-idx3-ubyte", idx(8, {0, 1, 2}, 0));
    folder.write("train-labels-idx1-ubyte", idx(8, {0}, 0));
    CHECK(contains(what(), "holds no samples"));
}

TEST_CASE("idx: missing, damaged and truncated files are named", "[data][idx][hostile]") {
    const temporary_folder folder;
    const auto what = [](const fs::path& path) { return message_of([&] { static_cast<void>(read_idx_bytes(path)); }); };
    CHECK(contains(what(folder.path / "none"), "No such file"));
    CHECK(contains(what(folder.path), "is a folder"));
    const fs::path file = folder.write_gz("f.gz", idx(8, {1000, 100}, 100000));
    CHECK(read_idx_bytes(file).size() == 100012);
    fs::resize_file(file, fs::file_size(file) / 2);
    CHECK(contains(what(file), "truncated"));
    byte_vector damaged = idx(8, {1000}, 1000);
    damaged[0] = std::byte{0x1F};
    damaged[1] = std::byte{0x8B};
    damaged[2] = std::byte{0x08};
    damaged[3] = std::byte{0};
    CHECK(contains(what(folder.write("g.gz", damaged)), "cannot be uncompressed"));
    // A small file that unpacks to far more than it announces is not unpacked.
    CHECK(read_idx_bytes(folder.write_gz("bomb.gz", idx(8, {10}, 50'000'000))).size() <= 1u << 20);
    CHECK(read_idx_bytes(folder.write("empty", {})).empty());
}

TEST_CASE("idx: an unknown data set says what to install or pass", "[data][idx]") {
    const std::string what = message_of([] { static_cast<void>(load_data("fashion-mints")); });
    CHECK(contains(what, "dataset-fashion-mnist"));
    CHECK(contains(what, "--data DIR"));
}

TEST_CASE("idx: Fashion-MNIST as Debian packages it", "[data][idx]") {
    if (!fs::exists(fashion_mnist_folder)) {
        WARN("skipped: the Debian package dataset-fashion-mnist is not installed");
        return;
    }
    const train_test d = load_data("fashion-mnist");
    CHECK(d.train.size() == 60000);
    CHECK(d.test.size() == 10000);
    CHECK(d.train.dimension() == 784);
    CHECK(d.train.classes() == 10);
    std::vector<int> count(10);
    for (const std::uint32_t l : d.train.labels()) {
        ++count[l];
    }
    CHECK(count == std::vector<int>(10, 6000));
    double sum = 0;
    for (const float x : d.train.features()) {
        sum += static_cast<double>(x);
    }
    CHECK(sum / 47040000 == Approx(0.2860).margin(1e-4));  // the published mean of the training images
    CHECK(d.train.label(0) == 9);
}
