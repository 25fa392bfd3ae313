//! Twins of other benchmarks, compiled by frugal_add_dispatched: `encode/dqsg-dispatched/...` runs the level that
//! dispatch picks, `encode/dqsg-x86-64/...` the levels below it.

#include <string>
#include <vector>

#include "codecs.hpp"
#include "levels/codecs.hpp"
#include "setup.hpp"

namespace bench {
namespace {

void add_level(const std::string& level, const level_codecs& codecs) {
    for_each_codec_of_levels([&](const std::string& variant, auto) {
        bench_compressor(variant + "-" + level, [=, &codecs] { return codecs.make(variant); }, naive_sizes);
    });
    std::vector<std::uint32_t> indices;
    bench_kernel(
        "top_k", "0.01-" + level,
        [indices, &codecs](std::span<const float> x) mutable { return codecs.top_k(x, x.size() / 100, indices); },
        naive_sizes);
}

}  // namespace

void add_levels() {
    using frugal::processor_level;
    for (const auto l : {processor_level::x86_64, processor_level::x86_64_v3, processor_level::x86_64_v4}) {
        const level_codecs* codecs = level_codecs_for(l);
        if (codecs != nullptr && l < frugal::dispatch_level()) {
            add_level(std::string(frugal::level_name(l)), *codecs);
        }
    }
    add_level("dispatched", dispatched_level_codecs());
}

}  // namespace bench
