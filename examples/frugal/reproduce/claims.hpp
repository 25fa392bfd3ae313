//! What the claims of `frugal reproduce` are made of.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frugal/core/message.hpp>
#include <frugal/core/random.hpp>

namespace frugal::driver {

//! One line of the table: a published figure beside ours.
struct verdict {
    std::string claim;
    std::string source;
    double published = 0;
    double measured = 0;
    bool holds = false;
};

//! A named group of claims. Each file of this folder defines some; reproduce.cpp lists all.
struct reproduction {
    std::string name;
    std::string meaning;
    std::function<std::vector<verdict>(std::uint64_t seed)> run;
};
using reproductions_of_file = std::vector<reproduction>;

reproductions_of_file askew_claims();
reproductions_of_file boolean_claims();
reproductions_of_file ce_sgd_claims();
reproductions_of_file compressive_sampling_claims();
reproductions_of_file dithered_claims();
reproductions_of_file gossip_claims();
reproductions_of_file indirect_claims();
reproductions_of_file over_the_air_claims();
reproductions_of_file stovoq_claims();
reproductions_of_file table_2_1_claims();

//! Holds within a relative tolerance.
inline verdict within(std::string claim, std::string source, double published, double measured, double tolerance) {
    return {std::move(claim), std::move(source), published, measured,
            std::fabs(measured - published) <= tolerance * std::fabs(published)};
}

inline std::vector<float> normal_vector(std::size_t n, random_key key) {
    const random_stream stream(key);
    std::vector<float> x(n);
    for (std::size_t i = 0; i < n; ++i) {
        x[i] = stream.normal(i);
    }
    return x;
}

inline double squared_error(std::span<const float> a, std::span<const float> b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        sum += (double{a[i]} - double{b[i]}) * (double{a[i]} - double{b[i]});
    }
    return sum;
}

template <class C>
double bits_of(C compressor, const std::vector<float>& x) {
    message m;
    compressor.compress(x, {}, m);
    return static_cast<double>(m.payload_bits());
}

}  // namespace frugal::driver
