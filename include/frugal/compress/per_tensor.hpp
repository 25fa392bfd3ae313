//! `per_tensor{C, layout}`: all tensors of a model in one message, each compressed by itself.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <frugal/compress/parts.hpp>
#include <frugal/core/expression.hpp>
#include <frugal/core/tensor_layout.hpp>

namespace frugal {

//! Tensor i is compressed by C under key.for_purpose(i): with its own scale, its own k largest, ... One header for all.
//! Vectors of 2^17 coordinates and more are encoded and decoded on the threads of TBB; the bytes are those of one
//! thread. Laws: those that C has for every tensor. Senders that agree do so for all tensors at once. C must remember
//! nothing; put error_feedback around. Payload: see parts.hpp. Vectors of another total length are refused.
template <Compressor C>
class per_tensor : public message_interface<per_tensor<C>> {
public:
    static constexpr bool unbiased = C::unbiased;

    //! layout: of the vector; at least one tensor. Their names and shapes do not travel: equal sizes, equal messages.
    per_tensor(C compressor, tensor_layout layout)
        : codec_(std::move(compressor)), layout_(std::make_shared<const tensor_layout>(std::move(layout))) {
        expect(!layout_->empty(), "per_tensor: at least one tensor is needed");
    }

    C& inner() { return codec_.compressor(); }
    const tensor_layout& layout() const { return *layout_; }
    std::string name() const {
        std::string sizes = "sizes=[";
        for (const named_tensor& t : layout_->tensors()) {
            sizes += (t.offset == 0 ? "" : ",") + std::to_string(t.size);
        }
        return composition("per_tensor", {codec_.compressor().name(), sizes + "]"});
    }
    laws laws_for(std::size_t) const {
        laws result;
        for (const named_tensor& t : layout_->tensors()) {
            const laws l = laws_of(codec_.compressor(), t.size);
            result = t.offset == 0 ? l : common_laws(result, l);
        }
        return result;
    }
    std::size_t agreement_size(std::size_t d) const { return agreement_size_of(codec_.compressor(), d); }
    void share(std::span<const float> x, std::span<float> out) const { codec_.share(parts_of(x.size()), x, out); }
    void agree(std::span<const float> largest) { agree_with(codec_.compressor(), largest); }

    void encode(std::span<const float> x, random_key k, payload_writer& w) const {
        codec_.encode(parts_of(x.size()), x, k, w, {});
    }
    void encode(std::span<const float> x, random_key k, payload_writer& w, std::span<float> echo) const {
        codec_.encode(parts_of(x.size()), x, k, w, echo);
    }
    void decode(payload_reader& r, random_key k, std::span<float> y) const {
        codec_.decode(parts_of(y.size()), r, k, y);
    }
    void decode_add(payload_reader& r, random_key k, float weight, std::span<float> acc) const {
        codec_.decode_add(parts_of(acc.size()), r, k, weight, acc);
    }

private:
    struct tensors_of_vector {
        const tensor_layout& layout;
        std::size_t count() const { return layout.count(); }
        std::size_t first(std::size_t i) const { return i == count() ? layout.size() : layout.tensors()[i].offset; }
    };
    tensors_of_vector parts_of(std::size_t d) const {
        expect(d == layout_->size(), [&] {
            return "per_tensor: a vector has " + std::to_string(d) + " coordinates, the tensors " +
                   std::to_string(layout_->size());
        });
        return {*layout_};
    }

    parts_codec<C> codec_;
    std::shared_ptr<const tensor_layout> layout_;  // copies share it
};

}  // namespace frugal
