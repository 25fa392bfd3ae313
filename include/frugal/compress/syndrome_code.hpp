//! `syndrome_code`: parity checks of a bit vector, from which a receiver who knows roughly what it is finds all of it.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <frugal/core/error.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/core/random.hpp>
#include <frugal/kernels/belief.hpp>

namespace frugal {

//! Which code: `layers` of `lift` checks each; a bit is part of `weight` of them.
struct syndrome_shape {
    std::size_t lift = 64;  //!< a power of two up to 4096
    std::size_t layers = 8;
    std::size_t weight = 3;  //!< from 2 to 8, at most `layers`

    //! What was found to work for n bits of so many bits of entropy each, `margin` of it to spare: checks are fewer in
    //! number than bits only where the entropy is well below 1. Many small layers where there are few checks.
    static syndrome_shape of(std::size_t n, double entropy, double margin) {
        syndrome_shape s;
        s.lift = std::clamp<std::size_t>(std::bit_floor(std::max<std::size_t>(n / (entropy < 0.1 ? 1024 : 256), 1)), 16,
                                         4096);
        s.weight = entropy < 0.45 ? 4 : 3;
        const double blocks = static_cast<double>((n + s.lift - 1) / s.lift);
        s.layers = static_cast<std::size_t>(blocks * std::min(entropy * (1 + margin), 2.0)) + s.weight;
        return s;
    }
    std::size_t checks() const { return layers * lift; }
    bool valid() const {
        return std::has_single_bit(lift) && lift <= 4096 && weight >= 2 && weight <= 8 && layers >= weight &&
               layers < (std::size_t{1} << 24);
    }
    friend bool operator==(const syndrome_shape&, const syndrome_shape&) = default;
};

//! A regular, spatially coupled, quasi-cyclic LDPC code (Felstrom and Zigangirov 1999; Kudekar, Richardson and Urbanke
//! 2011), used for its syndromes (Wyner 1974; Pradhan and Ramchandran 2003).
//!
//! n bits in V blocks of `lift`; block v is part of `weight` consecutive layers of checks from floor(v K / V) on, each
//! time cyclically shifted, K = layers - weight + 1. The first and last blocks of checks have fewer bits, so they are
//! decided first, and decisions spread from both ends: the regular code comes close to the best decoder's threshold at
//! any rate, so that one construction serves all of them.
//!
//! Bit i stands at place (i stride) mod n, so that the bits of every block come from all over the vector and what is
//! known of them is the same everywhere. Shifts are drawn from the key, and drawn again where two blocks would share
//! two checks: no cycles of length 4, as long as there are shifts left (few where layers are very few).
//!
//! Belief propagation works on integers, one layer of checks after the other, in windows that move in from the ends:
//! the sum-product rule with log(1 + e^-x) as three straight lines, so that what is decided is the same on every
//! machine. syndrome: O(weight n) time. decode: O(weight n) a sweep of all layers, some tens of sweeps; borrows 2 bytes
//! an edge.
class syndrome_code {
public:
    //! A log-likelihood ratio log(P(0) / P(1)) is given in units of 1 / 16.
    static constexpr int unit = 16;
    static constexpr std::int16_t certain = 320;

    syndrome_code(std::size_t n, syndrome_shape shape, random_key key)
        : n_(n),
          stride_(stride_of(n)),
          lift_(checked(n, shape).lift),
          blocks_((n + lift_ - 1) / lift_),
          edges_(shape.layers) {
        const std::size_t weight = shape.weight, layers = shape.layers;
        const std::size_t positions = layers - weight + 1;
        const random_stream stream(key);
        std::vector<std::uint8_t> taken(layers * weight * lift_,
                                        0);  // differences of shifts, of two layers so far apart
        std::uint64_t draw = 0;
        for (std::size_t v = 0; v < blocks_; ++v) {
            const std::size_t first = v * positions / blocks_;
            std::array<std::size_t, 8> shift{};
            for (std::size_t e = 0; e < weight; ++e) {
                const auto difference = [&](std::size_t f) -> std::uint8_t& {
                    return taken[((first + f) * weight + (e - f)) * lift_ + (shift[e] + lift_ - shift[f]) % lift_];
                };
                const auto makes_cycle = [&] {
                    for (std::size_t f = 0; f < e; ++f) {
                        if (difference(f) != 0) {
                            return true;
                        }
                    }
                    return false;
                };
                for (int trial = 0; trial < 256; ++trial) {
                    shift[e] = static_cast<std::size_t>(stream.below(lift_, draw++));
                    if (!makes_cycle()) {
                        break;
                    }
                }
                for (std::size_t f = 0; f < e; ++f) {
                    difference(f) = 1;
                }
                edges_[first + e].push_back({static_cast<std::uint32_t>(v), static_cast<std::uint32_t>(shift[e])});
            }
        }
    }

    std::size_t size() const { return n_; }
    //! The number of checks.
    std::size_t checks() const { return edges_.size() * lift_; }

    //! Calls use(check) for each check that bit i is part of, increasing.
    template <class Use>
    void for_checks_of(std::size_t i, Use use) const {
        const std::size_t place = (i * stride_) % n_;
        for (std::size_t l = 0; l < edges_.size(); ++l) {
            for (const edge& e : edges_[l]) {
                if (e.block == place / lift_) {
                    use(l * lift_ + (place % lift_ + e.shift) % lift_);
                }
            }
        }
    }

    //! out[c] = the sum modulo 2 of the bits of check c. bits: n values 0 or 1; out: checks() of them.
    void syndrome(std::span<const std::uint8_t> bits, std::span<std::uint8_t> out) const {
        expect(bits.size() == n_ && out.size() == checks(), "a syndrome's lengths are not those of its code");
        const auto padded = borrow<std::uint8_t>(blocks_ * lift_);
        std::ranges::fill(padded, std::uint8_t{0});
        for_places([&](std::size_t i, std::size_t place) { padded[place] = bits[i]; });
        std::ranges::fill(out, std::uint8_t{0});
        for (std::size_t l = 0; l < edges_.size(); ++l) {
            for (const edge& e : edges_[l]) {
                kernels::flip_rotated(padded.data() + e.block * lift_, e.shift, lift_, out.data() + l * lift_);
            }
        }
    }

    //! Finds the bits of which `syndrome` are the checks, given log-likelihoods in units of 1 / 16 nat, at most
    //! `certain` in magnitude. False where it gives up: bits are then its best guess.
    bool decode(std::span<const std::int16_t> likelihood, std::span<const std::uint8_t> syndrome,
                std::span<std::uint8_t> bits) const {
        expect(likelihood.size() == n_ && bits.size() == n_ && syndrome.size() == checks(),
               "a syndrome's lengths are not those of its code");
        state s(*this, likelihood, syndrome);
        std::size_t first = 0, last = edges_.size();  // layers that are not yet satisfied
        for (int idle = 0; first < last && idle < patience; ++idle) {
            const std::size_t begin = first, end = last;
            bool solved = true;
            for (std::size_t l = begin; l < std::min(end, begin + window); ++l) {
                solved = s.update(l) && solved;
                first += solved ? 1 : 0;
            }
            solved = true;
            for (std::size_t l = end; l-- > std::max(begin, end < window ? 0 : end - window);) {
                solved = s.update(l) && solved;
                last -= solved ? 1 : 0;
            }
            if (first != begin || last != end) {
                idle = -1;
            }
        }
        for (int sweep = 0; first >= last && sweep < patience; ++sweep) {
            bool solved = true;
            for (std::size_t l = 0; l < edges_.size(); ++l) {
                solved = s.update(l) && solved;
            }
            if (solved) {
                break;
            }
        }
        for_places([&](std::size_t i, std::size_t place) { bits[i] = s.belief[place] < 0 ? 1 : 0; });
        const auto found = borrow<std::uint8_t>(checks());
        this->syndrome(bits, found);
        return std::ranges::equal(found, syndrome);
    }

private:
    static constexpr std::size_t window = 16;
    static constexpr int patience = 40;

    static const syndrome_shape& checked(std::size_t n, const syndrome_shape& shape) {
        expect(n > 0 && shape.valid(),
               "a syndrome code needs a bit, a lift that is a power of two up to 4096, a weight "
               "from 2 to 8, and at least as many layers as the weight");
        return shape;
    }

    //! About n / golden ratio, without a common divisor with n.
    static std::size_t stride_of(std::size_t n) {
        auto stride = static_cast<std::size_t>(0.6180339887498949 * static_cast<double>(n));
        while (std::gcd(stride, n) != 1) {
            ++stride;
        }
        return stride;
    }
    //! use(i, place): where bit i stands.
    template <class Use>
    void for_places(Use use) const {
        for (std::size_t i = 0, place = 0; i < n_; ++i) {
            use(i, place);
            place += stride_;
            place -= place >= n_ ? n_ : 0;
        }
    }

    struct edge {
        std::uint32_t block;
        std::uint32_t shift;
    };

    struct state {
        const syndrome_code& code;
        std::span<const std::uint8_t> syndrome;
        loan<std::int16_t> belief;                 // of each bit, padded
        std::vector<loan<std::int16_t>> messages;  // of each layer: from its checks along each edge
        loan<std::int16_t> work;

        state(const syndrome_code& c, std::span<const std::int16_t> likelihood, std::span<const std::uint8_t> checks)
            : code(c), syndrome(checks), belief(c.blocks_ * c.lift_), work(working_memory(c)) {
            std::ranges::fill(belief, kernels::largest_message);
            c.for_places([&](std::size_t i, std::size_t place) { belief[place] = likelihood[i]; });
            for (const auto& layer : c.edges_) {
                messages.push_back(borrow<std::int16_t>(layer.size() * c.lift_));
                std::ranges::fill(messages.back(), std::int16_t{0});
            }
        }
        static std::size_t working_memory(const syndrome_code& c) {
            std::size_t most = 0;
            for (const auto& layer : c.edges_) {
                most = std::max(most, layer.size());
            }
            return (3 * most + 4) * c.lift_;
        }
        //! Passes messages through the checks of a layer. Whether all were satisfied before.
        bool update(std::size_t l) {
            const auto& layer = code.edges_[l];
            const std::size_t z = code.lift_, degree = layer.size();
            if (degree == 0) {
                return true;
            }
            std::int16_t* const incoming = work.data();
            std::int16_t* const magnitude = incoming + degree * z;
            std::int16_t* const before = magnitude + degree * z;
            std::int16_t* const after = before + degree * z;
            std::int16_t* const extrinsic = after + z;
            std::int16_t* const sign = extrinsic + z;
            std::int16_t* const parity = sign + z;
            for (std::size_t j = 0; j < z; ++j) {
                sign[j] = parity[j] = syndrome[l * z + j] != 0 ? std::int16_t{-1} : std::int16_t{0};
            }
            for (std::size_t d = 0; d < degree; ++d) {
                std::int16_t* const q = incoming + d * z;
                kernels::rotate(belief.data() + layer[d].block * z, layer[d].shift, z, q);
                kernels::take_out(messages[l].data() + d * z, z, q, magnitude + d * z, sign, parity);
            }
            const bool satisfied = std::all_of(parity, parity + z, [](std::int16_t p) { return p == 0; });
            std::copy_n(magnitude, z, before);
            for (std::size_t d = 1; d + 1 < degree; ++d) {
                kernels::combine_beliefs(before + (d - 1) * z, magnitude + d * z, z, before + d * z);
            }
            std::fill_n(after, z, kernels::largest_message);
            for (std::size_t d = degree; d-- > 0;) {
                const std::int16_t* from = after;
                if (d > 0) {
                    kernels::combine_beliefs(before + (d - 1) * z, after, z, extrinsic);
                    from = extrinsic;
                }
                std::int16_t* const q = incoming + d * z;
                kernels::put_back(from, sign, z, q, messages[l].data() + d * z);
                kernels::rotate(q, z - layer[d].shift, z, belief.data() + layer[d].block * z);
                kernels::combine_beliefs(after, magnitude + d * z, z, after);
            }
            return satisfied;
        }
    };

    std::size_t n_;
    std::size_t stride_;
    std::size_t lift_;
    std::size_t blocks_;
    std::vector<std::vector<edge>> edges_;  // by layer
};

}  // namespace frugal
