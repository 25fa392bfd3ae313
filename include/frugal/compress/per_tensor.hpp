//! `per_tensor{C, sizes}`: all tensors of a model in one message, each compressed by itself.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frugal/compress/parts.hpp>
#include <frugal/core/expression.hpp>

namespace frugal {

//! Tensor i is compressed by C under key.for_purpose(i): with its own scale, its own k largest, ... One header for all.
//! Vectors of 2^17 coordinates and more are encoded and decoded on the threads of TBB; the bytes are those of one
//! thread. Laws: those that C has for every tensor. Senders that agree do so for all tensors at once. C must remember
//! nothing; put error_feedback around. Payload: see parts.hpp. Vectors of another total length are refused.
template <Compressor C>
class per_tensor : public message_interface<per_tensor<C>> {
public:
    static constexpr bool unbiased = C::unbiased;

    //! sizes: the number of coordinates of each tensor, in the order in which they lie in the vector; none is 0.
    per_tensor(C compressor, std::span<const std::size_t> sizes)
        : codec_(std::move(compressor)), offsets_(offsets_of(sizes)) {}

    C& inner() { return codec_.compressor(); }
    std::size_t tensors() const { return offsets_->size() - 1; }
    std::string name() const {
        std::string sizes = "sizes=[";
        for (std::size_t i = 0; i < tensors(); ++i) {
            sizes += (i == 0 ? "" : ",") + std::to_string((*offsets_)[i + 1] - (*offsets_)[i]);
        }
        return composition("per_tensor", {codec_.compressor().name(), sizes + "]"});
    }
    laws laws_for(std::size_t) const {
        laws result;
        for (std::size_t i = 0; i < tensors(); ++i) {
            const laws l = laws_of(codec_.compressor(), (*offsets_)[i + 1] - (*offsets_)[i]);
            result = i == 0 ? l : common_laws(result, l);
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
        std::span<const std::size_t> offsets;
        std::size_t count() const { return offsets.size() - 1; }
        std::size_t first(std::size_t i) const { return offsets[i]; }
    };
    static std::shared_ptr<const std::vector<std::size_t>> offsets_of(std::span<const std::size_t> sizes) {
        expect(!sizes.empty(), "per_tensor: at least one tensor is needed");
        std::vector<std::size_t> offsets{0};
        for (const std::size_t size : sizes) {
            expect(size > 0, "per_tensor: a tensor needs at least one coordinate");
            offsets.push_back(offsets.back() + size);
        }
        return std::make_shared<const std::vector<std::size_t>>(std::move(offsets));
    }
    tensors_of_vector parts_of(std::size_t d) const {
        expect(d == offsets_->back(), [&] {
            return "per_tensor: a vector has " + std::to_string(d) + " coordinates, the tensors " +
                   std::to_string(offsets_->back());
        });
        return {*offsets_};
    }

    parts_codec<C> codec_;
    std::shared_ptr<const std::vector<std::size_t>> offsets_;  // copies share it
};

}  // namespace frugal
