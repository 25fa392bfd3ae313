//! `by_tensor`: an exchange of its own for each tensor of a model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <frugal/exchange/exchange.hpp>

namespace frugal {

//! Tensor i, the i-th run of `sizes[i]` elements, goes through exchange i on lane i: each its own codec and, with
//! `every`, period. At most 127 tensors; for one codec with a scale for each, `per_tensor` takes one message.
template <Exchange E>
class by_tensor {
public:
    by_tensor(std::vector<std::size_t> sizes, std::vector<E> exchanges)
        : sizes_(std::move(sizes)), exchanges_(std::move(exchanges)) {
        expect(sizes_.size() == exchanges_.size() && !sizes_.empty() && sizes_.size() <= 127,
               "by_tensor: give one exchange for each of 1 to 127 tensors");
    }

    bool serves() const { return has_server(exchanges_[0]); }
    decltype(auto) compressor() const { return exchanges_[0].compressor(); }

    void begin(peer here, std::span<const float> x, std::span<float> echo = {}) {
        std::size_t at = 0;
        for (std::uint32_t i = 0; i < exchanges_.size(); at += sizes_[i++]) {
            expect(at + sizes_[i] <= x.size(), "by_tensor: the tensors are longer than the vector");
            exchanges_[i].begin(here.lane(i), x.subspan(at, sizes_[i]),
                                echo.empty() ? echo : echo.subspan(at, sizes_[i]));
        }
        expect(at == x.size(), "by_tensor: the tensors are shorter than the vector");
    }
    task<> end(peer here, std::span<float> x) {
        std::size_t at = 0;
        for (std::uint32_t i = 0; i < exchanges_.size(); at += sizes_[i++]) {
            co_await exchanges_[i].end(here.lane(i), x.subspan(at, sizes_[i]));
        }
    }
    void state(state_archive& a) {
        for (E& e : exchanges_) {
            e.state(a);
        }
    }

private:
    std::vector<std::size_t> sizes_;
    std::vector<E> exchanges_;
};

}  // namespace frugal
