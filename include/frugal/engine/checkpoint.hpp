//! Checkpoints: `checkpoint_every{rounds, directory}` saves a run, `resume{directory}` continues it with the same bits.
//!
//! A checkpoint is the run between two rounds: the state of every node, messages that wait for a later round,
//! the totals, the stopping rule, and what observers remember. It does not depend on the number of threads or ranks, so
//! a run may go on with
//! others. File format, little endian: magic "frgcheck" (8), version (4), reserved 0 (4), configuration (8),
//! rounds (8), nodes (8), size of the run section (8), the run section, then per node its size (8) and bytes, at the
//! end the CRC-32C of all before it (4).
#pragma once

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <frugal/core/crc32c.hpp>
#include <frugal/engine/status.hpp>

namespace frugal {

namespace detail {

inline constexpr std::array<char, 8> checkpoint_magic{'f', 'r', 'g', 'c', 'h', 'e', 'c', 'k'};
inline constexpr std::uint32_t checkpoint_version = 3;
inline constexpr std::size_t checkpoint_header_size = 48;

}  // namespace detail

//! The bytes of a checkpoint file.
inline std::vector<std::byte> format_checkpoint(const checkpoint& c) {
    std::vector<std::byte> bytes;
    const auto put = [&](const void* p, std::size_t n) {
        const auto* b = static_cast<const std::byte*>(p);
        bytes.insert(bytes.end(), b, b + n);
    };
    const auto number = [&](auto value) { put(&value, sizeof value); };
    put(detail::checkpoint_magic.data(), detail::checkpoint_magic.size());
    number(detail::checkpoint_version);
    number(std::uint32_t{0});
    number(c.configuration);
    number(c.round);
    number(std::uint64_t{c.nodes.size()});
    number(std::uint64_t{c.run.size()});
    put(c.run.data(), c.run.size());
    for (const auto& node : c.nodes) {
        number(std::uint64_t{node.size()});
        put(node.data(), node.size());
    }
    number(crc32c(bytes));
    return bytes;
}

//! Reads the bytes of a checkpoint file. Throws `malformed_message` for anything `format_checkpoint` did not write;
//! allocates no more than a small multiple of the bytes given.
inline checkpoint parse_checkpoint(std::span<const std::byte> bytes) {
    const auto load = [](std::span<const std::byte> from, auto& value) {
        std::memcpy(&value, from.data(), sizeof value);
    };
    expect_message(bytes.size() >= detail::checkpoint_header_size + 4,
                   "a checkpoint is shorter than its header: it was truncated");
    expect_message(std::memcmp(bytes.data(), detail::checkpoint_magic.data(), 8) == 0,
                   "a file does not start with 'frgcheck': it is not a checkpoint of this library");
    std::uint32_t version, reserved, checksum;
    load(bytes.subspan(8), version);
    load(bytes.subspan(12), reserved);
    expect_message(version == detail::checkpoint_version && reserved == 0,
                   "a checkpoint has an unknown format version: it was written by another release");
    load(bytes.last(4), checksum);
    expect_message(checksum == crc32c(bytes.first(bytes.size() - 4)),
                   "a checkpoint fails its checksum: it was altered");
    checkpoint c;
    std::uint64_t nodes, size;
    load(bytes.subspan(16), c.configuration);
    load(bytes.subspan(24), c.round);
    load(bytes.subspan(32), nodes);
    load(bytes.subspan(40), size);
    auto rest = bytes.subspan(detail::checkpoint_header_size, bytes.size() - detail::checkpoint_header_size - 4);
    expect_message(size <= rest.size() && nodes <= (rest.size() - size) / 8,
                   "a checkpoint announces more than it holds: it was altered");
    c.run.assign(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(size));
    rest = rest.subspan(size);
    c.nodes.resize(nodes);
    for (auto& node : c.nodes) {
        expect_message(rest.size() >= 8, "a checkpoint announces more than it holds: it was altered");
        load(rest, size);
        rest = rest.subspan(8);
        expect_message(size <= rest.size(), "a checkpoint announces more than it holds: it was altered");
        node.assign(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(size));
        rest = rest.subspan(size);
    }
    expect_message(rest.empty(), "a checkpoint has bytes after its content: it was altered");
    return c;
}

namespace detail {

[[noreturn]] inline void throw_file_error(const std::string& what, const std::string& path) {
    throw error(what + " " + path + ": " + std::strerror(errno));
}

struct file_descriptor {
    int value = -1;
    explicit file_descriptor(int v) : value(v) {}
    file_descriptor(const file_descriptor&) = delete;
    file_descriptor& operator=(const file_descriptor&) = delete;
    ~file_descriptor() {
        if (value >= 0) {
            ::close(value);
        }
    }
};

//! Writes a file that is either complete on disk under that name or not there at all.
inline void write_file_durably(const std::string& path, std::span<const std::byte> bytes) {
    const file_descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (file.value < 0) {
        throw_file_error("cannot write", path);
    }
    while (!bytes.empty()) {
        const ssize_t n = ::write(file.value, bytes.data(), bytes.size());
        if (n < 0) {
            if (errno == EINTR) {
                continue;
            }
            throw_file_error("cannot write", path);
        }
        bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    if (::fsync(file.value) != 0) {
        throw_file_error("cannot flush", path);
    }
}

//! The bytes of a file; false if there is none.
inline bool read_file(const std::string& path, std::vector<std::byte>& bytes) {
    const file_descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.value < 0) {
        if (errno == ENOENT || errno == ENOTDIR) {
            return false;
        }
        throw_file_error("cannot read", path);
    }
    struct stat what{};
    if (::fstat(file.value, &what) != 0) {
        throw_file_error("cannot read", path);
    }
    if (!S_ISREG(what.st_mode)) {
        throw error(path + " is not a regular file: remove it, or use another directory");
    }
    bytes.clear();
    std::array<std::byte, 65536> buffer;
    for (;;) {
        const ssize_t n = ::read(file.value, buffer.data(), buffer.size());
        if (n < 0) {
            if (errno == EINTR) {
                continue;
            }
            throw_file_error("cannot read", path);
        }
        if (n == 0) {
            return true;
        }
        bytes.insert(bytes.end(), buffer.begin(), buffer.begin() + n);
    }
}

inline void make_directories(const std::string& path) {
    for (std::size_t at = 1; at <= path.size(); ++at) {
        if (at == path.size() || path[at] == '/') {
            const std::string part = path.substr(0, at);
            if (::mkdir(part.c_str(), 0755) != 0 && errno != EEXIST) {
                throw_file_error("cannot create the directory", part);
            }
        }
    }
}

inline std::string checkpoint_path(const std::string& directory) {
    return directory + "/checkpoint.frg";
}
inline std::string previous_checkpoint_path(const std::string& directory) {
    return directory + "/checkpoint.previous.frg";
}

}  // namespace detail

//! Saves c in `directory` (made if missing), so that at any moment, also if the process is killed, either it or the one
//! before it can be loaded. Keeps the one before it. Throws `error` naming the file if the disk does not take it.
inline void save_checkpoint(const std::string& directory, const checkpoint& c) {
    detail::make_directories(directory);
    const std::string path = detail::checkpoint_path(directory),
                      fresh = directory + "/checkpoint." + std::to_string(::getpid()) + ".partial.frg";
    detail::write_file_durably(fresh, format_checkpoint(c));
    if (::rename(path.c_str(), detail::previous_checkpoint_path(directory).c_str()) != 0 && errno != ENOENT) {
        detail::throw_file_error("cannot rename", path);
    }
    if (::rename(fresh.c_str(), path.c_str()) != 0) {
        detail::throw_file_error("cannot rename", fresh);
    }
    const detail::file_descriptor folder(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder.value < 0 || ::fsync(folder.value) != 0) {
        detail::throw_file_error("cannot flush the directory", directory);
    }
}

//! Loads the newest checkpoint of `directory` that is intact into `bytes` (to be parsed); false if there has never been
//! one. Throws `malformed_message` if there are files but all are damaged.
inline bool load_checkpoint(const std::string& directory, std::vector<std::byte>& bytes) {
    std::exception_ptr damage;
    for (const std::string& path : {detail::checkpoint_path(directory), detail::previous_checkpoint_path(directory)}) {
        if (detail::read_file(path, bytes)) {
            try {
                parse_checkpoint(bytes);
                return true;
            } catch (const malformed_message& e) {
                if (!damage) {
                    damage = std::make_exception_ptr(malformed_message(path + ": " + e.what()));
                }
            }
        }
    }
    if (damage) {
        std::rethrow_exception(damage);
    }
    return false;
}

//! A directory of checkpoints that one process writes to, for as long as this lives. Copies share it.
class checkpoint_directory {
public:
    //! Throws `error` where another process writes there, and `invalid_input` where the checkpoints there are of a run
    //! with another configuration.
    void lock(const std::string& directory, std::uint64_t configuration) {
        detail::make_directories(directory);
        const std::string path = directory + "/checkpoint.lock";
        auto file = std::make_shared<detail::file_descriptor>(
            ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0644));
        if (file->value < 0) {
            detail::throw_file_error("cannot write", path);
        }
        if (::flock(file->value, LOCK_EX | LOCK_NB) != 0) {
            throw error("another run saves its checkpoints in " + directory +
                        ": wait for its end, or use another directory");
        }
        std::vector<std::byte> bytes;
        if (detail::read_file(detail::checkpoint_path(directory), bytes) &&
            bytes.size() >= detail::checkpoint_header_size) {
            std::uint64_t found = 0;
            std::memcpy(&found, bytes.data() + 16, sizeof found);
            expect(found == configuration || std::memcmp(bytes.data(), detail::checkpoint_magic.data(), 8) != 0, [&] {
                return "the checkpoints in " + directory +
                       " belong to a run with other settings, which this one would replace: use another directory, or "
                       "remove them";
            });
        }
        held_ = std::move(file);
    }

private:
    std::shared_ptr<detail::file_descriptor> held_;
};

//! Observer: saves the run after every `rounds` rounds. Refuses a directory that another process writes to, or that
//! holds the checkpoints of another configuration.
struct checkpoint_every {
    static constexpr bool collective = true;

    std::uint64_t rounds = 1;
    std::string directory;
    std::uint64_t configuration = 0;  //!< hash of the settings, checked by `resume`; see `scheme_id` for one of a text
    checkpoint_directory place{};     //!< state

    void start(const run_status& status) {
        expect(rounds > 0, "checkpoint_every: the number of rounds must be at least 1");
        if (status.is_root()) {
            place.lock(directory, configuration);
        }
    }
    void operator()(run_status& status) const {
        if (status.round() % rounds != 0) {
            return;
        }
        checkpoint c = status.control().capture();
        if (status.is_root()) {
            c.configuration = configuration;
            save_checkpoint(directory, c);
        }
    }
};

//! Observer: before the first round, continues from the newest checkpoint in `directory`; starts afresh if there is
//! none. Put it before observers that write files. Throws `invalid_input` if the checkpoint is of another
//! configuration.
struct resume {
    static constexpr bool collective = true;

    std::string directory;
    std::uint64_t configuration = 0;

    void start(run_status& status) const {
        std::vector<std::byte> bytes;
        if (status.is_root()) {
            // A failure here must reach the other ranks, which wait for the bytes: it travels as its text.
            try {
                std::vector<std::byte> file;
                if (load_checkpoint(directory, file)) {
                    bytes.push_back(std::byte{1});
                    bytes.insert(bytes.end(), file.begin(), file.end());
                }
            } catch (const std::exception& e) {
                const std::string text = e.what();
                const auto* p = reinterpret_cast<const std::byte*>(text.data());
                bytes.assign(1, std::byte{2});
                bytes.insert(bytes.end(), p, p + text.size());
            }
        }
        status.control().broadcast(bytes);
        if (bytes.empty()) {
            return;
        }
        const auto content = std::span<const std::byte>(bytes).subspan(1);
        if (bytes[0] == std::byte{2}) {
            throw malformed_message(std::string(reinterpret_cast<const char*>(content.data()), content.size()));
        }
        const checkpoint c = parse_checkpoint(content);
        expect(c.configuration == configuration, [&] {
            return "the checkpoint in " + directory +
                   " belongs to a run with other settings: use those settings, or another directory";
        });
        status.control().restore(c);
    }
    void operator()(const run_status&) const {}
};

}  // namespace frugal
