//! `any_factor_compressor`: a FactorCompressor chosen at run time.
#pragma once

#include <concepts>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <frugal/compress/indirect.hpp>

namespace frugal {

//! Holds any FactorCompressor by value; copies are deep. One indirect call per message, whose bits are those of what it
//! holds.
class any_factor_compressor : public detail::factor_message_interface<any_factor_compressor> {
public:
    //! Not known at compile time.
    static constexpr bool unbiased = false;

    //! Asks for little of F before the call is chosen, as any_compressor does.
    template <class F>
        requires(!std::same_as<F, any_factor_compressor> &&
                 requires(F& c, const factor_pair& pair, random_key k, message& m) { c.compress(pair, k, m); })
    any_factor_compressor(F compressor) : held_(std::make_unique<model<F>>(std::move(compressor))) {
        static_assert(FactorCompressor<F>, "any_factor_compressor holds models of FactorCompressor");
    }
    any_factor_compressor(const any_factor_compressor& other)
        : detail::factor_message_interface<any_factor_compressor>(other), held_(other.held_->copy()) {}
    any_factor_compressor(any_factor_compressor&&) noexcept = default;
    any_factor_compressor& operator=(const any_factor_compressor& other) {
        return *this = any_factor_compressor(other);
    }
    any_factor_compressor& operator=(any_factor_compressor&&) noexcept = default;
    ~any_factor_compressor() = default;

    void encode(const factor_pair& pair, random_key k, payload_writer& w) { held_->encode(pair, k, w); }
    void decode(payload_reader& r, random_key k, const factor_shape& shape, std::span<float> y) const {
        held_->decode(r, k, shape, y);
    }
    void decode_add(payload_reader& r, random_key k, const factor_shape& shape, float weight,
                    std::span<float> acc) const {
        held_->decode_add(r, k, shape, weight, acc);
    }
    std::string name() const { return held_->name(); }
    laws laws_for(std::size_t d) const { return held_->laws_for(d); }

private:
    struct interface {
        virtual ~interface() = default;
        virtual std::unique_ptr<interface> copy() const = 0;
        virtual void encode(const factor_pair& pair, random_key k, payload_writer& w) = 0;
        virtual void decode(payload_reader& r, random_key k, const factor_shape& shape, std::span<float> y) const = 0;
        virtual void decode_add(payload_reader& r, random_key k, const factor_shape& shape, float weight,
                                std::span<float> acc) const = 0;
        virtual std::string name() const = 0;
        virtual laws laws_for(std::size_t d) const = 0;
    };
    template <class F>
    struct model final : interface {
        explicit model(F f) : compressor(std::move(f)) {}
        std::unique_ptr<interface> copy() const override { return std::make_unique<model>(compressor); }
        void encode(const factor_pair& pair, random_key k, payload_writer& w) override {
            compressor.encode(pair, k, w);
        }
        void decode(payload_reader& r, random_key k, const factor_shape& shape, std::span<float> y) const override {
            compressor.decode(r, k, shape, y);
        }
        void decode_add(payload_reader& r, random_key k, const factor_shape& shape, float weight,
                        std::span<float> acc) const override {
            compressor.decode_add(r, k, shape, weight, acc);
        }
        std::string name() const override { return compressor.name(); }
        laws laws_for(std::size_t d) const override { return laws_of(compressor, d); }
        F compressor;
    };

    std::unique_ptr<interface> held_;
};

}  // namespace frugal
