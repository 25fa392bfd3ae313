//! `any_scale`: a Scale chosen at run time, at one indirect call per bucket.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <frugal/compress/scale/scales.hpp>

namespace frugal {

//! Holds any Scale by value.
class any_scale {
public:
    any_scale() : any_scale(max_norm{}) {}
    template <class S>
        requires(!std::same_as<S, any_scale> && Scale<S>)
    any_scale(S scale) : held_(std::make_unique<model<S>>(std::move(scale))) {}

    any_scale(const any_scale& other) : held_(other.held_ ? other.held_->copy() : nullptr) {}
    any_scale(any_scale&&) noexcept = default;
    any_scale& operator=(const any_scale& other) { return *this = any_scale(other); }
    any_scale& operator=(any_scale&&) noexcept = default;
    ~any_scale() = default;

    float measure(std::span<const float> x) const { return held_->measure(x); }
    float step(float measured, float range) const { return held_->step(measured, range); }
    //! Has the held scale an accumulator, so that `measure_pieces` may be called?
    bool measures_pieces() const { return held_->measures_pieces(); }
    //! The norm, unchecked, of n elements of which `produce(add)` passes all pieces to `add`: one indirect call each.
    template <class Produce>
    double measure_pieces(std::size_t n, Produce produce) const {
        return held_->measure_pieces(
            n, {&produce, [](void* object, piece_taker add) { (*static_cast<Produce*>(object))(add); }});
    }
    //! Coordinates per bucket; 0 means one bucket for the whole vector.
    std::size_t bucket_size() const { return held_->bucket_size(); }
    //! Does no |x_i| exceed measure(x)? See Scale; `bounds` is what holds for the default.
    bool bounds_elements() const { return held_->bounds_elements(); }
    norm_kind measures() const { return held_->measures(); }
    //! Is the held scale one that senders agree on? Otherwise `share` is 0 and `agree` does nothing.
    bool agrees() const { return held_->agrees(); }
    float share(std::span<const float> x) const { return held_->share(x); }
    void agree(float largest) { held_->agree(largest); }
    void write_steps(std::span<float> steps, payload_writer& w) const { held_->write_steps(steps, w); }
    void read_steps(payload_reader& r, std::span<float> steps) const { held_->read_steps(r, steps); }
    double slack() const { return held_->slack(); }
    void validate() const { held_->validate(); }
    std::string name() const { return held_->name(); }

private:
    struct piece_taker {
        void* object;
        void (*call)(void*, std::span<const float>);
        void operator()(std::span<const float> piece) const { call(object, piece); }
    };
    struct piece_producer {
        void* object;
        void (*call)(void*, piece_taker);
    };
    struct interface {
        virtual ~interface() = default;
        virtual std::unique_ptr<interface> copy() const = 0;
        virtual bool measures_pieces() const = 0;
        virtual double measure_pieces(std::size_t n, piece_producer produce) const = 0;
        virtual float measure(std::span<const float> x) const = 0;
        virtual float step(float measured, float range) const = 0;
        virtual std::size_t bucket_size() const = 0;
        virtual bool bounds_elements() const = 0;
        virtual norm_kind measures() const = 0;
        virtual bool agrees() const = 0;
        virtual float share(std::span<const float> x) const = 0;
        virtual void agree(float largest) = 0;
        virtual void write_steps(std::span<float> steps, payload_writer& w) const = 0;
        virtual void read_steps(payload_reader& r, std::span<float> steps) const = 0;
        virtual double slack() const = 0;
        virtual void validate() const = 0;
        virtual std::string name() const = 0;
    };
    template <class S>
    struct model final : interface {
        explicit model(S s) : scale(std::move(s)) {}
        std::unique_ptr<interface> copy() const override { return std::make_unique<model>(scale); }
        float measure(std::span<const float> x) const override { return scale.measure(x); }
        float step(float measured, float range) const override {
            if constexpr (requires { scale.step(measured, range); }) {
                return scale.step(measured, range);
            } else {
                return measured / range;
            }
        }
        bool measures_pieces() const override { return detail::measures_pieces(scale); }
        double measure_pieces([[maybe_unused]] std::size_t n, [[maybe_unused]] piece_producer produce) const override {
            if constexpr (detail::may_measure_pieces<S>) {
                return detail::measure_pieces(scale, n, [&]<class Add>(Add add) {
                    produce.call(produce.object, {&add, [](void* object, std::span<const float> piece) {
                                                      (*static_cast<Add*>(object))(piece);
                                                  }});
                });
            } else {
                throw invalid_input(scale.name() + " is not measured in pieces");
            }
        }
        std::size_t bucket_size() const override {
            if constexpr (requires { scale.bucket_size(); }) {
                return scale.bucket_size();
            } else {
                return 0;
            }
        }
        bool bounds_elements() const override { return detail::bounds_elements_of(scale); }
        norm_kind measures() const override { return detail::kind_of(scale); }
        bool agrees() const override { return detail::agrees(scale); }
        float share([[maybe_unused]] std::span<const float> x) const override {
            if constexpr (AgreeingScale<S>) {
                return scale.share(x);
            } else {
                return 0;
            }
        }
        void agree([[maybe_unused]] float largest) override {
            if constexpr (AgreeingScale<S>) {
                scale.agree(largest);
            }
        }
        void write_steps(std::span<float> steps, payload_writer& w) const override {
            detail::write_steps(scale, steps, w);
        }
        void read_steps(payload_reader& r, std::span<float> steps) const override {
            detail::read_steps(scale, r, steps);
        }
        double slack() const override { return detail::slack_of(scale); }
        void validate() const override {
            if constexpr (requires { scale.validate(); }) {
                scale.validate();
            }
        }
        std::string name() const override { return scale.name(); }
        S scale;
    };
    std::unique_ptr<interface> held_;
};

}  // namespace frugal
