// Every decoder of every composition on any payload behind a correct checksum, with and without side information; every
// encoder on any numbers. Either `malformed_message` or `invalid_input`, or finite numbers.

#include <algorithm>
#include <cstring>
#include <vector>

#include "../bytes.hpp"
#include "../compositions.hpp"
#include "check.hpp"
#include "compressors_input.hpp"

namespace {

bool all_finite(std::span<const float> x) {
    return std::all_of(x.begin(), x.end(), [](float v) { return v - v == 0.0f; });
}

//! Compressors that have made what they derive from their settings, to be copied.
const std::vector<frugal::any_compressor>& prototypes() {
    static const auto all = [] {
        auto made = test::all_compositions();
        fuzz::require(made.size() <= 256, "one byte tells compositions apart");
        for (auto& c : made) {
            std::vector<float> y(1);
            try {
                c.decompress(test::message_around(frugal::scheme_id(c.name()), {}, 1, {}), {}, y);
            } catch (const frugal::malformed_message&) {
            }
        }
        return made;
    }();
    return all;
}

bool decode(frugal::any_compressor& c, const frugal::message& m, frugal::random_key k, std::span<float> y) {
    try {
        c.decompress(m, k, y);
        return true;
    } catch (const frugal::malformed_message&) {
        return false;
    }
}

void decode_in_every_way(frugal::any_compressor& c, const frugal::message& m, frugal::random_key k, std::size_t d) {
    std::vector<float> y(d);
    const bool accepted = decode(c, m, k, y);
    std::vector<float> sum(d, 0.0f);
    bool added = true;
    try {
        c.decompress_add(m, k, 1.0f, sum);
    } catch (const frugal::malformed_message&) {
        added = false;
    }
    fuzz::require(accepted == added, "decompress and decompress_add accept the same messages");
    std::vector<float> near(d, 0.75f);
    bool near_accepted = true;
    try {
        c.decompress(m, k, near, near);
    } catch (const frugal::malformed_message&) {
        near_accepted = false;
    }
    fuzz::require(accepted == near_accepted, "side information does not change which messages are accepted");
    if (accepted) {
        fuzz::require(all_finite(y) && all_finite(near), "what is decoded is finite");
        fuzz::require(sum == y, "decompress_add adds what decompress gives");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::compressors_input input;
    if (!fuzz::compressors_input::read(std::as_bytes(std::span(data, size)), input)) {
        return 0;
    }
    auto c = prototypes()[input.composition % prototypes().size()];
    const auto k = input.key();
    const std::uint64_t scheme = frugal::scheme_id(c.name());
    switch (input.what) {
        case fuzz::task::decode_payload:
            decode_in_every_way(c, test::message_around(scheme, k, input.dimension, input.rest), k, input.dimension);
            break;
        case fuzz::task::decode_message: {
            frugal::message m;
            try {
                m = frugal::message::parse(fuzz::completed_message(input.rest));
            } catch (const frugal::malformed_message&) {
                break;
            }
            decode_in_every_way(c, m, k, input.dimension);
            break;
        }
        case fuzz::task::encode: {
            std::vector<float> x(std::min<std::size_t>(input.rest.size() / sizeof(float), 1000));
            if (!x.empty()) {
                std::memcpy(x.data(), input.rest.data(), x.size() * sizeof(float));
            }
            frugal::message m;
            try {
                c.compress(x, k, m);
            } catch (const frugal::invalid_input&) {
                fuzz::require(m.empty(), "a vector that was refused leaves no message");
                break;
            }
            fuzz::require(!x.empty() && all_finite(x), "empty and non-finite vectors are refused");
            std::vector<float> y(x.size());
            c.decompress(frugal::message::parse(m.bytes()), k, y);
            fuzz::require(all_finite(y), "what was accepted decodes to finite numbers");
            decode_in_every_way(c, m, k, x.size());
            break;
        }
        case fuzz::task::decode_twice: {  // nothing is left behind by a message that was refused
            const std::size_t half = input.rest.size() / 2;
            const auto second = test::message_around(scheme, k, input.dimension, input.rest.subspan(half));
            std::vector<float> expected(input.dimension);
            const bool accepted = decode(c, second, k, expected);
            auto other = prototypes()[input.composition % prototypes().size()];
            std::vector<float> y(input.dimension);
            decode(other, test::message_around(scheme, k, input.dimension, input.rest.first(half)), k, y);
            fuzz::require(decode(other, second, k, y) == accepted, "decoding does not depend on messages before");
            fuzz::require(!accepted || y == expected, "decoding does not depend on messages before");
            break;
        }
    }
    return 0;
}
