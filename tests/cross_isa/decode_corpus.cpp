// Decodes a stored corpus of messages of every composition and checks the result bit for bit: what a message means must
// depend neither on the instruction set, nor on the compiler, nor on the version of the library.
//
// corpus.bin holds messages, corpus.txt one line for each: composition, dimension, digest of the vector it decodes to.
// Without arguments, checks both against this build, and that this build compresses to the same bytes; prints the
// digests; exit status 0 only if all agree. With --write, replaces both files: for new compositions (a line in
// tests/compositions.hpp) and for deliberate changes of the wire format.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <frugal/compress/any_compressor.hpp>
#include <frugal/core/message.hpp>
#include <frugal/core/random.hpp>
#include "compositions.hpp"

using namespace frugal;

namespace {

constexpr std::size_t dimensions[] = {33, 300};

random_key key_of(std::size_t i) {
    return {.seed = 2024, .node = 7, .round = i + 1, .purpose = purposes::message};
}

//! Values of two magnitudes, with zeros of both signs among them.
std::vector<float> input(std::size_t n, std::uint64_t seed) {
    const random_stream stream({.seed = seed, .purpose = purposes::user});
    std::vector<float> x(n);
    for (std::size_t i = 0; i < n; ++i) {
        x[i] = i % 19 == 3 ? 0.0f : i % 19 == 4 ? -0.0f : rounded(stream.normal(i) * (i % 7 == 0 ? 4.0f : 0.25f));
    }
    return x;
}

std::uint64_t digest(std::span<const float> x) {
    std::uint64_t state = x.size();
    for (const float v : x) {
        state = mix_bits(state ^ std::bit_cast<std::uint32_t>(v));
    }
    return state;
}

//! A message of the corpus and its place among those of one composition.
struct entry {
    std::string name;
    std::size_t index = 0;
    std::vector<std::byte> bytes;
};

//! Composition, dimension, and a digest of what the message decodes to in all ways there are.
std::string line_of(any_compressor& c, const entry& e) {
    message m = message::parse(e.bytes);
    const random_key k = key_of(e.index);
    const auto side = input(m.dimension(), 99);
    std::vector<float> y(m.dimension()), acc = side, near = side;
    c.decompress(m, k, y);
    c.decompress_add(m, k, 0.3f, acc);
    std::uint64_t both = mix_bits(digest(y)) + digest(acc);
    if (c.needs_side_information(k)) {
        c.decompress(m, k, side, near);
        both = mix_bits(both) + digest(near);
    }
    char text[64];
    std::snprintf(text, sizeof text, " %zu %016llx", m.dimension(), static_cast<unsigned long long>(both));
    return e.name + text;
}

std::vector<entry> compressed() {
    std::vector<entry> corpus;
    std::map<std::string, bool> seen;
    for (const any_compressor& c : test::all_compositions()) {
        const std::string name = c.name();
        if (std::exchange(seen[name], true)) {
            continue;
        }
        for (std::size_t i = 0; i < std::size(dimensions); ++i) {
            message m;
            any_compressor fresh = c;  // feedback starts anew
            fresh.compress(input(dimensions[i], i), key_of(i), m);
            corpus.push_back({name, i, {m.bytes().begin(), m.bytes().end()}});
        }
    }
    return corpus;
}

//! Files: for each entry its name, its index and its bytes, strings with a 32-bit length before them.
void write(const std::vector<entry>& corpus, const std::string& path) {
    std::ofstream out(path, std::ios::binary);
    const auto number = [&](std::size_t n) {
        const auto v = static_cast<std::uint32_t>(n);
        out.write(reinterpret_cast<const char*>(&v), sizeof v);
    };
    for (const entry& e : corpus) {
        number(e.name.size());
        out << e.name;
        number(e.index);
        number(e.bytes.size());
        out.write(reinterpret_cast<const char*>(e.bytes.data()), static_cast<std::streamsize>(e.bytes.size()));
    }
    expect(out.good(), "cannot write " + path);
}

std::vector<entry> read(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    expect(in.good(), "cannot read " + path + ": run this program in its own folder");
    std::vector<entry> corpus;
    const auto number = [&] {
        std::uint32_t v = 0;
        in.read(reinterpret_cast<char*>(&v), sizeof v);
        expect(in.good() && v < 1 << 20, "the corpus file is damaged: write it again");
        return std::size_t{v};
    };
    while (in.peek() != std::ifstream::traits_type::eof()) {
        entry e;
        e.name.resize(number());
        in.read(e.name.data(), static_cast<std::streamsize>(e.name.size()));
        e.index = number();
        e.bytes.resize(number());
        in.read(reinterpret_cast<char*>(e.bytes.data()), static_cast<std::streamsize>(e.bytes.size()));
        corpus.push_back(std::move(e));
    }
    return corpus;
}

int check(const std::vector<entry>& corpus) {
    std::map<std::string, any_compressor> by_name;
    for (const any_compressor& c : test::all_compositions()) {
        by_name.emplace(c.name(), c);
    }
    std::ifstream in("corpus.txt");
    int failures = 0;
    const auto fail = [&](const std::string& what) {
        std::printf("FAILED: %s\n", what.c_str());
        ++failures;
    };
    for (const entry& e : corpus) {
        std::string expected;
        std::getline(in, expected);
        const auto found = by_name.find(e.name);
        if (found == by_name.end()) {
            fail(e.name + " is in the corpus, but no longer a composition of tests/compositions.hpp");
            continue;
        }
        const std::string line = line_of(found->second, e);
        std::printf("%s\n", line.c_str());
        if (line != expected) {
            fail("expected " + expected);
        }
    }
    const auto again = compressed();
    if (again.size() != corpus.size()) {
        fail("the corpus has " + std::to_string(corpus.size()) + " messages instead of " +
             std::to_string(again.size()) + ": write it again if compositions were added");
    }
    for (std::size_t i = 0; i < std::min(again.size(), corpus.size()); ++i) {
        if (again[i].name != corpus[i].name || again[i].bytes != corpus[i].bytes) {
            fail(again[i].name + " compresses to other bytes than in the corpus");
        }
    }
    return failures == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try {
    if (argc == 2 && std::string(argv[1]) == "--write") {
        const auto corpus = compressed();
        write(corpus, "corpus.bin");
        std::map<std::string, any_compressor> by_name;
        for (const any_compressor& c : test::all_compositions()) {
            by_name.emplace(c.name(), c);
        }
        std::ofstream out("corpus.txt");
        for (const entry& e : corpus) {
            out << line_of(by_name.at(e.name), e) << '\n';
        }
        return out.good() ? 0 : 1;
    }
    return check(read("corpus.bin"));
} catch (const std::exception& e) {
    std::printf("FAILED: %s\n", e.what());
    return 1;
}
