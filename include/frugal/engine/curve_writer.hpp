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
#include <string_view>
#include <vector>

#include <frugal/core/expression.hpp>
#include <frugal/engine/status.hpp>

namespace frugal {

namespace detail {

//! A text file of one line per written row, each with the round of its run. Copies share the file.
class row_file {
public:
    //! Opens `path` anew with these first lines. Where a run resumes, rows up to there stay; round_of(line) is the
    //! round of a row, above every other of what is no row.
    template <class RoundOf>
    void start(const std::string& path, const run_status& s, std::vector<std::string> lines, RoundOf round_of) {
        path_ = path;
        if (s.completed > 0) {
            last_row_ = s.completed;
            for (const auto& line : lines_of(path)) {
                if (round_of(line) <= s.completed) {
                    lines.push_back(line);
                }
            }
        }
        std::FILE* f = std::fopen(path.c_str(), "wb");
        if (f == nullptr) {
            throw error("cannot write " + path + ": " + std::strerror(errno));
        }
        file_.reset(f, [](std::FILE* p) { std::fclose(p); });
        for (const auto& line : lines) {
            write(line);
        }
    }
    //! Is there a row to write after this round, at one every `rounds` rounds?
    static bool due(const run_status& s, std::uint64_t rounds) { return s.completed % rounds == 0; }
    //! Is the row of the end of the run still to be written?
    bool lacks(const run_status& s) const { return s.completed > 0 && last_row_ != s.completed; }
    //! Was the metric recorded after the last row?
    bool is_new(const metric& m) const { return m.round > last_row_ || last_row_ == none; }
    void write_row(const run_status& s, const std::string& line) {
        write(line);
        last_row_ = s.completed;
    }

    //! The lines of a file, the last only if complete; none if there is no such file.
    static std::vector<std::string> lines_of(const std::string& path) {
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
    static constexpr std::uint64_t none = ~std::uint64_t{0};

    void write(const std::string& line) {
        if (std::fputs(line.c_str(), file_.get()) < 0 || std::fputc('\n', file_.get()) < 0 ||
            std::fflush(file_.get()) != 0) {
            throw error("cannot write " + path_ + ": " + std::strerror(errno));
        }
    }

    std::string path_;
    std::shared_ptr<std::FILE> file_;
    std::uint64_t last_row_ = none;
};

//! The number a text begins with; the largest if with none.
inline std::uint64_t leading_number(const char* text) {
    char* end = nullptr;
    const std::uint64_t number = std::strtoull(text, &end, 10);
    return end == text ? ~std::uint64_t{0} : number;
}

//! A number for JSON and CSV: shortest text; `missing` if not finite.
inline std::string number_or(double value, const char* missing) {
    return std::isfinite(value) ? number_text(value) : std::string(missing);
}

}  // namespace detail

//! Observer: one row every `rounds` rounds and one at the end. Columns: round, loss, payload_bits, wire_bytes (sent by
//! all nodes), network_seconds, compute_seconds, codec_seconds, seconds, then the named metrics (empty where a
//! metric was not recorded since the row before). A resumed run keeps the rows up to where it resumes.
struct csv_writer {
    std::string path;
    std::uint64_t rounds = 1;
    std::vector<std::string> metrics{};
    detail::row_file file{};  //!< state

    void start(const run_status& s) {
        expect(rounds > 0, "csv_writer: the number of rounds must be at least 1");
        std::string header = "round,loss,payload_bits,wire_bytes,network_seconds,compute_seconds,codec_seconds,seconds";
        for (const auto& m : metrics) {
            header += ',' + m;
        }
        file.start(path, s, {header}, [](const std::string& line) { return detail::leading_number(line.c_str()); });
    }
    void operator()(const run_status& s) {
        if (file.due(s, rounds)) {
            row(s);
        }
    }
    void finish(const run_status& s) {
        if (file.lacks(s)) {
            row(s);
        }
    }

private:
    void row(const run_status& s) {
        std::string text = std::to_string(s.completed) + ',' + detail::number_or(s.loss, "") + ',' +
                           std::to_string(s.sent.payload_bits) + ',' + std::to_string(s.sent.wire_bytes) + ',' +
                           number_text(s.network_seconds) + ',' + number_text(s.compute_seconds) + ',' +
                           number_text(s.codec_seconds) + ',' + number_text(s.seconds);
        for (const auto& name : metrics) {
            const metric* m = s.find(name);
            text += ',' + (m != nullptr && file.is_new(*m) ? detail::number_or(m->value, "") : std::string());
        }
        file.write_row(s, text);
    }
};

//! Observer: one JSON object per line every `rounds` rounds and one at the end, with every metric recorded so far.
struct json_lines_writer {
    std::string path;
    std::uint64_t rounds = 1;
    detail::row_file file{};  //!< state

    void start(const run_status& s) {
        expect(rounds > 0, "json_lines_writer: the number of rounds must be at least 1");
        file.start(path, s, {}, [](const std::string& line) {
            constexpr std::string_view prefix = "{\"round\":";
            return detail::leading_number(line.starts_with(prefix) ? line.c_str() + prefix.size() : "");
        });
    }
    void operator()(const run_status& s) {
        if (file.due(s, rounds)) {
            row(s);
        }
    }
    void finish(const run_status& s) {
        if (file.lacks(s)) {
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
        std::string text =
            "{\"round\":" + std::to_string(s.completed) + ",\"loss\":" + detail::number_or(s.loss, "null") +
            ",\"payload_bits\":" + std::to_string(s.sent.payload_bits) +
            ",\"wire_bytes\":" + std::to_string(s.sent.wire_bytes) +
            ",\"network_seconds\":" + number_text(s.network_seconds) +
            ",\"compute_seconds\":" + number_text(s.compute_seconds) +
            ",\"codec_seconds\":" + number_text(s.codec_seconds) + ",\"seconds\":" + number_text(s.seconds);
        for (const metric& m : s.metrics) {
            text += ',' + quoted(m.name) + ':' + detail::number_or(m.value, "null");
        }
        file.write_row(s, text + '}');
    }
};

}  // namespace frugal
