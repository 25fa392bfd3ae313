//! `progress_bar`: how far a run is, on stderr.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>

#include <unistd.h>

#include <frugal/engine/status.hpp>

namespace frugal {

//! Observer: a line that is redrawn at most 10 times a second, if stderr is a terminal (or `force`).
struct progress_bar {
    std::string label{};
    bool force = false;
    int width = 30;
    std::chrono::steady_clock::time_point last_drawn{};  //!< state
    bool drawn = false;                                  //!< state

    void operator()(const run_status& s) {
        const auto now = std::chrono::steady_clock::now();
        if (visible() && (!drawn || now - last_drawn >= std::chrono::milliseconds(100))) {
            last_drawn = now;
            draw(s, '\r');
        }
    }
    void finish(const run_status& s) {
        if (visible()) {
            draw(s, '\n');
        }
    }

    //! The line itself, without a line end.
    std::string line(const run_status& s) const {
        std::string text = label.empty() ? std::string() : label + ' ';
        char buffer[160];
        if (s.planned > 0) {
            const double done = std::min(1.0, static_cast<double>(s.completed) / static_cast<double>(s.planned));
            const int full = static_cast<int>(done * width);
            text += '[' + std::string(static_cast<std::size_t>(full), '#') +
                    std::string(static_cast<std::size_t>(width - full), '.') + ']';
            std::snprintf(buffer, sizeof buffer, " %llu/%llu rounds", static_cast<unsigned long long>(s.round()),
                          static_cast<unsigned long long>(s.planned));
        } else {
            std::snprintf(buffer, sizeof buffer, "%llu rounds", static_cast<unsigned long long>(s.round()));
        }
        text += buffer;
        if (!std::isnan(s.loss)) {
            std::snprintf(buffer, sizeof buffer, "  loss %.4g", s.loss);
            text += buffer;
        }
        for (const metric& m : s.metrics) {
            std::snprintf(buffer, sizeof buffer, "  %.60s %.4g", m.name.c_str(), m.value);
            text += buffer;
        }
        std::snprintf(buffer, sizeof buffer, "  %.4g Mbit sent  %.1f s",
                      static_cast<double>(s.sent.payload_bits) * 1e-6, s.seconds);
        return text + buffer;
    }

private:
    bool visible() const { return force || ::isatty(STDERR_FILENO) == 1; }
    void draw(const run_status& s, char end) {
        drawn = true;
        std::fprintf(stderr, "\r%s\033[K%c", line(s).c_str(), end);
        std::fflush(stderr);
    }
};

}  // namespace frugal
