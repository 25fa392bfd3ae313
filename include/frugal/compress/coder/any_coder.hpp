//! `any_coder`: a Coder chosen at run time, at one indirect call per message (entropy coders) or block (block coders).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <frugal/compress/coder/block_coder.hpp>
#include <frugal/compress/coder/packed.hpp>

namespace frugal {

//! Holds any Coder. `granule(size)` is 0 where the held coder does not work block by block.
class any_coder {
public:
    any_coder() : any_coder(packed{}) {}
    template <class C>
        requires(!std::same_as<C, any_coder> && Coder<C>)
    any_coder(C coder) : held_(hold(std::move(coder))) {}
    any_coder(const any_coder& other) : held_(other.held_ ? other.held_->clone() : nullptr) {}
    any_coder(any_coder&&) noexcept = default;
    any_coder& operator=(const any_coder& other) { return *this = any_coder(other); }
    any_coder& operator=(any_coder&&) noexcept = default;
    ~any_coder() = default;

    void encode(std::span<const std::uint8_t> s, std::size_t size, payload_writer& w) const {
        held_->encode(s, size, w);
    }
    void encode(std::span<const std::uint32_t> s, std::size_t size, payload_writer& w) const {
        held_->encode(s, size, w);
    }
    void decode(payload_reader& r, std::size_t size, std::span<std::uint8_t> out) const { held_->decode(r, size, out); }
    void decode(payload_reader& r, std::size_t size, std::span<std::uint32_t> out) const {
        held_->decode(r, size, out);
    }
    std::size_t granule(std::size_t size) const { return held_->granule(size); }
    std::size_t bytes_for(std::size_t n, std::size_t size) const { return held_->bytes_for(n, size); }
    std::uint64_t cost_of(std::size_t n, std::size_t size) const { return held_->cost_of(n, size); }
    void encode_block(const std::uint8_t* s, std::size_t n, std::size_t size, std::byte* out) const {
        held_->encode_block(s, n, size, out);
    }
    bool decode_block(const std::byte* in, std::size_t n, std::size_t size, std::uint8_t* s) const {
        return held_->decode_block(in, n, size, s);
    }
    std::string name() const { return held_->name(); }

private:
    struct interface {
        virtual ~interface() = default;
        virtual std::unique_ptr<interface> clone() const = 0;
        virtual void encode(std::span<const std::uint8_t> s, std::size_t size, payload_writer& w) const = 0;
        virtual void encode(std::span<const std::uint32_t> s, std::size_t size, payload_writer& w) const = 0;
        virtual void decode(payload_reader& r, std::size_t size, std::span<std::uint8_t> out) const = 0;
        virtual void decode(payload_reader& r, std::size_t size, std::span<std::uint32_t> out) const = 0;
        virtual std::string name() const = 0;
        virtual std::size_t granule(std::size_t) const { return 0; }
        virtual std::size_t bytes_for(std::size_t, std::size_t) const { return 0; }
        virtual std::uint64_t cost_of(std::size_t, std::size_t) const { return 0; }
        virtual void encode_block(const std::uint8_t*, std::size_t, std::size_t, std::byte*) const {}
        virtual bool decode_block(const std::byte*, std::size_t, std::size_t, std::uint8_t*) const { return false; }
    };
    template <class C>
    struct model : interface {
        explicit model(C c) : coder(std::move(c)) {}
        std::unique_ptr<interface> clone() const override { return std::make_unique<model>(*this); }
        void encode(std::span<const std::uint8_t> s, std::size_t size, payload_writer& w) const override {
            coder.encode(s, size, w);
        }
        void encode(std::span<const std::uint32_t> s, std::size_t size, payload_writer& w) const override {
            coder.encode(s, size, w);
        }
        void decode(payload_reader& r, std::size_t size, std::span<std::uint8_t> out) const override {
            coder.decode(r, size, out);
        }
        void decode(payload_reader& r, std::size_t size, std::span<std::uint32_t> out) const override {
            coder.decode(r, size, out);
        }
        std::string name() const override { return coder.name(); }
        C coder;
    };
    template <BlockCoder C>
    struct block_model final : model<C> {
        using model<C>::model;
        using model<C>::coder;
        std::unique_ptr<interface> clone() const override { return std::make_unique<block_model>(*this); }
        std::size_t granule(std::size_t size) const override { return coder.granule(size); }
        std::size_t bytes_for(std::size_t n, std::size_t size) const override { return coder.bytes_for(n, size); }
        std::uint64_t cost_of(std::size_t n, std::size_t size) const override { return coder.cost_of(n, size); }
        void encode_block(const std::uint8_t* s, std::size_t n, std::size_t size, std::byte* out) const override {
            coder.encode_block(s, n, size, out);
        }
        bool decode_block(const std::byte* in, std::size_t n, std::size_t size, std::uint8_t* s) const override {
            return coder.decode_block(in, n, size, s);
        }
    };
    template <class C>
    static std::unique_ptr<interface> hold(C coder) {
        if constexpr (BlockCoder<C>) {
            return std::make_unique<block_model<C>>(std::move(coder));
        } else {
            return std::make_unique<model<C>>(std::move(coder));
        }
    }
    std::unique_ptr<interface> held_;
};

}  // namespace frugal
