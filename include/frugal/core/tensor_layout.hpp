//! Which tensors a flat vector of parameters holds: their names, shapes and places.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <frugal/core/error.hpp>

namespace frugal {

//! What the elements of a tensor mean: numbers, or truth values, of which a vector of numbers holds True as +1 and
//! False as -1, so that they travel as a bit each and XNOR is a product.
enum class value_kind { real, boolean };

//! Elements [offset, offset + size) of the parameters, row major. An empty shape is one number.
struct named_tensor {
    std::string name;
    std::vector<std::size_t> shape;
    std::size_t offset = 0;
    std::size_t size = 0;
    value_kind kind = value_kind::real;

    //! This tensor's part of the parameters, of any element type. Throws `invalid_input` if they end before it does.
    template <class T>
    std::span<T> of(std::span<T> parameters) const {
        expect(offset <= parameters.size() && size <= parameters.size() - offset, [&] {
            return "the tensor " + name + " ends at element " + std::to_string(offset + size) +
                   ", but the parameters have " + std::to_string(parameters.size());
        });
        return parameters.subspan(offset, size);
    }

    friend bool operator==(const named_tensor&, const named_tensor&) = default;
};

//! The tensors of a model one after the other, without gaps: what lets compressors, masks and optimizers work tensor by
//! tensor. A value; says nothing of the element type, so that floats, labels and words of bits can have one, but of
//! what the elements mean.
//!
//!     tensor_layout layout;
//!     layout.add("dense1.weight", {300, 784}).add("dense1.bias", {300});
//!     std::span<float> bias = layout.at("dense1.bias").of(parameters);
class tensor_layout {
public:
    static constexpr std::size_t longest_name = 255;  // bytes

    tensor_layout() = default;
    //! All of the parameters as one vector. Throws `invalid_input` if size is 0.
    static tensor_layout flat(std::size_t size, std::string name = "parameters") {
        tensor_layout layout;
        layout.add(std::move(name), {size});
        return layout;
    }

    //! Appends a tensor. O(tensors). Throws `invalid_input`, and changes nothing, for a name that is empty, longer than
    //! 255 bytes or taken, an extent of 0, or if the elements of all tensors exceed PTRDIFF_MAX.
    tensor_layout& add(std::string name, std::span<const std::size_t> shape, value_kind kind = value_kind::real) {
        expect(!name.empty() && name.size() <= longest_name, [&] {
            return "the name of a tensor must have from 1 to 255 bytes, but one has " + std::to_string(name.size());
        });
        const auto place = lower_bound(name);
        expect(place == by_name_.end() || tensors_[*place].name != name,
               [&] { return "two tensors of a layout are called " + name + ": give each a name of its own"; });
        constexpr auto most = static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max());
        expect(tensors_.size() < std::numeric_limits<std::uint32_t>::max(), "a layout has at most 2^32 - 1 tensors");
        std::size_t elements = 1;
        for (const std::size_t extent : shape) {
            expect(extent > 0, [&] { return "the tensor " + name + " has an extent of 0: leave it out"; });
            expect(elements <= most / extent, [&] { return "the tensor " + name + " is too large to be addressed"; });
            elements *= extent;
        }
        expect(elements <= most - size_, [&] {
            return "the tensors of a layout are too large to be addressed together; the first too many is " + name;
        });
        const auto at = place - by_name_.begin();
        by_name_.reserve(by_name_.size() + 1);  // nothing below throws once the tensor is in
        tensors_.push_back({std::move(name), {shape.begin(), shape.end()}, size_, elements, kind});
        by_name_.insert(by_name_.begin() + at, static_cast<std::uint32_t>(tensors_.size() - 1));
        size_ += elements;
        return *this;
    }
    tensor_layout& add(std::string name, std::initializer_list<std::size_t> shape, value_kind kind = value_kind::real) {
        return add(std::move(name), std::span<const std::size_t>(shape.begin(), shape.size()), kind);
    }

    //! Tensors of these shapes, called "0", "1", ... Throws `invalid_input` as `add` does.
    static tensor_layout of_shapes(const std::vector<std::vector<std::size_t>>& shapes) {
        tensor_layout layout;
        for (const auto& shape : shapes) {
            layout.add(std::to_string(layout.count()), shape);
        }
        return layout;
    }

    //! Number of elements of all tensors: the length of the parameters.
    std::size_t size() const { return size_; }
    //! Number of elements of each tensor.
    std::vector<std::size_t> sizes() const {
        std::vector<std::size_t> all;
        for (const named_tensor& t : tensors_) {
            all.push_back(t.size);
        }
        return all;
    }
    //! The shape of each tensor: what of a layout matters to a message.
    std::vector<std::vector<std::size_t>> shapes() const {
        std::vector<std::vector<std::size_t>> all;
        for (const named_tensor& t : tensors_) {
            all.push_back(t.shape);
        }
        return all;
    }
    //! Number of tensors.
    std::size_t count() const { return tensors_.size(); }
    bool empty() const { return tensors_.empty(); }
    //! In the order of their offsets.
    std::span<const named_tensor> tensors() const { return tensors_; }
    //! Tensor i. Throws `invalid_input` unless i < count().
    const named_tensor& tensor(std::size_t i) const {
        expect(i < tensors_.size(), [&] {
            return "tensor " + std::to_string(i) + " does not exist: the layout has " + std::to_string(count());
        });
        return tensors_[i];
    }
    //! The tensor of that name, or null. O(log tensors).
    const named_tensor* find(std::string_view name) const {
        const auto place = lower_bound(name);
        return place == by_name_.end() || tensors_[*place].name != name ? nullptr : &tensors_[*place];
    }
    //! The tensor of that name; throws `invalid_input`, naming those there are, if there is none.
    const named_tensor& at(std::string_view name) const {
        const named_tensor* found = find(name);
        expect(found != nullptr, [&] { return absence(name); });
        return *found;
    }
    //! The tensor that holds element i < size(). O(log tensors).
    const named_tensor& holding(std::size_t i) const {
        expect(i < size_, [&] {
            return "element " + std::to_string(i) + " does not exist: the layout has " + std::to_string(size_);
        });
        const auto after = std::upper_bound(tensors_.begin(), tensors_.end(), i,
                                            [](std::size_t e, const named_tensor& t) { return e < t.offset; });
        return *std::prev(after);
    }

    friend bool operator==(const tensor_layout& a, const tensor_layout& b) { return a.tensors_ == b.tensors_; }

private:
    std::vector<std::uint32_t>::const_iterator lower_bound(std::string_view name) const {
        return std::lower_bound(by_name_.begin(), by_name_.end(), name,
                                [&](std::uint32_t i, std::string_view n) { return tensors_[i].name < n; });
    }

    std::string absence(std::string_view name) const {
        constexpr std::size_t listed = 12;
        std::string text = "there is no tensor " + std::string(name.substr(0, longest_name)) + ": there are";
        for (std::size_t i = 0; i < std::min(listed, count()); ++i) {
            text += (i == 0 ? " " : ", ") + tensors_[i].name;
        }
        return text + (empty() ? " none" : count() > listed ? ", ..." : "");
    }

    std::vector<named_tensor> tensors_;
    std::vector<std::uint32_t> by_name_;  // sorted
    std::size_t size_ = 0;
};

//! Tells a compressor, selector or exchange which tensors its vectors hold, if it asks: if it has `fit(layout)`. Comes
//! before the first vector.
template <class T>
void fit_to(T& thing, const tensor_layout& layout) {
    if constexpr (requires { thing.fit(layout); }) {
        thing.fit(layout);
    }
}

}  // namespace frugal
