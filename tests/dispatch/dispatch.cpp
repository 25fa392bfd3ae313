// A source compiled for several levels in one program: every level that this processor has gives the same bits, none
// shares a function with another, and exceptions pass between them. A program of its own, as it is run under qemu too.
#include "codec.hpp"

#include <cstdio>
#include <cstring>

#include <frugal/core/error.hpp>
#include <frugal/core/random.hpp>

int main() {
    std::vector<float> x(1000), y(x.size()), again(x.size());
    const frugal::random_stream numbers({.seed = 5});
    for (std::size_t i = 0; i < x.size(); ++i) {
        x[i] = numbers.normal(i);
    }
    const std::string chosen = dispatched_level_codec().round_trip(x, 3, y);
    std::printf("%s %s\n", std::string(frugal::level_name(frugal::dispatch_level())).c_str(), chosen.c_str());
    std::string last;
#if defined(__x86_64__)
    const level_codec* levels[] = {&frugal_level_table_level_codec_x86_64, &frugal_level_table_level_codec_x86_64_v3,
                                   &frugal_level_table_level_codec_x86_64_v4};
    for (int l = 0; l <= static_cast<int>(frugal::dispatch_level()); ++l) {
        if (levels[l] == nullptr) {
            continue;
        }
        const std::string architecture = levels[l]->round_trip(x, 3, again);
        if (std::memcmp(y.data(), again.data(), y.size() * sizeof(float)) != 0) {
            std::printf("level %d decodes to other bits\n", l);
            return 1;
        }
        if (architecture == last) {
            std::printf("level %d uses the kernels of the level below\n", l);
            return 1;
        }
        last = architecture;
    }
#endif
    try {
        dispatched_level_codec().refuse();
        return 1;
    } catch (const frugal::invalid_input& e) {
        return std::strcmp(e.what(), "refused") == 0 ? 0 : 1;
    }
}
