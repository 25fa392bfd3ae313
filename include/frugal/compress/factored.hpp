//! `factored{layout, F, C}`: gradients of a model, those of large weights as factors, the rest as numbers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frugal/compress/identity.hpp>
#include <frugal/compress/indirect.hpp>
#include <frugal/compress/laws.hpp>
#include <frugal/compress/message_interface.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/tensor_layout.hpp>

namespace frugal {

//! Before each message, `take(record)`: the factors that a backward pass left (core/factors.hpp). Tensors that have
//! some are sent by the FactorCompressor F, all others together, as one vector, by the Compressor C, which must
//! remember nothing.
//!
//! Payload: the number of samples, 32 bits; for each tensor of two dimensions and more a bit, 1 if as factors, and then
//! another, 1 if of a convolution, whose geometry follows, 16 bits a number; then those tensors, each from a byte
//! boundary, under key.for_purpose(2 + number of the tensor); from the next boundary the rest, under
//! key.for_purpose(1). Decodes to the whole gradient. Unbiased where both are; no other law is known, as what factors
//! lose is no function of the gradient. Vectors are taken whole: `server`, `all_gather`.
template <FactorCompressor F, Compressor C = identity>
class factored : public message_interface<factored<F, C>> {
public:
    static constexpr bool unbiased = F::unbiased && C::unbiased;
    static constexpr auto describe() {
        return describes(
            "factored", "large weights' gradients as factors, for the receiver to multiply; others as one vector",
            part("factors", &factored::factors_, "of layers whose factors are fewer numbers than their weights"),
            part("rest", &factored::rest_, "of all other tensors; remembers nothing").otherwise("identity"),
            option("shapes", &factored::shapes, "of the tensors, such as [[300,784],[300]]; []: those of the model")
                .otherwise("[]")
                .unless_default());
    }

    //! layout: of the gradient; at least one tensor. Names do not travel: equal shapes, equal messages.
    factored(tensor_layout layout, F factors, C rest = C()) : factored(std::move(factors), std::move(rest)) {
        fit(layout);
    }
    //! shapes: of the tensors; none: they will be told by `fit`. Throws `invalid_input` as tensor_layout::add does.
    explicit factored(F factors, C rest = C(), const std::vector<std::vector<std::size_t>>& shapes = {})
        : layout_(std::make_shared<const tensor_layout>(tensor_layout::of_shapes(shapes))),
          factors_(std::move(factors)),
          rest_(std::move(rest)) {
        expect(is_stateless(rest_), "factored: the compressor of the rest must remember nothing");
    }

    //! Which tensors a gradient holds. Throws `invalid_input` for a layout without tensors, and for other shapes than
    //! those it has.
    void fit(const tensor_layout& layout) {
        expect(!layout.empty(), "factored: at least one tensor is needed");
        expect(layout_->empty() || layout_->shapes() == layout.shapes(),
               "factored: the tensors have other shapes than it was given: leave them out, or correct them");
        layout_ = std::make_shared<const tensor_layout>(layout);
        this->scheme_ = {};
    }

    const tensor_layout& layout() const { return *layout_; }
    std::vector<std::vector<std::size_t>> shapes() const { return layout_->shapes(); }
    std::string name() const { return described_name(*this); }
    laws laws_for(std::size_t d) const {
        return {.unbiased = laws_of(factors_, d).unbiased && laws_of(rest_, d).unbiased};
    }

    bool takes_factors() const { return true; }
    //! The factors of the next message; they must live until then.
    void take(const factor_record& record) { record_ = &record; }

    void encode(std::span<const float> x, random_key k, payload_writer& w) {
        expect(record_ != nullptr,
               "factored: nobody gave the factors of this gradient, which a vector alone does not have: it works as "
               "the compressor of server or all_gather in synchronous training, or after take(record)");
        check_dimension(x.size());
        const factor_record& record = *std::exchange(record_, nullptr);
        w.bits(record.samples(), 32);
        std::size_t others = x.size();
        for (const named_tensor& t : layout_->tensors()) {
            const bool sent = is_matrix(t) && record.has(t.offset);
            if (is_matrix(t)) {
                w.bits(sent ? 1 : 0, 1);
            }
            if (sent) {
                const factor_shape shape = record.at(t.offset).shape();
                expect(shape.rows == rows_of(t) && shape.size() == t.size && shape.is_smaller(),
                       [&] { return "factored: the factors of " + t.name + " are not of its shape, or too many"; });
                w.bits(shape.images ? 1 : 0, 1);
                if (shape.images) {
                    detail::write_images(*shape.images, w);
                }
                others -= t.size;
            }
        }
        std::uint32_t i = 2;
        const auto values = borrow<float>(others);
        float* next = values.data();
        for (const named_tensor& t : layout_->tensors()) {
            if (is_matrix(t) && record.has(t.offset)) {
                w.align();
                factors_.encode(record.at(t.offset), k.for_purpose(i), w);
            } else {
                next = std::ranges::copy(t.of(x), next).out;
            }
            ++i;
        }
        if (others > 0) {
            w.align();
            rest_.encode(std::span<const float>(values), k.for_purpose(1), w);
        }
    }
    void decode(payload_reader& r, random_key k, std::span<float> y) const { read(r, k, y, {}); }
    void decode_add(payload_reader& r, random_key k, float weight, std::span<float> acc) const {
        read(r, k, acc, weight);
    }

private:
    static bool is_matrix(const named_tensor& t) { return t.shape.size() >= 2; }
    static std::size_t rows_of(const named_tensor& t) { return t.shape[0]; }
    void check_dimension(std::size_t d) const {
        expect(d == layout_->size(), [&] {
            return "factored: a vector has " + std::to_string(d) + " coordinates, the tensors " +
                   std::to_string(layout_->size()) + ": it compresses the whole gradient of a model";
        });
    }
    //! Adds what is decoded, or without a weight replaces y.
    void read(payload_reader& r, random_key k, std::span<float> y, std::optional<float> weight) const {
        check_dimension(y.size());
        const std::size_t samples = r.bits(32);
        const auto shapes = borrow<factor_shape>(layout_->count());  // of what came as factors; without samples: others
        std::size_t others = y.size();
        for (std::size_t i = 0; i < layout_->count(); ++i) {
            const named_tensor& t = layout_->tensors()[i];
            shapes[i] = {};
            if (is_matrix(t) && r.bits(1) != 0) {
                shapes[i] = {samples, rows_of(t), t.size / rows_of(t), {}};
                if (r.bits(1) != 0) {
                    shapes[i].images = detail::read_images(r);
                    expect_message(shapes[i].images->patch() == shapes[i].columns,
                                   "a message has the factors of another convolution: it was altered");
                }
                expect_message(shapes[i].is_smaller(),
                               "a message has the factors of a gradient that has fewer numbers itself: it was altered");
                others -= t.size;
            }
        }
        for (std::size_t i = 0; i < layout_->count(); ++i) {
            if (shapes[i].samples > 0) {
                const named_tensor& t = layout_->tensors()[i];
                const random_key own = k.for_purpose(static_cast<std::uint32_t>(2 + i));
                r.align();
                if (weight) {
                    factors_.decode_add(r, own, shapes[i], *weight, t.of(y));
                } else {
                    factors_.decode(r, own, shapes[i], t.of(y));
                }
            }
        }
        if (others == 0) {
            return;
        }
        r.align();
        const auto values = borrow<float>(others);
        rest_.decode(r, k.for_purpose(1), values);
        const float* next = values.data();
        for (std::size_t i = 0; i < layout_->count(); ++i) {
            const named_tensor& t = layout_->tensors()[i];
            if (shapes[i].samples == 0) {
                const std::span<const float> part(next, t.size);
                if (weight) {
                    kernels::axpy(*weight, part, t.of(y));
                } else {
                    std::ranges::copy(part, t.of(y).begin());
                }
                next += t.size;
            }
        }
    }

    std::shared_ptr<const tensor_layout> layout_;  // copies share it
    F factors_;
    C rest_;
    const factor_record* record_ = nullptr;
};

}  // namespace frugal
