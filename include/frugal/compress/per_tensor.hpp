//! `per_tensor{C, layout}`: all tensors of a model in one message, each compressed by itself.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frugal/compress/parts.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/tensor_layout.hpp>

namespace frugal {

//! Tensor i is compressed by a C of its own under key.for_purpose(i): with its own scale, its own k largest, its own
//! rows and columns (`low_rank`), its own memory (`error_feedback`). One header for all.
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
                .unless_default());
    }

    //! layout: of the vector; at least one tensor. Names do not travel: equal shapes, equal messages.
    per_tensor(C compressor, const tensor_layout& layout) : compressor_(std::move(compressor)) { fit(layout); }
    //! shapes: of the tensors; none: they will be told by `fit`. Throws `invalid_input` as tensor_layout::add does.
    explicit per_tensor(C compressor, const std::vector<std::vector<std::size_t>>& shapes = {})
        : compressor_(std::move(compressor)) {
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
        std::vector<C> each;
        for (const named_tensor& t : layout.tensors()) {
            first.push_back(t.offset + t.size);
            each.push_back(compressor_);
            fit_to(each.back(), tensor_layout().add(t.name, t.shape, t.kind));
            alike = alike && each.back().name() == compressor_.name();
        }
        if (alike) {
            each.resize(1, compressor_);
        }
        shapes_ = std::move(shapes);
        tensors_.begin = std::move(first);
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
        laws result = laws_of(each_[0], tensors_.size_of(0));
        for (std::size_t i = 1; i < tensors_.count(); ++i) {
            result = common_laws(result, laws_of(of_tensor(*this)(i), tensors_.size_of(i)));
        }
        return result;
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
        return [&self](std::size_t i) -> auto& { return self.each_[self.each_.size() == 1 ? 0 : i]; };
    }

    C compressor_;
    std::vector<std::vector<std::size_t>> shapes_;
    tensors_of_vector tensors_;
    std::vector<C> each_;  // one for all where they are alike and remember nothing
};

}  // namespace frugal
