//! NumPy's files of one array (.npy), read as vectors of floats.
#pragma once

#include <algorithm>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <frugal/core/error.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/core/half.hpp>

namespace frugal {

//! The numbers of an array in C order, and its shape (empty: one number).
struct npy_array {
    std::vector<std::size_t> shape;
    std::vector<float> values;
};

namespace detail {

//! What the header of an .npy file says, a dictionary in Python's own syntax.
struct npy_header {
    std::string_view type;  // such as "<f4"
    bool fortran_order = false;
    std::vector<std::size_t> shape;
};

//! Reads the dictionary {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }, in any order of its keys.
class npy_header_parser {
public:
    npy_header_parser(std::string_view text, const std::string& source) : text_(text), source_(source) {}

    npy_header parse() {
        npy_header h;
        bool seen[4] = {false, false, false, true};  // the last of all other keys
        need('{');
        while (!accept('}')) {
            const std::string_view key = string();
            need(':');
            const int which = key == "descr" ? 0 : key == "fortran_order" ? 1 : key == "shape" ? 2 : 3;
            hold(!seen[which]);
            seen[which] = true;
            if (which == 0) {
                skip_spaces();
                expect(at_ >= text_.size() || text_[at_] != '[', [&] {
                    return source_ + " holds records of several fields; expected floats: save one field of the array";
                });
                h.type = string();
            } else if (which == 1) {
                h.fortran_order = truth();
            } else {
                h.shape = tuple();
            }
            if (!accept(',')) {
                need('}');
                break;
            }
        }
        skip_spaces();
        hold(at_ == text_.size() && seen[0] && seen[1] && seen[2]);
        return h;
    }

private:
    void hold(bool condition) const {
        expect(condition, [&] { return source_ + " has an .npy header that is damaged: write it anew by numpy.save"; });
    }
    void skip_spaces() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) {
            ++at_;
        }
    }
    bool accept(char c) {
        skip_spaces();
        const bool there = at_ < text_.size() && text_[at_] == c;
        at_ += there ? 1 : 0;
        return there;
    }
    void need(char c) { hold(accept(c)); }
    std::string_view string() {
        skip_spaces();
        hold(at_ < text_.size() && (text_[at_] == '\'' || text_[at_] == '"'));
        const std::size_t end = text_.find(text_[at_], at_ + 1);
        hold(end != std::string_view::npos);
        const std::string_view value = text_.substr(at_ + 1, end - at_ - 1);
        at_ = end + 1;
        return value;
    }
    bool truth() {
        skip_spaces();
        for (const std::string_view word : {"True", "False"}) {
            if (text_.substr(at_).starts_with(word)) {
                at_ += word.size();
                return word == "True";
            }
        }
        hold(false);
        return false;
    }
    std::vector<std::size_t> tuple() {
        std::vector<std::size_t> extents;
        need('(');
        while (!accept(')')) {
            skip_spaces();
            std::size_t extent = 0;
            const char* const begin = text_.data() + at_;
            const auto [end, problem] = std::from_chars(begin, text_.data() + text_.size(), extent);
            hold(problem == std::errc());
            extents.push_back(extent);
            at_ += static_cast<std::size_t>(end - begin);
            if (!accept(',')) {
                need(')');
                break;
            }
        }
        return extents;
    }

    std::string_view text_;
    const std::string& source_;
    std::size_t at_ = 0;
};

//! n numbers of type Word, in the other byte order if `swapped`, by `convert` to float.
template <class Word, class Convert>
void read_npy_values(std::span<const std::byte> bytes, bool swapped, std::vector<float>& values, Convert convert) {
    for (std::size_t i = 0; i < values.size(); ++i) {
        std::byte word_bytes[sizeof(Word)];
        for (std::size_t b = 0; b < sizeof(Word); ++b) {
            word_bytes[b] = bytes[i * sizeof(Word) + (swapped ? sizeof(Word) - 1 - b : b)];
        }
        values[i] = convert(i, std::bit_cast<Word>(word_bytes));
    }
}

}  // namespace detail

//! Do these bytes begin as an .npy file does?
inline bool is_npy(std::span<const std::byte> bytes) {
    return bytes.size() >= 6 && std::memcmp(bytes.data(), "\x93NUMPY", 6) == 0;
}

//! Parses the bytes of an .npy file (format versions 1 to 3) of floats: f2, f4 or f8, of either byte order. Halves are
//! exact, doubles are rounded. `source` names the file in errors.
//!
//! Throws `invalid_input` for other types and Fortran order, each with what to call in NumPy; for a damaged header;
//! extents that do not fit the file; doubles beyond the range of float. Numbers that are not finite are read as they
//! are. O(n).
inline npy_array parse_npy(std::span<const std::byte> bytes, const std::string& source = "the input") {
    expect(is_npy(bytes), [&] { return source + " does not begin as an .npy file: expected what numpy.save writes"; });
    const auto damaged = [&] { return source + " ends inside its .npy header: write it anew by numpy.save"; };
    expect(bytes.size() >= 12, damaged);
    const auto byte = [&](std::size_t i) { return std::to_integer<std::size_t>(bytes[i]); };
    const std::size_t version = byte(6);
    expect(version >= 1 && version <= 3, [&] {
        return source + " has version " + std::to_string(version) + " of the .npy format; expected 1, 2 or 3";
    });
    const std::size_t start = version == 1 ? 10 : 12;
    const std::size_t length =
        version == 1 ? byte(8) | byte(9) << 8 : byte(8) | byte(9) << 8 | byte(10) << 16 | byte(11) << 24;
    expect(length <= bytes.size() - start, damaged);
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + start, length);
    detail::npy_header header = detail::npy_header_parser(text, source).parse();
    const std::string_view type = header.type;
    const std::size_t width = type.size() == 3 && type[1] == 'f' && (type[0] == '<' || type[0] == '>') &&
                                      (type[2] == '2' || type[2] == '4' || type[2] == '8')
                                  ? static_cast<std::size_t>(type[2] - '0')
                                  : 0;
    expect(width != 0, [&] {
        return source + " holds elements of type '" + std::string(type.substr(0, 32)) +
               "'; expected floats (f2, f4 or f8): save array.astype('float32')";
    });
    std::size_t wide = 0;  // extents above 1, whose order matters
    std::size_t count = 1;
    for (const std::size_t extent : header.shape) {
        wide += extent > 1 ? 1 : 0;
        count =
            extent == 0 || count <= bytes.size() / extent ? count * extent : std::numeric_limits<std::size_t>::max();
        expect(count <= bytes.size(),
               [&] { return source + " announces more elements than it holds: fetch it again"; });
    }
    expect(!header.fortran_order || wide <= 1,
           [&] { return source + " is in Fortran order; expected C order: save numpy.ascontiguousarray(array)"; });
    const auto data = bytes.subspan(start + length);
    expect(data.size() == count * width, [&] {
        return source + " announces " + std::to_string(count * width) + " bytes of data but holds " +
               std::to_string(data.size()) + ": fetch it again";
    });
    npy_array array{std::move(header.shape), std::vector<float>(count)};
    const bool swapped = (type[0] == '<') != (std::endian::native == std::endian::little);
    if (width == 2) {
        detail::read_npy_values<std::uint16_t>(data, swapped, array.values,
                                               [](std::size_t, std::uint16_t w) { return to_float(float16{w}); });
    } else if (width == 4) {
        detail::read_npy_values<std::uint32_t>(data, swapped, array.values,
                                               [](std::size_t, std::uint32_t w) { return std::bit_cast<float>(w); });
    } else {
        detail::read_npy_values<std::uint64_t>(data, swapped, array.values, [&](std::size_t i, std::uint64_t w) {
            const auto value = std::bit_cast<double>(w);
            const auto nearest = static_cast<float>(value);
            expect(is_finite(nearest) || value - value != 0, [&] {
                return "element " + std::to_string(i) + " of " + source + " exceeds the range of float: scale it down";
            });
            return nearest;
        });
    }
    return array;
}

//! A vector from a file: an .npy file, known by its first bytes, or raw little-endian 32-bit floats.
//!
//! Throws `invalid_input` naming the file, for one that cannot be read, is larger than `most_bytes` (a device without
//! an end, say), is empty, or has another number of bytes than floats have.
inline std::vector<float> read_floats(const std::filesystem::path& path,
                                      std::uint64_t most_bytes = std::uint64_t{1} << 36) {
    const std::string name = path.string();
    std::error_code ignored;
    expect(!std::filesystem::is_directory(path, ignored), [&] { return name + " is a folder, not a file"; });
    errno = 0;
    std::ifstream in(path, std::ios::binary);
    expect(in.good(), [&] { return "cannot open " + name + ": " + std::strerror(errno); });
    std::vector<std::byte> bytes;
    constexpr std::size_t chunk = std::size_t{1} << 20;
    while (in.good()) {
        const std::size_t have = bytes.size();
        expect(have <= most_bytes, [&] { return name + " has more than " + std::to_string(most_bytes) + " bytes"; });
        bytes.resize(have + std::max(chunk, have / 2));
        in.read(reinterpret_cast<char*>(bytes.data()) + have, static_cast<std::streamsize>(bytes.size() - have));
        bytes.resize(have + static_cast<std::size_t>(in.gcount()));
    }
    expect(!in.bad(), [&] { return "cannot read " + name + ": " + std::strerror(errno); });
    std::vector<float> x;
    if (is_npy(bytes)) {
        x = parse_npy(bytes, name).values;
        expect(!x.empty(), [&] { return name + " holds an empty array; expected at least one float"; });
        return x;
    }
    expect(!bytes.empty() && bytes.size() % sizeof(float) == 0, [&] {
        return name + " has " + std::to_string(bytes.size()) +
               " bytes; expected an .npy file, or a raw vector of 32-bit little-endian floats, 4 bytes each";
    });
    x.resize(bytes.size() / sizeof(float));
    std::memcpy(x.data(), bytes.data(), bytes.size());
    return x;
}

}  // namespace frugal
