//! `kind_runs`: where the truth values and the real numbers of a model's parameters lie.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include <frugal/core/error.hpp>
#include <frugal/core/tensor_layout.hpp>

namespace frugal {

//! The runs of tensors of one kind of a layout, and how to take them out of a vector and put them back. O(d) a copy.
class kind_runs {
public:
    kind_runs() = default;
    kind_runs(const tensor_layout& layout, value_kind kind) : whole_(layout.size()) {
        for (const named_tensor& t : layout.tensors()) {
            if (t.kind != kind) {
                continue;
            }
            if (!runs_.empty() && runs_.back().first + runs_.back().size == t.offset) {
                runs_.back().size += t.size;
            } else {
                runs_.push_back({t.offset, t.size});
            }
            size_ += t.size;
        }
    }

    //! Elements of the kind.
    std::size_t size() const { return size_; }
    //! out, of size() elements <- those of x. Throws `invalid_input` unless both have their lengths.
    void gather(std::span<const float> x, std::span<float> out) const {
        expect_lengths(x.size(), out.size());
        std::size_t at = 0;
        for (const run& r : runs_) {
            std::ranges::copy(x.subspan(r.first, r.size), out.subspan(at).begin());
            at += r.size;
        }
    }
    //! The inverse; the other elements of x stay.
    void scatter(std::span<const float> in, std::span<float> x) const {
        expect_lengths(x.size(), in.size());
        std::size_t at = 0;
        for (const run& r : runs_) {
            std::ranges::copy(in.subspan(at, r.size), x.subspan(r.first).begin());
            at += r.size;
        }
    }

private:
    struct run {
        std::size_t first = 0;
        std::size_t size = 0;
    };

    void expect_lengths(std::size_t whole, std::size_t part) const {
        expect(whole == whole_ && part == size_, [&] {
            return "a vector of " + std::to_string(whole) + " elements, of which " + std::to_string(part) +
                   " are of a kind, is not of the layout, which has " + std::to_string(whole_) + " and " +
                   std::to_string(size_);
        });
    }

    std::vector<run> runs_;
    std::size_t whole_ = 0;
    std::size_t size_ = 0;
};

}  // namespace frugal
