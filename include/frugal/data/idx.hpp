//! IDX files (the format of MNIST and Fashion-MNIST), gzipped or not. Needs zlib.
//!
//! An IDX file is: two zero bytes, the element type, the number of dimensions, each dimension as 32 bits big endian,
//! the elements. Read here: unsigned bytes (type 0x08) in one dimension (labels) or more (samples).
#pragma once

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <zlib.h>

#include <frugal/core/error.hpp>
#include <frugal/data/dataset.hpp>

namespace frugal {

//! A parsed IDX file: its extents (slowest first) and a view of its elements, in the bytes it was parsed from.
struct idx_array {
    std::vector<std::uint32_t> extents;
    std::span<const std::byte> values;

    //! Elements per entry of the first extent.
    std::size_t row_size() const { return extents.empty() || extents[0] == 0 ? 0 : values.size() / extents[0]; }
};

namespace detail {

//! The sizes announced by the first bytes of an IDX file; `header` is 0 while there are too few bytes to tell.
struct idx_sizes {
    std::size_t header = 0;
    std::uint64_t values = 0;
};

inline idx_sizes parse_idx_header(std::span<const std::byte> bytes, const std::string& source,
                                  std::vector<std::uint32_t>* extents = nullptr) {
    const auto at = [&](std::size_t i) { return std::to_integer<std::uint32_t>(bytes[i]); };
    if (bytes.size() < 4) {
        return {};
    }
    expect(at(0) == 0 && at(1) == 0, [&] {
        return source +
               " is not an IDX file: it should begin with two zero bytes; check that it is the file it is named after";
    });
    expect(at(2) == 0x08, [&] {
        constexpr std::string_view hex = "0123456789ABCDEF";
        return source + " holds elements of IDX type 0x" + hex[at(2) >> 4] + hex[at(2) & 15] +
               ", but only unsigned bytes (0x08) are read: convert it";
    });
    const std::size_t dimensions = at(3);
    expect(dimensions > 0,
           [&] { return source + " is an IDX file without dimensions; expected one or more: replace it"; });
    const std::size_t header = 4 + 4 * dimensions;
    if (bytes.size() < header) {
        return {};
    }
    std::uint64_t values = 1;
    for (std::size_t i = 4; i < header; i += 4) {
        const std::uint32_t extent = at(i) << 24 | at(i + 1) << 16 | at(i + 2) << 8 | at(i + 3);
        expect(extent == 0 || values <= (std::uint64_t{1} << 40) / extent, [&] {
            return source +
                   " announces more than 2^40 elements in its IDX header, which no data set here has: replace it";
        });
        values *= extent;
        if (extents != nullptr) {
            extents->push_back(extent);
        }
    }
    return {header, values};
}

}  // namespace detail

//! Parses the bytes of an IDX file; `source` names them in errors. Allocates nothing but the list of extents.
//!
//! Throws `invalid_input` for a wrong magic number or element type, extents whose product is beyond 2^40, truncation
//! and trailing bytes.
inline idx_array parse_idx(std::span<const std::byte> bytes, const std::string& source = "the input") {
    idx_array a;
    const detail::idx_sizes sizes = detail::parse_idx_header(bytes, source, &a.extents);
    expect(sizes.header != 0, [&] {
        return source + " ends inside its IDX header, after " + std::to_string(bytes.size()) + " bytes: fetch it again";
    });
    expect(bytes.size() - sizes.header == sizes.values, [&] {
        return source + " announces " + std::to_string(sizes.values) + " bytes of data in its IDX header but holds " +
               (bytes.size() - sizes.header < sizes.values ? std::to_string(bytes.size() - sizes.header) : "more") +
               ": fetch it again";
    });
    a.values = bytes.subspan(sizes.header);
    return a;
}

//! Reads an IDX file, gzipped or not, to the bytes of the uncompressed file, but at most 1 MiB beyond what its header
//! announces; memory grows with what was read. Throws `invalid_input` for a file that cannot be opened or uncompressed.
inline std::vector<std::byte> read_idx_bytes(const std::filesystem::path& path) {
    const std::string name = path.string();
    std::error_code ignored;
    expect(!std::filesystem::is_directory(path, ignored),
           [&] { return name + " is a folder, but an IDX file was expected"; });
    errno = 0;
    const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
    expect(file != nullptr, [&] {
        return "cannot open " + name + ": " + (errno != 0 ? std::strerror(errno) : "out of memory") +
               "; expected an IDX file, gzipped or not";
    });
    constexpr std::size_t chunk = std::size_t{1} << 20;
    gzbuffer(file.get(), 1u << 17);
    std::vector<std::byte> bytes;
    std::uint64_t wanted =
        std::numeric_limits<std::uint64_t>::max();  // one byte more than announced shows trailing ones
    while (bytes.size() < wanted) {
        const std::size_t have = bytes.size();
        const std::size_t step =
            static_cast<std::size_t>(std::min<std::uint64_t>(std::max(chunk, have), wanted - have));
        const std::size_t ask = std::min<std::size_t>(step, std::size_t{1} << 30);
        bytes.resize(have + ask);
        const int got = gzread(file.get(), bytes.data() + have, static_cast<unsigned>(ask));
        if (got < 0) {
            int code = 0;
            const char* text = gzerror(file.get(), &code);
            throw invalid_input(name + " cannot be uncompressed (" + text + "): fetch it again");
        }
        bytes.resize(have + static_cast<std::size_t>(got));
        if (got == 0) {
            int code = 0;
            const char* text = gzerror(file.get(), &code);
            expect(code == Z_OK || code == Z_STREAM_END,
                   [&] { return name + " is truncated (" + std::string(text) + "): fetch it again"; });
            break;
        }
        const detail::idx_sizes sizes = detail::parse_idx_header(bytes, name);
        if (sizes.header != 0) {
            wanted = sizes.header + sizes.values + 1;
        }
    }
    return bytes;
}

//! Samples and labels of two IDX arrays as a data set; features are scaled to [0, 1] by 1/255.
//!
//! Throws `invalid_input` if the numbers of samples and labels differ, or there are none. `classes` = 0: the largest
//! label plus one.
inline dataset dataset_from_idx(const idx_array& samples, const idx_array& labels, std::size_t classes = 0,
                                const std::string& samples_source = "the samples",
                                const std::string& labels_source = "the labels") {
    expect(samples.extents.size() >= 2, [&] {
        return samples_source +
               " has one dimension, as labels do; expected samples of two or more (IDX magic 0x0803 for images)";
    });
    expect(labels.extents.size() == 1, [&] {
        return labels_source + " has " + std::to_string(labels.extents.size()) +
               " dimensions; expected labels, which have one (IDX magic 0x0801)";
    });
    expect(samples.extents[0] == labels.extents[0], [&] {
        return samples_source + " holds " + std::to_string(samples.extents[0]) + " samples but " + labels_source + " " +
               std::to_string(labels.extents[0]) + " labels; expected equal numbers: take both from the same data set";
    });
    expect(!samples.values.empty(), [&] { return samples_source + " holds no samples; expected at least one"; });
    std::array<float, 256> scaled{};
    for (std::size_t i = 0; i < scaled.size(); ++i) {
        scaled[i] = static_cast<float>(i) / 255.0f;
    }
    std::vector<float> features(samples.values.size());
    for (std::size_t i = 0; i < features.size(); ++i) {
        features[i] = scaled[std::to_integer<std::size_t>(samples.values[i])];
    }
    std::vector<std::uint32_t> numbers(labels.values.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        numbers[i] = std::to_integer<std::uint32_t>(labels.values[i]);
        expect(classes == 0 || numbers[i] < classes, [&] {
            return labels_source + " has label " + std::to_string(numbers[i]) + " for sample " + std::to_string(i) +
                   "; expected labels below " + std::to_string(classes) + ", as in the training set";
        });
    }
    return dataset(std::move(features), std::move(numbers), samples.row_size(), classes);
}

//! The file of a folder that holds one part of a data set, under any of the names in use: `train-images-idx3-ubyte` or
//! `train-images.idx3-ubyte`, with or without `.gz`. Empty if there is none.
inline std::filesystem::path find_idx_file(const std::filesystem::path& folder, std::string_view part,
                                           char dimensions) {
    for (const char separator : {'-', '.'}) {
        const std::string name = std::string(part) + separator + "idx" + dimensions + "-ubyte";
        for (const char* suffix : {"", ".gz"}) {
            std::error_code ignored;
            if (const auto path = folder / (name + suffix); std::filesystem::is_regular_file(path, ignored)) {
                return path;
            }
        }
    }
    return {};
}

//! Reads a folder of IDX files as MNIST has them: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`,
//! `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`, each gzipped or not.
//!
//! Throws `invalid_input` naming the file that is missing, damaged, or does not fit the others.
inline train_test load_idx_folder(const std::filesystem::path& folder) {
    std::error_code ignored;
    expect(std::filesystem::is_directory(folder, ignored), [&] {
        return folder.string() + " is not a folder; expected one with train-images-idx3-ubyte[.gz] and its companions";
    });
    const auto find = [&](std::string_view part, char dimensions) {
        auto path = find_idx_file(folder, part, dimensions);
        expect(!path.empty(), [&] {
            return folder.string() + " has no file " + std::string(part) + "-idx" + dimensions +
                   "-ubyte, with or without .gz; expected the four files of MNIST: pass the folder that holds them";
        });
        return path;
    };
    const auto read = [&](std::string_view images_part, std::string_view labels_part, std::size_t classes) {
        const auto images_path = find(images_part, '3');
        const auto labels_path = find(labels_part, '1');
        const std::vector<std::byte> label_bytes = read_idx_bytes(labels_path);
        const std::vector<std::byte> image_bytes = read_idx_bytes(images_path);
        return dataset_from_idx(parse_idx(image_bytes, images_path.string()),
                                parse_idx(label_bytes, labels_path.string()), classes, images_path.string(),
                                labels_path.string());
    };
    const dataset train = read("train-images", "train-labels", 0);
    const dataset test = read("t10k-images", "t10k-labels", train.classes());
    expect(test.dimension() == train.dimension(), [&] {
        return folder.string() + " has training samples of " + std::to_string(train.dimension()) +
               " features and test samples of " + std::to_string(test.dimension()) + "; expected equal numbers";
    });
    return {train, test};
}

//! Where Debian's package dataset-fashion-mnist puts Fashion-MNIST (Xiao, Rasul, Vollgraf 2017).
inline constexpr const char* fashion_mnist_folder = "/usr/share/datasets/fashion-mnist";

//! A data set by name (`fashion-mnist`) or by the folder that holds its IDX files.
//!
//! Throws `invalid_input` saying what to install or to pass.
inline train_test load_data(const std::string& name_or_folder) {
    std::error_code ignored;
    const bool folder = std::filesystem::is_directory(name_or_folder, ignored);
    if (name_or_folder == "fashion-mnist" && !folder) {
        expect(std::filesystem::is_directory(fashion_mnist_folder, ignored), [] {
            return std::string("data set fashion-mnist was expected in ") + fashion_mnist_folder +
                   ": install the Debian package dataset-fashion-mnist, or pass --data DIR with a folder of IDX files";
        });
        return load_idx_folder(fashion_mnist_folder);
    }
    expect(folder, [&] {
        return "no data set or folder is named " + name_or_folder +
               "; expected fashion-mnist or a folder of IDX files: install the Debian package dataset-fashion-mnist, "
               "or "
               "pass --data DIR";
    });
    return load_idx_folder(name_or_folder);
}

}  // namespace frugal
