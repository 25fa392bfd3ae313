//! `any_compressor`: a Compressor chosen at run time.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <frugal/compress/agreement.hpp>
#include <frugal/compress/identity.hpp>
#include <frugal/compress/laws.hpp>
#include <frugal/compress/message_interface.hpp>
#include <frugal/compress/properties.hpp>
#include <frugal/concepts.hpp>
#include <frugal/core/error.hpp>
#include <frugal/core/factors.hpp>
#include <frugal/core/tensor_layout.hpp>

namespace frugal {

//! Holds any copyable Compressor by value; copies are deep, state included. One indirect call per message.
//!
//! Its messages, laws (`laws_of`), granule and agreement are those of what it holds. Default: `identity`. A moved-from
//! object may only be assigned to or destroyed.
class any_compressor {
public:
    //! Not known at compile time: ask `laws_of`.
    static constexpr bool unbiased = false;

    any_compressor() : any_compressor(identity{}) {}
    //! Asks for little of C before the call is chosen: asking whether C is copyable would ask, for a C that holds an
    //! any_compressor, whether C converts to one, and so ask itself.
    template <class C>
        requires(!std::same_as<C, any_compressor> &&
                 requires(C& c, std::span<const float> x, random_key k, message& m) { c.compress(x, k, m); })
    any_compressor(C compressor) : held_(std::make_unique<model<C>>(std::move(compressor))) {
        static_assert(Compressor<C> && std::copy_constructible<C>,
                      "any_compressor holds copyable models of Compressor");
    }

    any_compressor(const any_compressor& other) : held_(other.held_ ? other.held_->copy() : nullptr) {}
    any_compressor& operator=(const any_compressor& other) {
        if (this != &other) {
            held_ = other.held_ ? other.held_->copy() : nullptr;
        }
        return *this;
    }
    any_compressor(any_compressor&&) noexcept = default;
    any_compressor& operator=(any_compressor&&) noexcept = default;
    ~any_compressor() = default;

    void compress(std::span<const float> x, random_key k, message& m) { held_->compress(x, k, m); }
    void compress(std::span<const float> x, random_key k, message& m, std::span<float> echo) {
        held_->compress(x, k, m, echo);
    }
    void decompress(const message& m, random_key k, std::span<float> y) const { held_->decompress(m, k, y); }
    void decompress_add(const message& m, random_key k, float weight, std::span<float> acc) const {
        held_->decompress_add(m, k, weight, acc);
    }
    void encode(std::span<const float> x, random_key k, payload_writer& w) { held_->encode(x, k, w); }
    void encode(std::span<const float> x, random_key k, payload_writer& w, std::span<float> echo) {
        held_->encode(x, k, w, echo);
    }
    void encode_sum(std::span<const float> x, std::span<float> residual, random_key k, payload_writer& w) {
        held_->encode_sum(x, residual, k, w);
    }
    void decode(payload_reader& r, random_key k, std::span<float> y) const { held_->decode(r, k, y); }
    void decode_add(payload_reader& r, random_key k, float weight, std::span<float> acc) const {
        held_->decode_add(r, k, weight, acc);
    }
    //! Decodes near `side`, or without it where the held compressor has no use for it.
    void decompress(const message& m, random_key k, std::span<const float> side, std::span<float> y) const {
        held_->decompress_near(m, k, side, y);
    }
    void decode(payload_reader& r, random_key k, std::span<const float> side, std::span<float> y) const {
        held_->decode_near(r, k, side, y);
    }
    bool needs_side_information(random_key k) const { return held_->needs_side_information(k); }
    //! Whether messages of some nodes do: of even ones or of odd ones (compress/alternating.hpp).
    bool ever_needs_side_information() const {
        return needs_side_information({.node = 0}) || needs_side_information({.node = 1});
    }
    //! Whether the held compressor needs the factors of gradients (compress/factored.hpp); if not, `take` does nothing.
    bool takes_factors() const { return held_->takes_factors(); }
    void take(const factor_record& record) { held_->take(record); }

    //! Which tensors its vectors hold: heard by compressors that treat tensors apart (per_tensor). Comes before the
    //! first message; the name afterwards says the shapes, where they matter.
    void fit(const tensor_layout& layout) { held_->fit(layout); }
    bool stateless() const { return held_->stateless(); }
    std::string name() const { return held_->name(); }
    laws laws_for(std::size_t d) const { return held_->laws_for(d); }
    std::optional<double> variance(std::size_t d) const { return laws_for(d).variance; }
    std::optional<double> contraction(std::size_t d) const { return laws_for(d).contraction; }
    std::size_t granule() const { return held_->granule(); }
    std::size_t agreement_size(std::size_t d) const { return held_->agreement_size(d); }
    void share(std::span<const float> x, std::span<float> out) const { held_->share(x, out); }
    void agree(std::span<const float> largest) { held_->agree(largest); }
    //! Of a message, where the held compressor knows it (subtractive dither); else empty.
    std::optional<double> expected_error(const message& m) const { return held_->expected_error(m); }
    void state(state_archive& a) { held_->state(a); }

private:
    struct interface {
        virtual ~interface() = default;
        virtual std::unique_ptr<interface> copy() const = 0;
        virtual void compress(std::span<const float> x, random_key k, message& m) = 0;
        virtual void compress(std::span<const float> x, random_key k, message& m, std::span<float> echo) = 0;
        virtual void decompress(const message& m, random_key k, std::span<float> y) const = 0;
        virtual void decompress_add(const message& m, random_key k, float weight, std::span<float> acc) const = 0;
        virtual void decompress_near(const message& m, random_key k, std::span<const float> side,
                                     std::span<float> y) const = 0;
        virtual void encode(std::span<const float> x, random_key k, payload_writer& w) = 0;
        virtual void encode(std::span<const float> x, random_key k, payload_writer& w, std::span<float> echo) = 0;
        virtual void encode_sum(std::span<const float> x, std::span<float> residual, random_key k,
                                payload_writer& w) = 0;
        virtual void decode(payload_reader& r, random_key k, std::span<float> y) const = 0;
        virtual void decode_add(payload_reader& r, random_key k, float weight, std::span<float> acc) const = 0;
        virtual void decode_near(payload_reader& r, random_key k, std::span<const float> side,
                                 std::span<float> y) const = 0;
        virtual bool needs_side_information(random_key k) const = 0;
        virtual bool takes_factors() const = 0;
        virtual void take(const factor_record& record) = 0;
        virtual void fit(const tensor_layout& layout) = 0;
        virtual bool stateless() const = 0;
        virtual std::string name() const = 0;
        virtual laws laws_for(std::size_t d) const = 0;
        virtual std::size_t granule() const = 0;
        virtual std::size_t agreement_size(std::size_t d) const = 0;
        virtual void share(std::span<const float> x, std::span<float> out) const = 0;
        virtual void agree(std::span<const float> largest) = 0;
        virtual std::optional<double> expected_error(const message& m) const = 0;
        virtual void state(state_archive& a) = 0;
    };

    template <class C>
    struct model final : interface {
        explicit model(C c) : compressor(std::move(c)) {}
        std::unique_ptr<interface> copy() const override { return std::make_unique<model>(compressor); }
        void compress(std::span<const float> x, random_key k, message& m) override { compressor.compress(x, k, m); }
        void compress(std::span<const float> x, random_key k, message& m, std::span<float> echo) override {
            compressor.compress(x, k, m, echo);
        }
        void decompress(const message& m, random_key k, std::span<float> y) const override {
            compressor.decompress(m, k, y);
        }
        void decompress_add(const message& m, random_key k, float weight, std::span<float> acc) const override {
            compressor.decompress_add(m, k, weight, acc);
        }
        void decompress_near(const message& m, random_key k, [[maybe_unused]] std::span<const float> side,
                             std::span<float> y) const override {
            if constexpr (SideInformationCompressor<C>) {
                compressor.decompress(m, k, side, y);
            } else {
                compressor.decompress(m, k, y);
            }
        }
        void encode(std::span<const float> x, random_key k, payload_writer& w) override { compressor.encode(x, k, w); }
        void encode(std::span<const float> x, random_key k, payload_writer& w, std::span<float> echo) override {
            encode_with_echo(compressor, x, k, w, echo);
        }
        void encode_sum(std::span<const float> x, std::span<float> residual, random_key k, payload_writer& w) override {
            frugal::encode_sum(compressor, x, residual, k, w);
        }
        void decode(payload_reader& r, random_key k, std::span<float> y) const override { compressor.decode(r, k, y); }
        void decode_add(payload_reader& r, random_key k, float weight, std::span<float> acc) const override {
            compressor.decode_add(r, k, weight, acc);
        }
        void decode_near(payload_reader& r, random_key k, [[maybe_unused]] std::span<const float> side,
                         std::span<float> y) const override {
            if constexpr (SideInformationCompressor<C>) {
                compressor.decode(r, k, side, y);
            } else {
                compressor.decode(r, k, y);
            }
        }
        bool needs_side_information([[maybe_unused]] random_key k) const override {
            if constexpr (SideInformationCompressor<C>) {
                return compressor.needs_side_information(k);
            } else {
                return false;
            }
        }
        bool takes_factors() const override {
            if constexpr (FactorTaker<C>) {
                return compressor.takes_factors();
            } else {
                return false;
            }
        }
        void take([[maybe_unused]] const factor_record& record) override {
            if constexpr (FactorTaker<C>) {
                compressor.take(record);
            }
        }
        void fit(const tensor_layout& layout) override { fit_to(compressor, layout); }
        bool stateless() const override { return is_stateless(compressor); }
        std::string name() const override { return compressor.name(); }
        laws laws_for(std::size_t d) const override { return laws_of(compressor, d); }
        std::size_t granule() const override { return granule_of(compressor); }
        std::size_t agreement_size(std::size_t d) const override { return agreement_size_of(compressor, d); }
        void share(std::span<const float> x, std::span<float> out) const override { share_of(compressor, x, out); }
        void agree(std::span<const float> largest) override { agree_with(compressor, largest); }
        std::optional<double> expected_error([[maybe_unused]] const message& m) const override {
            if constexpr (requires { std::optional<double>(compressor.expected_error(m)); }) {
                return compressor.expected_error(m);
            } else {
                return {};
            }
        }
        void state(state_archive& a) override { save_or_restore(a, compressor); }
        C compressor;
    };

    std::unique_ptr<interface> held_;
};

}  // namespace frugal
