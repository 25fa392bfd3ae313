//! `by_part`: an optimizer whose vector comes in parts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <frugal/concepts.hpp>

namespace frugal {

//! A copy of the optimizer, with buffers of its own, for each part: what exchanges that reduce part by part need. The
//! same as one optimizer where it treats coordinates apart. Parts are known by their first element.
template <LocalOptimizer O>
class by_part {
public:
    explicit by_part(O prototype) : prototype_(std::move(prototype)) {}

    void update(std::size_t first, std::span<float> x, std::span<const float> g, std::uint64_t t) {
        of(first).update(x, g, t);
    }
    void state(state_archive& a) {
        std::uint64_t count = parts_.size();
        a(count);
        expect_message(count <= 1u << 14, "a saved optimizer has too many parts");
        if (!a.saving()) {
            parts_.assign(count, {0, prototype_});
        }
        for (auto& [first, optimizer] : parts_) {
            std::uint64_t at = first;
            a(at);
            first = static_cast<std::size_t>(at);
            save_or_restore(a, optimizer);
        }
    }

private:
    O& of(std::size_t first) {
        for (auto& [at, optimizer] : parts_) {
            if (at == first) {
                return optimizer;
            }
        }
        return parts_.emplace_back(first, prototype_).second;
    }

    O prototype_;
    std::vector<std::pair<std::size_t, O>> parts_;
};

}  // namespace frugal
