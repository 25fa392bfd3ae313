//! `per_tensor{C, layout}`: all tensors of a model in one message, each compressed by itself.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frugal/compress/identity.hpp>
#include <frugal/compress/parts.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/tensor_layout.hpp>

namespace frugal {

//! Tensor i is compressed by a C of its own under key.for_purpose(i): with its own scale, its own k largest, its own
//! rows and columns (`low_rank`), its own memory (`error_feedback`). One header for all. Tensors that are few bits in
//! all but sensitive (biases, the scales of normalization) may be sent as they are: `exact_below`, `exact_vectors`.
//! Vectors of 2^17 coordinates and more are encoded and decoded on the threads of TBB; the bytes are those of one
//! thread. Laws: those that C has for every tensor. Senders that agree do so for all tensors at once.
//! Payload: see parts.hpp. Vectors of another total length are refused, so exchanges must not cut them.
template <Compressor C>
class per_tensor : public message_interface<per_tensor<C>> {
public:
    static constexpr bool unbiased = C::unbiased;
    static constexpr auto describe() {
        return describes(
            "per_tensor", "each tensor of a model by itself, in one message",
            part("compressor", &per_tensor::compressor_, "of each tensor"),
            option("shapes", &per_tensor::shapes_, "of the tensors, such as [[300,784],[300]]; []: those of the model")
                .otherwise("[]")
                .unless_default(),
            option("exact_below", &per_tensor::exact_below_, "tensors of fewer numbers are sent as they are")
                .from(0)
                .to(281474976710656.0)
                .otherwise("0")
                .unless_default(),
            option("exact_vectors", &per_tensor::exact_vectors_, "tensors of one dimension are sent as they are")
                .otherwise("0")
                .unless_default());
    }

    //! layout: of the vector; at least one tensor. Names do not travel: equal shapes, equal messages.
    per_tensor(C compressor, const tensor_layout& layout, std::size_t exact_below = 0, bool exact_vectors = false)
        : compressor_(std::move(compressor)), exact_below_(exact_below), exact_vectors_(exact_vectors) {
        fit(layout);
    }
    //! shapes: of the tensors; none: they will be told by `fit`. Throws `invalid_input` as tensor_layout::add does.
    explicit per_tensor(C compressor, const std::vector<std::vector<std::size_t>>& shapes = {},
                        std::size_t exact_below = 0, bool exact_vectors = false)
        : compressor_(std::move(compressor)), exact_below_(exact_below), exact_vectors_(exact_vectors) {
        if (!shapes.empty()) {
            fit(tensor_layout::of_shapes(shapes));
        }
    }

    //! Which tensors a vector holds. Throws `invalid_input` for a layout without tensors, and for other shapes than
    //! those it has.
    void fit(const tensor_layout& layout) {
        expect(!layout.empty(), "per_tensor: at least one tensor is needed");
        auto shapes = layout.shapes();
        expect(shapes_.empty() || shapes_ == shapes,
               "per_tensor: the tensors have other shapes than it was given: leave them out, or correct them");
        if (!shapes_.empty()) {
            return;
        }
        bool alike = is_stateless(compressor_);
        std::vector<std::size_t> first{0};
        std::vector<bool> exact;
        std::vector<C> each;
        for (const named_tensor& t : layout.tensors()) {
            first.push_back(t.offset + t.size);
            exact.push_back(t.size < exact_below_ || (exact_vectors_ && t.shape.size() < 2));
            each.push_back(compressor_);
            if (exact.back()) {
                continue;
            }
            fit_to(each.back(), tensor_layout().add(t.name, t.shape, t.kind));
            alike = alike && each.back().name() == compressor_.name();
        }
        if (alike) {
            each.resize(1, compressor_);
        }
        shapes_ = std::move(shapes);
        tensors_.begin = std::move(first);
        exact_ = std::move(exact);
        each_ = std::move(each);
        this->scheme_ = {};
    }

    //! Of all tensors, before any is fitted to its own.
    const C& compressor() const { return compressor_; }
    bool stateless() const { return is_stateless(compressor_); }
    std::string name() const { return described_name(*this); }
    //! Before it knows the tensors, those of a vector that is one.
    laws laws_for(std::size_t d) const {
        if (each_.empty()) {
            return laws_of(compressor_, d);
        }
        const auto with = of_tensor(*this);
        std::optional<laws> result;
        for (std::size_t i = 0; i < tensors_.count(); ++i) {
            with(i, [&](const auto& c) {
                const laws of_c = laws_of(c, tensors_.size_of(i));
                result = result ? common_laws(*result, of_c) : of_c;
            });
        }
        return *result;
    }
    std::size_t agreement_size(std::size_t d) const { return agreement_size_of(compressor_, d); }
    void share(std::span<const float> x, std::span<float> out) const {
        share_parts(parts_of(x.size()), of_tensor(*this), x, out);
    }
    void agree(std::span<const float> largest) {
        for (C& c : each_) {
            agree_with(c, largest);
        }
    }

    void encode(std::span<const float> x, random_key k, payload_writer& w, std::span<float> echo = {})
        requires(!encodes_const<C>)
    {
        encode_parts(parts_of(x.size()), of_tensor(*this), x, k, w, echo);
    }
    void encode(std::span<const float> x, random_key k, payload_writer& w, std::span<float> echo = {}) const
        requires encodes_const<C>
    {
        encode_parts(parts_of(x.size()), of_tensor(*this), x, k, w, echo);
    }
    void decode(payload_reader& r, random_key k, std::span<float> y) const {
        decode_parts(parts_of(y.size()), of_tensor(*this), r, k, y);
    }
    void decode_add(payload_reader& r, random_key k, float weight, std::span<float> acc) const {
        decode_add_parts(parts_of(acc.size()), of_tensor(*this), r, k, weight, acc);
    }
    void state(state_archive& a) {
        for (C& c : each_) {
            save_or_restore(a, c);
        }
    }

private:
    struct tensors_of_vector {
        std::vector<std::size_t> begin{0};  // and the end of the last one
        std::size_t count() const { return begin.size() - 1; }
        std::size_t first(std::size_t i) const { return begin[i]; }
        std::size_t size_of(std::size_t i) const { return begin[i + 1] - begin[i]; }
    };
    const tensors_of_vector& parts_of(std::size_t d) const {
        expect(
            !each_.empty(),
            "per_tensor: which tensors the vector holds is not known: fit(layout) tells it, or shapes=[[300,784],...]");
        expect(d == tensors_.begin.back(), [&] {
            return "per_tensor: a vector has " + std::to_string(d) + " coordinates, the tensors " +
                   std::to_string(tensors_.begin.back()) +
                   ": it compresses whole vectors (server, all_gather), not blocks or parts of them";
        });
        return tensors_;
    }
    static auto of_tensor(auto& self) {
        return [&self](std::size_t i, auto use) {
            if (self.exact_[i]) {
                const identity as_it_is;
                use(as_it_is);
            } else {
                use(self.each_[self.each_.size() == 1 ? 0 : i]);
            }
        };
    }

    C compressor_;
    std::vector<std::vector<std::size_t>> shapes_;
    std::size_t exact_below_;
    bool exact_vectors_;
    tensors_of_vector tensors_;
    std::vector<bool> exact_;  // of each tensor
    std::vector<C> each_;      // one for all where they are alike and remember nothing
};

}  // namespace frugal
