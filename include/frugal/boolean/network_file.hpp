//! Files of trained networks of truth values, in the format of docs/boolean-format.md.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <frugal/boolean/network.hpp>
#include <frugal/core/bit_matrix.hpp>
#include <frugal/core/bits.hpp>
#include <frugal/core/crc32c.hpp>
#include <frugal/core/error.hpp>

namespace frugal {

namespace detail {

inline constexpr std::array<char, 4> network_magic{'f', 'r', 'b', 'n'};

enum class stage_kind : std::uint32_t {
    threshold = 1,
    real = 2,
    boolean = 3,
    boolean_sums = 4,
    normalization = 5,
    convolution = 6,
    convolution_sums = 7,
    pooling = 8
};

//! The first version of the format that has all stages: a network has one file, and an old one stays what it is.
inline std::uint16_t version_of(const boolean_network& network) {
    std::uint16_t version = 1;
    for (const network_stage& s : network.stages) {
        version = std::max<std::uint16_t>(version, std::holds_alternative<pooling_stage>(s)       ? 3
                                                   : std::holds_alternative<convolution_stage>(s) ? 2
                                                                                                  : 1);
    }
    return version;
}

//! Appends numbers as their bytes, and zeros up to a multiple of 8 after each array.
class network_writer {
public:
    template <class T>
    void number(T value) {
        append(&value, sizeof value);
    }
    template <class T>
    void array(std::span<const T> values) {
        append(values.data(), values.size_bytes());
        bytes_.resize((bytes_.size() + 7) / 8 * 8);
    }
    std::vector<std::byte> finish() && {
        number(std::uint32_t{0});
        number(crc32c(bytes_));
        return std::move(bytes_);
    }

private:
    void append(const void* p, std::size_t n) {
        const auto* first = static_cast<const std::byte*>(p);
        bytes_.insert(bytes_.end(), first, first + n);
    }
    std::vector<std::byte> bytes_;
};

//! Reads them again. Allocates no more than the bytes that are there.
class network_reader {
public:
    explicit network_reader(std::span<const std::byte> bytes) : rest_(bytes) {}

    template <class T>
    T number() {
        T value;
        std::memcpy(&value, take(sizeof value).data(), sizeof value);
        return value;
    }
    template <class T>
    std::vector<T> array(std::uint64_t n) {
        const auto from = array_bytes<T>(n);
        std::vector<T> values(static_cast<std::size_t>(n));
        std::copy(from.begin(), from.end(), std::as_writable_bytes(std::span(values)).begin());
        return values;
    }
    bit_matrix bits(std::uint64_t rows, std::uint64_t columns) {
        const auto from = array_bytes<std::uint64_t>(rows * words_for(columns));
        bit_matrix m(rows, columns);
        std::copy(from.begin(), from.end(), std::as_writable_bytes(m.words()).begin());
        return m;
    }
    bool empty() const { return rest_.empty(); }

private:
    std::span<const std::byte> take(std::uint64_t n) {
        expect_message(n <= rest_.size(), "the file of a Boolean network ends before its content: fetch it again");
        const auto taken = rest_.first(static_cast<std::size_t>(n));
        rest_ = rest_.subspan(taken.size());
        return taken;
    }
    //! n: 2^48 at most, so that nothing overflows.
    template <class T>
    std::span<const std::byte> array_bytes(std::uint64_t n) {
        const auto values = take(n * sizeof(T));
        for (const std::byte b : take((8 - values.size() % 8) % 8)) {
            expect_message(b == std::byte{0}, "the padding of a Boolean network's file is not zero: it was altered");
        }
        return values;
    }
    std::span<const std::byte> rest_;
};

//! Of weights whose size is known: their bits, and with `has_threshold` what makes bits of their sums.
template <class Stage>
void read_weights(network_reader& in, Stage& s, std::size_t rows, std::size_t columns, bool has_threshold) {
    s.weight = in.bits(rows, columns);
    if (has_threshold) {
        s.threshold = in.array<std::int32_t>(rows);
        const bit_matrix flip = in.bits(1, rows);
        s.flip = bit_vector(rows);
        std::copy(flip.words().begin(), flip.words().end(), s.flip.words().begin());
    }
}
template <class Stage>
void write_weights(network_writer& out, const Stage& s) {
    out.array(s.weight.words());
    if (s.has_threshold()) {
        out.array(std::span(s.threshold));
        out.array(s.flip.words());
    }
}

inline unfolding read_images(network_reader& in, std::size_t inputs) {
    unfolding u;
    for (std::size_t* const extent : {&u.channels, &u.rows, &u.columns, &u.kernel, &u.stride, &u.padding}) {
        *extent = in.number<std::uint32_t>();
    }
    expect_message(can_unfold(u) && u.size() == inputs,
                   "a kernel in the file of a Boolean network does not fit its images: it was altered");
    return u;
}
inline void write_images(network_writer& out, const unfolding& u) {
    for (const std::size_t extent : {u.channels, u.rows, u.columns, u.kernel, u.stride, u.padding}) {
        out.number(static_cast<std::uint32_t>(extent));
    }
}

inline convolution_stage read_convolution(network_reader& in, std::size_t inputs, std::size_t outputs,
                                          bool has_threshold) {
    convolution_stage s{.images = read_images(in, inputs), .weight = {}, .threshold = {}, .flip = {}};
    expect_message(outputs % s.images.places() == 0,
                   "a convolution in the file of a Boolean network has outputs in no whole number of filters: it was "
                   "altered");
    read_weights(in, s, outputs / s.images.places(), s.images.patch(), has_threshold);
    return s;
}

inline network_stage read_stage(network_reader& in, std::size_t inputs) {
    const auto kind = in.number<std::uint32_t>();
    const std::size_t outputs = in.number<std::uint32_t>();
    expect_message(0 < outputs && outputs <= boolean_network::largest_width, [&] {
        return "the file of a Boolean network has a stage of " + std::to_string(outputs) +
               " outputs, but 1 to 2^24 were expected: it was altered";
    });
    switch (static_cast<stage_kind>(kind)) {
        case stage_kind::threshold:
            expect_message(outputs == inputs, "a threshold in the file of a Boolean network changes the width");
            return threshold_stage{in.array<float>(outputs)};
        case stage_kind::real: {
            real_stage s{.width = inputs, .weight = in.array<float>(std::uint64_t{outputs} * inputs), .bias = {}};
            s.bias = in.array<float>(outputs);
            return s;
        }
        case stage_kind::boolean:
        case stage_kind::boolean_sums: {
            boolean_stage s;
            read_weights(in, s, outputs, inputs, kind == static_cast<std::uint32_t>(stage_kind::boolean));
            return s;
        }
        case stage_kind::convolution:
        case stage_kind::convolution_sums:
            return read_convolution(in, inputs, outputs, kind == static_cast<std::uint32_t>(stage_kind::convolution));
        case stage_kind::pooling: {
            const pooling_stage s{read_images(in, inputs)};
            expect_message(outputs == s.outputs(),
                           "a pooling in the file of a Boolean network has another number of windows: it was altered");
            return s;
        }
        case stage_kind::normalization: {
            expect_message(outputs == inputs, "a normalisation in the file of a Boolean network changes the width");
            normalization_stage s{.epsilon = in.array<float>(1)[0], .scale = in.array<float>(outputs), .shift = {}};
            s.shift = in.array<float>(outputs);
            return s;
        }
    }
    throw malformed_message("the file of a Boolean network has a stage of kind " + std::to_string(kind) +
                            ", which this version does not know: update the reader");
}

}  // namespace detail

//! The network as the bytes of a file. Throws `invalid_input` for a network with a problem.
inline std::vector<std::byte> format_boolean_network(const boolean_network& network) {
    expect(network.problem().empty(), [&] { return network.problem(); });
    detail::network_writer out;
    out.number(detail::network_magic);
    out.number(detail::version_of(network));
    out.number(std::uint16_t{0});
    out.number(static_cast<std::uint32_t>(network.stages.size()));
    out.number(static_cast<std::uint32_t>(network.inputs()));
    const auto begin = [&out](detail::stage_kind kind, std::size_t outputs) {
        out.number(static_cast<std::uint32_t>(kind));
        out.number(static_cast<std::uint32_t>(outputs));
    };
    for (const network_stage& stage : network.stages) {
        std::visit(
            [&]<class Stage>(const Stage& s) {
                if constexpr (std::is_same_v<Stage, threshold_stage>) {
                    begin(detail::stage_kind::threshold, s.outputs());
                    out.array(std::span(s.level));
                } else if constexpr (std::is_same_v<Stage, real_stage>) {
                    begin(detail::stage_kind::real, s.outputs());
                    out.array(std::span(s.weight));
                    out.array(std::span(s.bias));
                } else if constexpr (std::is_same_v<Stage, normalization_stage>) {
                    begin(detail::stage_kind::normalization, s.outputs());
                    out.array(std::span(&s.epsilon, 1));
                    out.array(std::span(s.scale));
                    out.array(std::span(s.shift));
                } else if constexpr (std::is_same_v<Stage, convolution_stage>) {
                    begin(s.has_threshold() ? detail::stage_kind::convolution : detail::stage_kind::convolution_sums,
                          s.outputs());
                    detail::write_images(out, s.images);
                    detail::write_weights(out, s);
                } else if constexpr (std::is_same_v<Stage, pooling_stage>) {
                    begin(detail::stage_kind::pooling, s.outputs());
                    detail::write_images(out, s.images);
                } else {
                    begin(s.has_threshold() ? detail::stage_kind::boolean : detail::stage_kind::boolean_sums,
                          s.outputs());
                    detail::write_weights(out, s);
                }
            },
            stage);
    }
    return std::move(out).finish();
}

//! The inverse. Throws `malformed_message` for anything that `format_boolean_network` does not write.
inline boolean_network parse_boolean_network(std::span<const std::byte> bytes) {
    constexpr std::size_t tail = 8;
    expect_message(bytes.size() >= 16 + tail,
                   "the file of a Boolean network is shorter than its header: fetch it again");
    detail::network_reader in(bytes.first(bytes.size() - tail));
    expect_message(in.number<std::array<char, 4>>() == detail::network_magic,
                   "a file does not start with the magic 'frbn': it is no Boolean network of this library");
    const auto version = in.number<std::uint16_t>();
    expect_message(1 <= version && version <= 3 && in.number<std::uint16_t>() == 0,
                   "the file of a Boolean network has an unknown format version: update the reader");
    detail::network_reader end(bytes.last(tail));
    expect_message(
        end.number<std::uint32_t>() == 0 && end.number<std::uint32_t>() == crc32c(bytes.first(bytes.size() - 4)),
        "the file of a Boolean network fails its checksum: fetch it again");
    const auto count = in.number<std::uint32_t>();
    std::size_t width = in.number<std::uint32_t>();
    expect_message(0 < width && width <= boolean_network::largest_width,
                   "the file of a Boolean network has no inputs, or more than 2^24: it was altered");
    boolean_network network;
    for (std::uint32_t i = 0; i < count; ++i) {
        network.stages.push_back(detail::read_stage(in, width));
        width = boolean_network::outputs_of(network.stages.back());
    }
    expect_message(version == detail::version_of(network),
                   "the file of a Boolean network has another format version than its stages: it was altered");
    expect_message(in.empty(), "the file of a Boolean network has bytes after its content: it was altered");
    expect_message(network.problem().empty(), [&] { return network.problem() + ": the file was altered"; });
    return network;
}

//! Throws `error` if the file cannot be written.
inline void save_boolean_network(const boolean_network& network, const std::filesystem::path& path) {
    const std::vector<std::byte> bytes = format_boolean_network(network);
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (!file.flush()) {
        throw error("cannot write " + path.string() + ": is there room, and may one write there?");
    }
}

//! Throws `error` if the file cannot be read, `malformed_message` if it is no network.
inline boolean_network load_boolean_network(const std::filesystem::path& path) {
    std::error_code ignored;
    std::ifstream file(path, std::ios::binary);
    if (!file || !std::filesystem::is_regular_file(path, ignored)) {
        throw error("cannot read " + path.string() + "; expected the file of a Boolean network");
    }
    std::vector<char> bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    return parse_boolean_network(std::as_bytes(std::span<const char>(bytes)));
}

}  // namespace frugal
