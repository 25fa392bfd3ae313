//! `downlink<C>`: answers with an aggregate, compressed, with feedback of its own.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <frugal/compress/laws.hpp>
#include <frugal/concepts.hpp>
#include <frugal/kernels/elementwise.hpp>
#include <frugal/node/channel.hpp>

namespace frugal {

//! Sends C(a) of an aggregate a, or with feedback C(a + r), r <- a + r - C(a + r). Who sends ends with what the others
//! decode. With feedback the answers add up to the aggregates only for those who hear all of them, so a group that
//! changes is refused.
template <Compressor C>
class downlink {
public:
    downlink(C codec, bool feedback)
        : channel_(std::move(codec)), exact_(is_exact(channel_.codec())), feedback_(feedback) {}

    void fit(const tensor_layout& layout) {
        channel_.fit(layout);
        exact_ = is_exact(channel_.codec());
    }
    //! Whether receivers get what was sent, at any length.
    bool exact() const { return exact_; }
    channel<C>& codec() { return channel_; }

    //! Once a round, before `encode`: `elements` is how many this node answers for.
    void prepare(const peer& here, std::size_t elements, std::size_t blocks) {
        channel_.prepare(blocks);
        if (!feedback_ || exact_) {
            return;
        }
        std::uint64_t group = here.size();
        for (std::uint32_t i = 0; i < here.size(); ++i) {
            group = mix_bits(group ^ here.global(i));
        }
        expect(residual_.empty() || (group == group_ && residual_.size() == elements),
               "downlink feedback needs the same group and vector in every round: of a cohort that changes, those who "
               "were away lack what was sent meanwhile; use a downlink without feedback");
        group_ = group;
        residual_.resize(elements);
    }
    //! Block b, whose first element is number `at` of those this node answers for: x <- what all receivers decode.
    void encode(const peer& here, std::uint32_t leg, std::size_t b, std::size_t at, std::span<float> x, message& m) {
        if (exact_) {
            channel_.encode(here, leg, b, x, m);
            return;
        }
        borrowed_vector echo = here.borrow(x.size());
        if (feedback_) {
            const std::span<float> r = std::span(residual_).subspan(at, x.size());
            kernels::add(x, r, x);
            channel_.encode(here, leg, b, x, m, echo);
            kernels::subtract(x, echo, r);
        } else {
            channel_.encode(here, leg, b, x, m, echo);
        }
        std::ranges::copy(echo.span(), x.begin());
    }
    void decode(const peer& here, std::uint32_t leg, const envelope& e, std::span<float> x) {
        channel_.decode(here, leg, e, x);
    }
    void state(state_archive& a) {
        channel_.state(a);
        a(residual_);
        a(group_);
    }

private:
    static bool is_exact(const C& codec) { return laws_of(codec, std::size_t{1} << 40).contraction == 1; }

    channel<C> channel_;
    bool exact_;
    bool feedback_;
    std::vector<float> residual_;
    std::uint64_t group_ = 0;
};

}  // namespace frugal
