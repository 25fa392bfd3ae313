//! `any_scale`: a Scale chosen at run time, at one indirect call per bucket.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <frugal/compress/scale/scales.hpp>

namespace frugal {

//! Holds any Scale; copies share it (a Scale is immutable once built).
class any_scale {
public:
    any_scale() : any_scale(max_norm{}) {}
    template <class S>
        requires(!std::same_as<S, any_scale> && Scale<S>)
    any_scale(S scale) : held_(std::make_shared<const model<S>>(std::move(scale))) {}

    float measure(std::span<const float> x) const { return held_->measure(x); }
    float step(float measured, float range) const { return held_->step(measured, range); }
    //! Coordinates per bucket; 0 means one bucket for the whole vector.
    std::size_t bucket_size() const { return held_->bucket_size(); }
    //! Does no |x_i| exceed measure(x)? See Scale; `bounds` is what holds for the default.
    bool bounds_elements() const { return held_->bounds_elements(); }
    void validate() const { held_->validate(); }
    std::string name() const { return held_->name(); }

private:
    struct interface {
        virtual ~interface() = default;
        virtual float measure(std::span<const float> x) const = 0;
        virtual float step(float measured, float range) const = 0;
        virtual std::size_t bucket_size() const = 0;
        virtual bool bounds_elements() const = 0;
        virtual void validate() const = 0;
        virtual std::string name() const = 0;
    };
    template <class S>
    struct model final : interface {
        explicit model(S s) : scale(std::move(s)) {}
        float measure(std::span<const float> x) const override { return scale.measure(x); }
        float step(float measured, float range) const override {
            if constexpr (requires { scale.step(measured, range); }) {
                return scale.step(measured, range);
            } else {
                return measured / range;
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
        void validate() const override {
            if constexpr (requires { scale.validate(); }) {
                scale.validate();
            }
        }
        std::string name() const override { return scale.name(); }
        S scale;
    };
    std::shared_ptr<const interface> held_;
};

}  // namespace frugal
