//! `loss_mask`: coordinates that earned their place while the loss fell (CE-SGD).
#pragma once

#include <algorithm>
#include <cmath>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <frugal/compress/scale/scales.hpp>
#include <frugal/compress/selector/selection.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/core/state.hpp>
#include <frugal/core/tensor_layout.hpp>
#include <frugal/kernels/philox.hpp>

namespace frugal {

//! What a coordinate is credited for when the loss has fallen. sent: having been sent, also by speculation. kept: being
//! in the mask; then the mask never changes (all that has credit has the same). grow: what was sent joins the mask,
//! which may become full.
enum class mask_credit { sent, kept, grow };

//! The norm that probabilities are relative to: of the largest (which is always drawn), or of l2 (at most sqrt k
//! coordinates of k in the mean).
enum class mask_norm { largest, euclidean };

//! What a mask is redrawn by: the credits, or the magnitudes of the vector itself.
enum class mask_source { credits, vector };

//! The probabilities Phi_j = |v_j| / ||v|| of v's coordinates; 0 where v is. The same bits on every machine.
template <class T>
class mask_probabilities {
public:
    mask_probabilities(std::span<const T> v, mask_norm norm) : v_(v) {
        double largest = 0, squares = 0;
        for (const T value : v) {
            const double magnitude = std::fabs(static_cast<double>(value));
            largest = std::max(largest, magnitude);
            squares += rounded(magnitude * magnitude);
        }
        norm_ = norm == mask_norm::largest ? largest : std::sqrt(squares);
    }
    bool all_zero() const { return norm_ == 0; }
    double operator[](std::size_t j) const { return all_zero() ? 0 : std::fabs(static_cast<double>(v_[j])) / norm_; }

    //! A draw by a uniform word; those of probability 0 and 1 are certain.
    bool draw(std::size_t j, std::uint32_t word) const {
        return static_cast<double>(word) * norm_ < std::fabs(static_cast<double>(v_[j])) * 0x1p32;
    }

private:
    std::span<const T> v_;
    double norm_;
};

//! Keeps a mask V for each layer. Before each message, `observe(loss)`: if the loss fell, the mask stays and what was
//! sent is credited (M += U); if not, V_j is drawn anew with probability M_j / ||M||. Every `period` messages some
//! coordinates outside the mask are sent, too, of those with little credit: U = V and a share `speculation` of the
//! layer.
//!
//! The first message counts as one whose loss fell; so does one before which no loss was observed. Equal losses have
//! not fallen. Without credits V is drawn with probability `density`, as it is at first. Layers of one coordinate are
//! always sent. All draws are the sender's own, from the key, so indices travel. Sends coordinates as they are: the
//! mean is that of Phi o x, not x, and E||C(x) - x||^2 = sum over j of (1 - Phi_j) x_j^2; put `error_feedback` around
//! to make up for it.
//!
//! Memory: 4 d bytes of credits and 2 d of masks per sender, saved by checkpoints. O(d) a message; speculation, which
//! counts credits and sorts what it draws from, takes several times as long as the rest, hence `period`. Each message
//! needs a fresh key.
//!
//! Source: CE-SGD (Tao's dissertation, ch. 2, alg. 4; Tao, Li 2018). The printed algorithm credits V alone
//! (mask_credit::kept), by which no mask ever changes.
struct loss_mask {
    double density = 0.3;       //!< of the first mask, in (0, 1]
    double speculation = 0.01;  //!< share of a layer, rounded up, that is sent beside the mask, in [0, 1]
    std::size_t period = 1;     //!< messages from one such to the next
    mask_credit credit = mask_credit::sent;
    mask_norm norm = mask_norm::largest;
    mask_source source = mask_source::credits;
    bool history = false;               //!< credit after redraws, too: M sums all masks that were sent
    std::vector<std::size_t> layers{};  //!< their sizes; empty: the tensors, or if not known one for all

    //! What a sender remembers.
    struct sender_memory {
        std::vector<std::uint32_t> credits{};
        std::vector<std::uint8_t> mask{};  // V: 1 or 0
        std::vector<std::uint8_t> sent{};  // U
        std::optional<double> last_loss{};
        std::optional<double> loss{};  // not yet used
        std::optional<random_key> last_key{};
        std::uint64_t messages = 0;
        std::uint64_t fallen = 0;  // before how many of them the loss fell
    };
    sender_memory memory{};  //!< internal

    static constexpr auto describe() {
        return describes(
            "loss_mask", "coordinates that were sent while the loss fell (CE-SGD)",
            option("density", &loss_mask::density, "of the first mask").above(0).to(1),
            option("speculation", &loss_mask::speculation, "share sent beside the mask").from(0).to(1),
            option("period", &loss_mask::period, "messages from one speculation to the next").from(1).to(1 << 30),
            option("credit", &loss_mask::credit, "what is credited").one_of("sent", "kept", "grow"),
            option("norm", &loss_mask::norm, "of redraws").one_of("largest", "euclidean"),
            option("source", &loss_mask::source, "what masks are redrawn by").one_of("credits", "vector"),
            option("history", &loss_mask::history, "credit redrawn masks, too"),
            option("layers", &loss_mask::layers, "their sizes; []: those of the tensors, where they are known")
                .from(1)
                .to(1e15)
                .unless_default());
    }
    std::string name() const { return described_name(*this); }
    void validate() const { validate_described(*this); }

    //! Layers that were not given are the tensors.
    void fit(const tensor_layout& layout) {
        if (layers.empty()) {
            layers = layout.sizes();
        }
    }
    //! The loss that this sender sees now. Throws `invalid_input` unless it is finite.
    void observe(double loss) {
        expect(std::isfinite(loss), "loss_mask: a loss that is not finite cannot be compared with the last one");
        memory.loss = loss;
    }
    //! Of the last message: was coordinate i in the mask, was it sent, and what credit has it?
    bool in_mask(std::size_t i) const { return memory.mask[i] != 0; }
    bool was_sent(std::size_t i) const { return memory.sent[i] != 0; }
    std::size_t sent_count() const {
        return memory.sent.size() - static_cast<std::size_t>(std::count(memory.sent.begin(), memory.sent.end(), 0));
    }
    std::span<const std::uint32_t> credits() const { return memory.credits; }
    //! The share of messages before which the loss had fallen.
    double share_fallen() const {
        return memory.messages == 0 ? 0 : static_cast<double>(memory.fallen) / static_cast<double>(memory.messages);
    }

    void select(std::span<const float> x, random_key k, selection& chosen) {
        max_norm{}.measure(x);  // names elements that are not finite
        expect(memory.last_key != k, "loss_mask was given the same key twice: advance the round for each message");
        const bool first = memory.credits.empty();
        if (first) {
            memory.credits.assign(x.size(), 0);
            memory.mask.assign(x.size(), 0);
            memory.sent = memory.mask;
        }
        expect(memory.credits.size() == x.size(),
               "loss_mask holds masks for another dimension: use one compressor per tensor");
        const bool fell = !memory.last_loss || !memory.loss || *memory.last_loss > *memory.loss;
        std::uint32_t l = 0;
        for_each_layer(x.size(), [&](std::size_t at, std::size_t n) {
            const random_key own = k.for_purpose(l++);
            const auto part = [&](auto& all) { return all.data() + at; };
            std::uint8_t *const mask = part(memory.mask), *const sent = part(memory.sent);
            if (first) {
                draw(at, n, own, density);
            } else if (fell && credit == mask_credit::grow) {
                std::copy_n(sent, n, mask);
            } else if (!fell) {
                redraw(x.subspan(at, n), at, own);
            }
            if (fell || history) {
                const std::uint8_t* const earned = credit == mask_credit::sent && !first && fell ? sent : mask;
                std::uint32_t* const to = part(memory.credits);
                for (std::size_t i = 0; i < n; ++i) {
                    to[i] += earned[i] != 0 ? 1u : 0u;
                }
            }
            std::copy_n(mask, n, sent);
            if (speculation > 0 && (memory.messages + 1) % period == 0) {
                speculate(at, n, own.for_purpose(1));
            }
        });
        chosen.indices.resize(x.size());
        std::size_t count = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {  // without branches: what is not sent is overwritten
            chosen.indices[count] = static_cast<std::uint32_t>(i);
            count += was_sent(i) ? 1u : 0u;
        }
        chosen.indices.resize(count);
        memory.last_loss = memory.loss ? memory.loss : memory.last_loss;
        memory.loss.reset();
        memory.last_key = k;
        memory.fallen += fell ? 1 : 0;
        ++memory.messages;
    }
    void state(state_archive& a) {
        a(memory.credits);
        a(memory.mask);
        a(memory.sent);
        a(memory.last_loss);
        a(memory.loss);
        a(memory.last_key);
        a(memory.messages);
        a(memory.fallen);
        expect_message(memory.mask.size() == memory.credits.size() && memory.sent.size() == memory.credits.size(),
                       "a saved loss_mask has masks of another length than its credits: it was altered");
    }

private:
    struct candidate {
        std::uint32_t order;
        std::uint32_t index;
        std::uint32_t credit;
        friend constexpr auto operator<=>(const candidate&, const candidate&) = default;
    };

    //! Calls visit(first coordinate, how many).
    template <class Visit>
    void for_each_layer(std::size_t d, const Visit& visit) const {
        if (layers.empty()) {
            visit(std::size_t{0}, d);
            return;
        }
        std::size_t at = 0;
        for (const std::size_t n : layers) {
            expect(n > 0 && n <= d - at, "loss_mask: the layers are longer than the vector, or one is empty");
            visit(at, n);
            at += n;
        }
        expect(at == d, "loss_mask: the layers are shorter than the vector");
    }
    void redraw(std::span<const float> x, std::size_t at, random_key k) {
        const auto by = [&](const auto& probabilities) {
            if (probabilities.all_zero()) {
                draw(at, x.size(), k, density);
            } else {
                draw_words(at, x.size(), k,
                           [&](std::uint32_t word, std::size_t j) { return probabilities.draw(j, word); });
            }
        };
        if (source == mask_source::vector) {
            by(mask_probabilities<float>(x, norm));
        } else {
            by(mask_probabilities(std::span<const std::uint32_t>(memory.credits).subspan(at, x.size()), norm));
        }
    }
    //! V_j ~ Bernoulli(probability).
    void draw(std::size_t at, std::size_t n, random_key k, double probability) {
        const double below = probability * 0x1p32;
        draw_words(at, n, k, [below](std::uint32_t word, std::size_t) { return static_cast<double>(word) < below; });
    }
    template <class Draw>
    void draw_words(std::size_t at, std::size_t n, random_key k, Draw taken) {
        const auto words = borrow<std::uint32_t>(n);
        kernels::random_words(random_stream(k), 0, n, words.data());
        for (std::size_t j = 0; j < n; ++j) {
            memory.mask[at + j] = n == 1 || taken(words[j], j) ? 1 : 0;
        }
    }
    //! Sends some of the less credited half of what is outside the mask, drawn without replacement. Of coordinates with
    //! the credit in the middle, which of them belong to that half is drawn as they come up.
    void speculate(std::size_t at, std::size_t n, random_key k) {
        const std::uint32_t* const credits = memory.credits.data() + at;
        const std::uint8_t* const mask = memory.mask.data() + at;
        // Of coordinates outside, by credit, which grows by 1 a message: room for a while.
        const std::size_t values = std::size_t{*std::max_element(credits, credits + n)} + 1;
        const auto counts = borrow<std::size_t>(std::max<std::size_t>(values, 4096));
        std::fill_n(counts.begin(), values, std::size_t{0});
        std::size_t outside = 0;
        for (std::size_t j = 0; j < n; ++j) {
            const std::size_t one = mask[j] == 0 ? 1 : 0;
            counts[credits[j]] += one;
            outside += one;
        }
        if (outside == 0) {
            return;
        }
        const double share = rounded(speculation * static_cast<double>(n));
        const auto asked = static_cast<std::size_t>(std::ceil(share - rounded(share * 0x1p-51)));
        const std::size_t taken = std::min(outside, std::max<std::size_t>(1, asked));
        const std::size_t half = std::max(taken, (outside + 1) / 2);
        std::size_t below = 0;  // of that half: those with less than the middle credit
        std::uint32_t middle = 0;
        while (below + counts[middle] < half) {
            below += counts[middle++];
        }
        std::size_t places = half - below, equals = counts[middle];
        const auto words = borrow<std::uint32_t>(n);
        kernels::random_words(random_stream(k), 0, n, words.data());
        const random_stream ties(k.for_purpose(1));
        const auto next = borrow<candidate>(n);
        std::size_t left = taken;
        std::uint64_t from = 0;
        //! Candidates come up in order of their words; a few times as many as are needed are looked at together.
        const std::uint64_t step =
            (std::uint64_t{1} << 32) / std::max<std::size_t>(1, (below + equals) / (3 * taken)) + 1;
        for (; left > 0 && from >> 32 == 0; from += step) {
            std::size_t found = 0;
            for (std::size_t j = 0; j < n; ++j) {  // without branches, which nobody could predict
                next[found] = {words[j], static_cast<std::uint32_t>(j), credits[j]};
                found += static_cast<std::size_t>(mask[j] == 0) & static_cast<std::size_t>(credits[j] <= middle) &
                         static_cast<std::size_t>(words[j] - from < step);
            }
            std::sort(next.begin(), next.begin() + static_cast<std::ptrdiff_t>(found));
            for (std::size_t i = 0; i < found && left > 0; ++i) {
                const candidate c = next[i];
                bool belongs = c.credit < middle;
                if (!belongs) {
                    belongs = ties.below(equals, c.index) < places;
                    --equals;
                    places -= belongs ? 1 : 0;
                }
                if (belongs) {
                    memory.sent[at + c.index] = 1;
                    --left;
                }
            }
        }
    }
};

}  // namespace frugal
