// A source compiled for several levels in one program: every level that this processor has gives the same bits, none
// shares a function with another, global objects of those used are constructed, and exceptions pass between them. A
// program of its own, as it is run under qemu too.
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
    for (int l = 0; l <= static_cast<int>(frugal::dispatch_level()); ++l) {
        const level_codec* codec = level_codec_for(static_cast<frugal::processor_level>(l));
        if (codec == nullptr) {
            continue;
        }
        const std::string architecture = codec->round_trip(x, 3, again);
        if (std::memcmp(y.data(), again.data(), y.size() * sizeof(float)) != 0) {
            std::printf("level %d decodes to other bits\n", l);
            return 1;
        }
        if (codec->constructed() != 2.0f) {
            std::printf("the global objects of level %d were not constructed\n", l);
            return 1;
        }
        if (architecture == last) {
            std::printf("level %d uses the kernels of the level below\n", l);
            return 1;
        }
        last = architecture;
    }
    try {
        dispatched_level_codec().refuse();
        return 1;
    } catch (const frugal::invalid_input& e) {
        return std::strcmp(e.what(), "refused") == 0 ? 0 : 1;
    }
}
