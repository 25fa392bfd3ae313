//! `any_exchange`: an AveragingExchange chosen at run time.
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frugal/compress/any_compressor.hpp>
#include <frugal/exchange/exchange.hpp>

namespace frugal {

//! Holds any copyable AveragingExchange by value; copies are deep. One indirect call per half of an exchange. Where it
//! has no server, `spread` and `collect` throw.
class any_exchange {
public:
    //! name: the expression that it is known by.
    template <AveragingExchange E>
        requires(!std::same_as<E, any_exchange>)
    any_exchange(E exchange, std::string name)
        : held_(std::make_unique<model<E>>(std::move(exchange))), name_(std::move(name)) {}
    any_exchange(const any_exchange& other) : held_(other.held_->copy()), name_(other.name_) {}
    any_exchange(any_exchange&&) noexcept = default;
    any_exchange& operator=(any_exchange other) noexcept {
        std::swap(held_, other.held_);
        std::swap(name_, other.name_);
        return *this;
    }

    const std::string& name() const { return name_; }
    bool serves() const { return held_->serves(); }
    bool exact() const { return held_->exact(); }
    any_compressor compressor() const { return held_->compressor(); }
    laws laws_for(std::size_t d) const { return held_->laws_for(d); }
    //! Which tensors its vectors hold, for compressors that treat tensors apart.
    void fit(const tensor_layout& layout) { held_->fit(layout); }
    //! Whether it sends gradients as factors (compress/factored.hpp); if not, `take` does nothing.
    bool takes_factors() const { return held_->takes_factors(); }
    void take(const factor_record& record) { held_->take(record); }
    void weigh(std::vector<float> weights) { held_->weigh(std::move(weights)); }
    void begin(peer here, std::span<const float> x, std::span<float> echo = {}) { held_->begin(here, x, echo); }
    task<> end(peer here, std::span<float> x) { return held_->end(here, x, no_update()); }
    template <class Update>
    task<> end(peer here, std::span<float> x, Update update) {
        return held_->end(here, x, update);
    }
    task<> spread(peer here, std::span<float> x) { return held_->spread(here, x); }
    task<> collect(peer here, std::span<float> x) { return held_->collect(here, x); }
    void state(state_archive& a) { held_->state(a); }

private:
    using update_function = std::function<void(std::size_t, std::span<float>)>;

    struct interface {
        virtual ~interface() = default;
        virtual std::unique_ptr<interface> copy() const = 0;
        virtual bool serves() const = 0;
        virtual bool exact() const = 0;
        virtual any_compressor compressor() const = 0;
        virtual laws laws_for(std::size_t d) const = 0;
        virtual void fit(const tensor_layout& layout) = 0;
        virtual bool takes_factors() = 0;
        virtual void take(const factor_record& record) = 0;
        virtual void weigh(std::vector<float> weights) = 0;
        virtual void begin(peer here, std::span<const float> x, std::span<float> echo) = 0;
        virtual task<> end(peer here, std::span<float> x, update_function update) = 0;
        virtual task<> spread(peer here, std::span<float> x) = 0;
        virtual task<> collect(peer here, std::span<float> x) = 0;
        virtual void state(state_archive& a) = 0;
    };
    template <class E>
    struct model final : interface {
        explicit model(E e) : exchange(std::move(e)) {}
        std::unique_ptr<interface> copy() const override { return std::make_unique<model>(exchange); }
        bool serves() const override { return has_server(exchange); }
        bool exact() const override { return exchange.exact(); }
        any_compressor compressor() const override { return exchange.compressor(); }
        laws laws_for(std::size_t d) const override { return laws_of_sent(exchange, d); }
        void fit(const tensor_layout& layout) override { fit_to(exchange, layout); }
        bool takes_factors() override {
            if constexpr (TakesFactors<E>) {
                return factor_taker(exchange).takes_factors();
            } else {
                return false;
            }
        }
        void take([[maybe_unused]] const factor_record& record) override {
            if constexpr (TakesFactors<E>) {
                factor_taker(exchange).take(record);
            }
        }
        void weigh(std::vector<float> weights) override { exchange.weigh(std::move(weights)); }
        void begin(peer here, std::span<const float> x, std::span<float> echo) override {
            exchange.begin(here, x, echo);
        }
        task<> end(peer here, std::span<float> x, update_function update) override {
            return exchange.end(here, x, std::move(update));
        }
        task<> spread(peer here, std::span<float> x) override {
            if constexpr (requires { exchange.spread(here, x); }) {
                return exchange.spread(here, x);
            } else {
                throw invalid_input("this algorithm needs an exchange with a server, such as server(...)");
            }
        }
        task<> collect(peer here, std::span<float> x) override {
            if constexpr (requires { exchange.collect(here, x); }) {
                return exchange.collect(here, x);
            } else {
                throw invalid_input("this algorithm needs an exchange with a server, such as server(...)");
            }
        }
        void state(state_archive& a) override { exchange.state(a); }
        E exchange;
    };

    std::unique_ptr<interface> held_;
    std::string name_;
};

}  // namespace frugal
