//! `channel<C>`: a Compressor on the wire between nodes: keys, checks, attribution of errors, time, state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frugal/compress/agreement.hpp>
#include <frugal/concepts.hpp>
#include <frugal/core/tensor_layout.hpp>
#include <frugal/node/agree.hpp>
#include <frugal/node/peer.hpp>

namespace frugal {

//! Encodes what a node sends and decodes what it receives on one lane. A vector may be cut into blocks, each a message
//! under a key of its own and with a sender's memory of its own.
//!
//! Messages come from the nodes of the run, whose code and configuration are trusted; a checksum finds accidents, and
//! does not authenticate. A message that is not what its sender, lane and round say it is gives `malformed_message`
//! naming node, round, lane and sender.
template <Compressor C>
class channel {
public:
    explicit channel(C codec) : codec_(std::move(codec)) {}

    void fit(const tensor_layout& layout) { fit_to(codec_, layout); }
    const C& codec() const { return codec_; }
    //! What this node encodes block b with: a copy of `codec`, with what it remembers.
    C& sender(std::size_t b = 0) {
        prepare(b + 1);
        return senders_[b];
    }

    //! Whether senders must `agree` on numbers before they encode a vector of d elements.
    bool agrees(std::size_t d) const { return agreement_size_of(codec_, d) > 0; }
    //! All nodes of the group learn what each of them needs to know of the others' vectors: two messages a node. The
    //! vector is cut as it will be encoded, into blocks of `block` elements.
    task<> agree(peer here, std::span<const float> x, std::size_t block) {
        std::vector<double> numbers;
        std::vector<float> shares;
        for (std::size_t at = 0, b = 0; at < x.size(); at += block, ++b) {
            const auto part = x.subspan(at, std::min(block, x.size() - at));
            shares.resize(agreement_size_of(codec_, part.size()));
            guarded(here, [&] { share_of(sender(b), part, std::span<float>(shares)); });
            numbers.insert(numbers.end(), shares.begin(), shares.end());
        }
        co_await agree_on_largest(here, numbers);
        std::size_t first = 0;
        for (std::size_t at = 0, b = 0; at < x.size(); at += block, ++b) {
            shares.resize(agreement_size_of(codec_, std::min(block, x.size() - at)));
            for (float& s : shares) {
                s = static_cast<float>(numbers[first++]);
            }
            agree_with(sender(b), std::span<const float>(shares));
        }
    }

    //! Prepares for vectors of so many blocks, so that blocks may be encoded on several threads.
    void prepare(std::size_t blocks) {
        while (senders_.size() < blocks) {
            senders_.push_back(codec_);
        }
    }
    //! Block b as a message under the key of `leg`. echo, unless empty: what every receiver will decode.
    void encode(const peer& here, std::uint32_t leg, std::size_t b, std::span<const float> x, message& m,
                std::span<float> echo = {}) {
        const random_key key = here.key(leg, here.self());
        guarded(here, [&] {
            if (echo.empty()) {
                sender(b).compress(x, key, m);
            } else {
                sender(b).compress(x, key, m, echo);
            }
        });
    }

    //! Calls use(codec, message, key) for a message that came under the key of `leg`.
    template <class Use>
    void open(const peer& here, std::uint32_t leg, const envelope& e, Use use) {
        try {
            use(std::as_const(codec_), *e.content, here.key(leg, e.from));
        } catch (const malformed_message& problem) {
            throw malformed_message("a message from node " + std::to_string(here.global(e.from)) + " to " +
                                    here.place() + ": " + problem.what());
        }
    }
    void decode(const peer& here, std::uint32_t leg, const envelope& e, std::span<float> y) {
        open(here, leg, e, [&](const C& c, const message& m, random_key key) { c.decompress(m, key, y); });
    }
    void decode_add(const peer& here, std::uint32_t leg, const envelope& e, float weight, std::span<float> acc) {
        open(here, leg, e,
             [&](const C& c, const message& m, random_key key) { c.decompress_add(m, key, weight, acc); });
    }

    void state(state_archive& a) {
        std::uint64_t count = senders_.size();
        a(count);
        expect_message(count <= 1u << 14, "a saved channel has more blocks than a vector may have");
        prepare(count);
        for (C& s : senders_) {
            save_or_restore(a, s);
        }
    }

private:
    //! Turns numbers that are not finite into the end of a run.
    template <class F>
    static void guarded(const peer& here, F f) {
        try {
            f();
        } catch (const nonfinite_input& problem) {
            throw divergence(here.place() + ": " + problem.what());
        }
    }

    C codec_;
    std::vector<C> senders_;  // by block; most compressors hold options only
};

}  // namespace frugal
