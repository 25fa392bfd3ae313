//! `any_compressor`: a Compressor chosen at run time.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <frugal/compress/identity.hpp>
#include <frugal/concepts.hpp>
#include <frugal/core/error.hpp>

namespace frugal {

//! Holds any copyable Compressor by value; copies are deep, state included. One indirect call per message.
//!
//! Its messages are those of what it holds. What is a constant elsewhere is a function here: is_unbiased(), and
//! variance(d)
//! and contraction(d), which are empty where the held compressor has none. Default: `identity`. A moved-from object may
//! only be assigned to or destroyed.
class any_compressor {
public:
    //! Not known at compile time; `is_unbiased()` tells.
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
    void decompress(const message& m, random_key k, std::span<float> y) { held_->decompress(m, k, y); }
    void decompress_add(const message& m, random_key k, float weight, std::span<float> acc) {
        held_->decompress_add(m, k, weight, acc);
    }
    void encode(std::span<const float> x, random_key k, payload_writer& w) { held_->encode(x, k, w); }
    void decode(payload_reader& r, random_key k, std::span<float> y) { held_->decode(r, k, y); }
    void decode_add(payload_reader& r, random_key k, float weight, std::span<float> acc) {
        held_->decode_add(r, k, weight, acc);
    }
    //! Decodes near `side`, or without it where the held compressor has no use for it.
    void decompress(const message& m, random_key k, std::span<const float> side, std::span<float> y) {
        held_->decompress_near(m, k, side, y);
    }
    void decode(payload_reader& r, random_key k, std::span<const float> side, std::span<float> y) {
        held_->decode_near(r, k, side, y);
    }
    bool needs_side_information(random_key k) const { return held_->needs_side_information(k); }

    std::string name() const { return held_->name(); }
    bool is_unbiased() const { return held_->is_unbiased(); }
    std::optional<double> variance(std::size_t d) const { return held_->variance(d); }
    //! Empty also where the held compressor's value is not above 0: then it is not a contraction.
    std::optional<double> contraction(std::size_t d) const { return held_->contraction(d); }
    //! Of a message, where the held compressor knows it (subtractive dither); else empty.
    std::optional<double> expected_error(const message& m) { return held_->expected_error(m); }
    void state(state_archive& a) { held_->state(a); }

private:
    struct interface {
        virtual ~interface() = default;
        virtual std::unique_ptr<interface> copy() const = 0;
        virtual void compress(std::span<const float> x, random_key k, message& m) = 0;
        virtual void decompress(const message& m, random_key k, std::span<float> y) = 0;
        virtual void decompress_add(const message& m, random_key k, float weight, std::span<float> acc) = 0;
        virtual void decompress_near(const message& m, random_key k, std::span<const float> side,
                                     std::span<float> y) = 0;
        virtual void decode_near(payload_reader& r, random_key k, std::span<const float> side, std::span<float> y) = 0;
        virtual bool needs_side_information(random_key k) const = 0;
        virtual void encode(std::span<const float> x, random_key k, payload_writer& w) = 0;
        virtual void decode(payload_reader& r, random_key k, std::span<float> y) = 0;
        virtual void decode_add(payload_reader& r, random_key k, float weight, std::span<float> acc) = 0;
        virtual std::string name() const = 0;
        virtual bool is_unbiased() const = 0;
        virtual std::optional<double> variance(std::size_t d) const = 0;
        virtual std::optional<double> contraction(std::size_t d) const = 0;
        virtual std::optional<double> expected_error(const message& m) = 0;
        virtual void state(state_archive& a) = 0;
    };

    template <class C>
    struct model final : interface {
        explicit model(C c) : compressor(std::move(c)) {}
        std::unique_ptr<interface> copy() const override { return std::make_unique<model>(compressor); }
        void compress(std::span<const float> x, random_key k, message& m) override { compressor.compress(x, k, m); }
        void decompress(const message& m, random_key k, std::span<float> y) override { compressor.decompress(m, k, y); }
        void decompress_add(const message& m, random_key k, float weight, std::span<float> acc) override {
            compressor.decompress_add(m, k, weight, acc);
        }
        void decompress_near(const message& m, random_key k, std::span<const float> side, std::span<float> y) override {
            if constexpr (SideInformationCompressor<C>) {
                compressor.decompress(m, k, side, y);
            } else {
                compressor.decompress(m, k, y);
            }
        }
        void decode_near(payload_reader& r, random_key k, [[maybe_unused]] std::span<const float> side,
                         std::span<float> y) override {
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
        void encode(std::span<const float> x, random_key k, payload_writer& w) override { compressor.encode(x, k, w); }
        void decode(payload_reader& r, random_key k, std::span<float> y) override { compressor.decode(r, k, y); }
        void decode_add(payload_reader& r, random_key k, float weight, std::span<float> acc) override {
            compressor.decode_add(r, k, weight, acc);
        }
        std::string name() const override { return compressor.name(); }
        bool is_unbiased() const override { return frugal::is_unbiased(compressor); }
        std::optional<double> variance([[maybe_unused]] std::size_t d) const override {
            if constexpr (requires { std::optional<double>(compressor.variance(d)); }) {
                return compressor.variance(d);
            } else {
                return {};
            }
        }
        std::optional<double> contraction([[maybe_unused]] std::size_t d) const override {
            if constexpr (requires { std::optional<double>(compressor.contraction(d)); }) {
                const std::optional<double> value = compressor.contraction(d);
                return value && *value > 0 ? value : std::nullopt;
            } else {
                return {};
            }
        }
        std::optional<double> expected_error([[maybe_unused]] const message& m) override {
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
