//! `csv_writer` and `json_lines_writer`: the curves of a run as files.
#pragma once

#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <frugal/core/expression.hpp>
#include <frugal/engine/status.hpp>

namespace frugal {

namespace detail {

//! A text file written line by line. Copies share the file.
class line_file {
public:
    bool is_open() const { return file_ != nullptr; }
    //! Opens `path` anew with those lines.
    void open(const std::string& path, const std::vector<std::string>& lines) {
        path_ = path;
        std::FILE* f = std::fopen(path.c_str(), "wb");
        if (f == nullptr) {
            throw error("cannot write " + path + ": " + std::strerror(errno));
        }
        file_.reset(f, [](std::FILE* p) { std::fclose(p); });
        for (const auto& l : lines) {
            write(l);
        }
    }
    void write(const std::string& line) {
        if (std::fputs(line.c_str(), file_.get()) < 0 || std::fputc('\n', file_.get()) < 0 ||
            std::fflush(file_.get()) != 0) {
            throw error("cannot write " + path_ + ": " + std::strerror(errno));
        }
    }
    //! The lines of a file, the last only if complete; none if there is no such file.
    static std::vector<std::string> read(const std::string& path) {
        std::vector<std::string> lines;
        std::FILE* f = std::fopen(path.c_str(), "rb");
        if (f == nullptr) {
            return lines;
        }
        std::string line;
        for (int c = std::fgetc(f); c != EOF; c = std::fgetc(f)) {
            if (c == '\n') {
                lines.push_back(line);
                line.clear();
            } else {
                line += static_cast<char>(c);
            }
        }
        std::fclose(f);
        return lines;
    }

private:
    std::string path_;
    std::shared_ptr<std::FILE> file_;
};

//! A number for JSON and CSV: shortest text; `missing` if not finite.
inline std::string number_or(double value, const char* missing) {
    return std::isfinite(value) ? number_text(value) : std::string(missing);
}

}  // namespace detail

//! Observer: one row every `rounds` rounds and one at the end. Columns: superstep, round, loss, payload_bits, wire_bytes
//! (sent by all nodes), network_seconds, compute_seconds, codec_seconds, seconds, then the named metrics (empty where a
//! metric was not recorded since the row before). A resumed run keeps the rows up to where it resumes.
struct csv_writer {
    std::string path;
    std::uint64_t rounds = 1;
    std::vector<std::string> metrics{};
    detail::line_file file{};                    //!< state
    std::uint64_t last_row = ~std::uint64_t{0};  //!< state

    void start(const run_status& s) {
        expect(rounds > 0, "csv_writer: the number of rounds must be at least 1");
        std::string header =
            "superstep,round,loss,payload_bits,wire_bytes,network_seconds,compute_seconds,codec_seconds,seconds";
        for (const auto& m : metrics) {
            header += ',' + m;
        }
        std::vector<std::string> lines{header};
        if (s.superstep > 0) {
            last_row = s.superstep;
            const auto old = detail::line_file::read(path);
            for (std::size_t i = 1; i < old.size(); ++i) {
                if (std::strtoull(old[i].c_str(), nullptr, 10) <= s.superstep) {
                    lines.push_back(old[i]);
                }
            }
        }
        file.open(path, lines);
    }
    void operator()(const run_status& s) {
        if (s.round_complete() && s.round() % rounds == 0) {
            row(s);
        }
    }
    void finish(const run_status& s) {
        if (s.superstep > 0 && last_row != s.superstep) {
            row(s);
        }
    }

private:
    void row(const run_status& s) {
        std::string text = std::to_string(s.superstep) + ',' + std::to_string(s.round()) + ',' +
                           detail::number_or(s.loss, "") + ',' + std::to_string(s.sent.payload_bits) + ',' +
                           std::to_string(s.sent.wire_bytes) + ',' + number_text(s.network_seconds) + ',' +
                           number_text(s.compute_seconds) + ',' + number_text(s.codec_seconds) + ',' +
                           number_text(s.seconds);
        for (const auto& name : metrics) {
            const metric* m = s.find(name);
            const bool fresh = m != nullptr && (m->superstep > last_row || last_row == ~std::uint64_t{0});
            text += ',' + (fresh ? detail::number_or(m->value, "") : std::string());
        }
        file.write(text);
        last_row = s.superstep;
    }
};

//! Observer: one JSON object per line every `rounds` rounds and one at the end, with every metric recorded so far.
struct json_lines_writer {
    std::string path;
    std::uint64_t rounds = 1;
    detail::line_file file{};                    //!< state
    std::uint64_t last_row = ~std::uint64_t{0};  //!< state

    void start(const run_status& s) {
        expect(rounds > 0, "json_lines_writer: the number of rounds must be at least 1");
        std::vector<std::string> lines;
        if (s.superstep > 0) {
            last_row = s.superstep;
            constexpr const char* prefix = "{\"superstep\":";
            for (const auto& line : detail::line_file::read(path)) {
                if (line.starts_with(prefix) &&
                    std::strtoull(line.c_str() + std::strlen(prefix), nullptr, 10) <= s.superstep) {
                    lines.push_back(line);
                }
            }
        }
        file.open(path, lines);
    }
    void operator()(const run_status& s) {
        if (s.round_complete() && s.round() % rounds == 0) {
            row(s);
        }
    }
    void finish(const run_status& s) {
        if (s.superstep > 0 && last_row != s.superstep) {
            row(s);
        }
    }

private:
    static std::string quoted(const std::string& s) {
        std::string text = "\"";
        for (const char c : s) {
            if (static_cast<unsigned char>(c) < 0x20) {
                char buffer[8];
                std::snprintf(buffer, sizeof buffer, "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
                text += buffer;
            } else {
                if (c == '"' || c == '\\') {
                    text += '\\';
                }
                text += c;
            }
        }
        return text + '"';
    }
    void row(const run_status& s) {
        std::string text = "{\"superstep\":" + std::to_string(s.superstep) + ",\"round\":" + std::to_string(s.round()) +
                           ",\"loss\":" + detail::number_or(s.loss, "null") +
                           ",\"payload_bits\":" + std::to_string(s.sent.payload_bits) +
                           ",\"wire_bytes\":" + std::to_string(s.sent.wire_bytes) +
                           ",\"network_seconds\":" + number_text(s.network_seconds) +
                           ",\"compute_seconds\":" + number_text(s.compute_seconds) +
                           ",\"codec_seconds\":" + number_text(s.codec_seconds) +
                           ",\"seconds\":" + number_text(s.seconds);
        for (const metric& m : s.metrics) {
            text += ',' + quoted(m.name) + ':' + detail::number_or(m.value, "null");
        }
        file.write(text + '}');
        last_row = s.superstep;
    }
};

}  // namespace frugal
