//! `any_mixing_matrix`: a MixingMatrix chosen at run time.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <frugal/concepts.hpp>
#include <frugal/mix/mixing_matrix.hpp>

namespace frugal {

//! Holds any MixingMatrix; copies share it, for it does not change. One indirect call per row. Default: one node alone.
class any_mixing_matrix {
public:
    any_mixing_matrix() : any_mixing_matrix(mixing_matrix{}) {}
    template <class W>
        requires(!std::same_as<W, any_mixing_matrix> && MixingMatrix<W>)
    any_mixing_matrix(W matrix) : held_(std::make_shared<const model<W>>(std::move(matrix))) {}

    std::size_t size() const { return held_->size(); }
    std::span<const neighbor> neighbors(std::size_t i) const { return held_->neighbors(i); }
    double spectral_gap() const { return held_->spectral_gap(); }
    std::string name() const { return held_->name(); }

private:
    struct interface {
        virtual ~interface() = default;
        virtual std::size_t size() const = 0;
        virtual std::span<const neighbor> neighbors(std::size_t i) const = 0;
        virtual double spectral_gap() const = 0;
        virtual std::string name() const = 0;
    };
    template <class W>
    struct model final : interface {
        explicit model(W w) : matrix(std::move(w)) {}
        std::size_t size() const override { return matrix.size(); }
        std::span<const neighbor> neighbors(std::size_t i) const override { return matrix.neighbors(i); }
        double spectral_gap() const override { return matrix.spectral_gap(); }
        std::string name() const override { return matrix.name(); }
        W matrix;
    };
    std::shared_ptr<const interface> held_;
};

}  // namespace frugal
