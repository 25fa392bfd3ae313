//! What every aggregator asks of what it is given.
#pragma once

#include <span>

#include <frugal/concepts.hpp>
#include <frugal/core/exact.hpp>

namespace frugal {

//! Throws `invalid_input` unless a weight is finite and not negative.
inline void expect_weight(float weight) {
    expect(weight >= 0 && is_finite(weight), "an aggregator's weights must be finite and not negative");
}

//! Throws `invalid_input` for a message that only makes sense near a vector this aggregator does not have.
template <class C>
void expect_decodable_alone([[maybe_unused]] const C& compressor, [[maybe_unused]] random_key k) {
    if constexpr (SideInformationCompressor<C>) {
        expect(!compressor.needs_side_information(k),
               "a message must be decoded near a vector the receiver knows: aggregate with side_information_mean");
    }
}

//! Remembers an `add` that threw: its message may be in the sum in part.
class add_guard {
public:
    void reset() { broken_ = false; }
    void expect_whole() const {
        expect(!broken_,
               "an aggregator was given a message that it refused, of which a part may be in its sum: reset it");
    }
    //! Runs `add`, unless an earlier one threw.
    template <class Add>
    void operator()(Add add) {
        expect_whole();
        broken_ = true;
        add();
        broken_ = false;
    }

private:
    bool broken_ = false;
};

}  // namespace frugal
