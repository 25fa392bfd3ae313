#include "compositions.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#if defined(FRUGAL_SHARED_CATALOGUE)  // as in <frugal/catalogue.hpp>
#include <frugal/catalogue/shared.hpp>
#else
#include <frugal/catalogue/compressors.hpp>
#endif
#include <frugal/compress/blocked.hpp>

#include "catalogue_samples.hpp"

namespace test {
namespace {

//! A quantizer of a user's own, with an alphabet of any width, written for float only.
struct wide_rounding {
    int levels = 1;
    static constexpr bool unbiased = false;
    frugal::alphabet symbols() const { return {-levels, levels}; }
    float index(float x) const { return std::floor(x + 0.5f); }
    float value(float i) const { return i; }
    std::string name() const { return frugal::expression("wide_rounding", {{"levels", double(levels)}}); }
};

//! One symbol only, which takes no bits.
struct always_zero {
    static constexpr bool unbiased = false;
    frugal::alphabet symbols() const { return {0, 0}; }
    float range() const { return 1.0f; }
    float index(float x) const { return x * 0.0f; }
    float value(float i) const { return i; }
    std::string name() const { return "always_zero"; }
};

bool contains_word(const std::string& text, const std::string& word) {
    const auto is_end = [&](std::size_t i) {
        return i >= text.size() || std::string("(),=").find(text[i]) != std::string::npos;
    };
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
        if ((at == 0 || is_end(at - 1)) && is_end(at + word.size())) {
            return true;
        }
    }
    return false;
}

//! Appends what the catalogue knows and no composition has yet, with its defaults.
void add_what_is_missing(std::vector<frugal::any_compressor>& all) {
    const auto add = [&](const std::string& text, const std::vector<std::string>& words) {
        const bool there = std::any_of(all.begin(), all.end(), [&](const frugal::any_compressor& c) {
            const std::string name = c.name();
            return std::all_of(words.begin(), words.end(),
                               [&](const std::string& w) { return contains_word(name, w); });
        });
        if (!there) {
            all.push_back(frugal::parse<frugal::any_compressor>(text));
        }
    };
    const auto samples = sample_expressions<frugal::any_compressor>(0);
    const auto& entries = frugal::entries<frugal::any_compressor>();
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (entries[i].name == "per_tensor" || entries[i].name == "factored" || entries[i].name == "blocked") {
            continue;  // the first two refuse vectors of any length but their tensors'; the third follows
        }
        std::vector<std::string> words{std::string(entries[i].name)};
        for (const frugal::described_parameter& p : entries[i].parameters) {
            if (!p.must_be.empty()) {
                words.emplace_back(p.must_be);
            }
        }
        add(samples.at(i), words);
    }
    for (const std::string& scale : sample_expressions<frugal::any_scale>(0)) {
        if (scale != "shared_norm") {  // encodes nothing before senders have agreed
            add("scalar(dithered," + scale + ")", {scale.substr(0, scale.find('('))});
        }
    }
}

}  // namespace

std::vector<frugal::any_coder> all_coders() {
    std::vector<frugal::any_coder> all;
    for (const auto& e : frugal::entries<frugal::any_coder>()) {
        all.push_back(frugal::parse<frugal::any_coder>(e.name));
    }
    return all;
}

std::vector<frugal::any_compressor> all_compositions() {
    using namespace frugal;
    std::vector<any_compressor> all{identity{}};
    const auto scalar = [](auto quantizer, any_scale scale, any_coder coder) {
        return any_compressor(scalar_compressor{quantizer, scale, coder});
    };
    const auto each_coder = [&](auto quantizer) {
        for (const any_coder& coder : all_coders()) {
            all.push_back(scalar(quantizer, any_scale(max_norm{}), coder));
        }
    };
    each_coder(dithered{.levels = 1});
    each_coder(dithered{.levels = 3});
    each_coder(dithered{.levels = 127});
    each_coder(dithered{.levels = 1000});
    all.push_back(scalar(dithered{.levels = 3, .bits = dither_bits::sixteen}, any_scale(max_norm{}), packed{}));
    all.push_back(scalar(stochastic{.levels = 40000, .bits = dither_bits::sixteen}, any_scale(max_norm{}), packed{}));
    each_coder(one_bit_dithered{});
    each_coder(half_dithered{.levels = 2});
    each_coder(half_dithered{.levels = 1, .dithers = 2});
    each_coder(stochastic{.levels = 4});
    each_coder(stochastic{.levels = 40000});
    each_coder(ternary{});
    each_coder(dorefa{.bits = 8});
    each_coder(dorefa{.bits = 16});
    each_coder(natural{.levels = 8});
    each_coder(natural{.levels = 64});
    each_coder(sign{});
    each_coder(dithered_e8{3});
    each_coder(minifloat{4, 3});
    all.push_back(scalar(minifloat{2, 1}, any_scale(shared_exponent{32}), packed{}));
    all.push_back(scalar(minifloat{2, 1}, any_scale(shared_e4m3{16}), packed{}));
    all.push_back(scalar(e8{16}, any_scale(bucketed{max_norm{}, 13}), packed{}));
    all.push_back(scalar(nested_e8{1.0 / 16, 2}, any_scale(max_norm{}), packed{}));
    each_coder(nested_dithered{.fine = 1.0 / 3, .coarse = 1});
    each_coder(nested_dithered{.fine = 1.0 / 1000, .coarse = 1, .shrink = 0.9});
    each_coder(stochastic_codebook{.levels = {-1.0f, -0.25f, 0.0f, 0.5f, 2.0f}});
    each_coder(wide_rounding{.levels = 1 << 20});
    each_coder(always_zero{});
    for (const any_scale& scale : {any_scale(l2_norm{}), any_scale(mean_abs{}), any_scale(fixed{.kappa = 0.25f}),
                                   any_scale(bucketed{max_norm{}, 16}), any_scale(bucketed{l2_norm{}, 1})}) {
        all.push_back(scalar(dithered{.levels = 1}, scale, packed{}));
        all.push_back(scalar(sign{}, scale, range_coder{}));
        all.push_back(scalar(nested_dithered{}, scale, radix{}));
    }
    for (const any_coder& coder : all_coders()) {
        all.push_back(codebook_compressor{one_bit{}, coder});
        all.push_back(codebook_compressor{lloyd_max{.levels = 5}, coder});
    }
    const any_compressor fine = scalar(dithered{.levels = 3}, any_scale(max_norm{}), radix{});
    const any_compressor near = scalar(nested_dithered{}, any_scale(max_norm{}), packed{});
    const auto sparse = [&](auto selector, auto indices) {
        all.push_back(sparse_compressor{selector, any_compressor(identity{}), indices});
        all.push_back(sparse_compressor{selector, fine, indices});
    };
    sparse(top_k{.fraction = 0.1}, fixed_width_indices{});
    sparse(top_k{.count = 3}, rice_indices{});
    sparse(random_k{.count = 5}, fixed_width_indices{});
    sparse(random_k{.fraction = 0.2, .unbiased = false, .shared_seed = false}, fixed_width_indices{});
    sparse(threshold{.value = 1.0f}, rice_indices{});
    sparse(variance_budget{.epsilon = 1}, fixed_width_indices{});
    sparse(random_sparse{.count = 4}, fixed_width_indices{});
    all.push_back(stovoq{.dimension = 4, .codewords = 64, .bias_bits = 3, .group = 32});
    all.push_back(stovoq{.dimension = 16, .codewords = 32, .bias_bits = 0, .group = 64});
    all.push_back(stovoq{.dimension = 3,
                         .codewords = 16,
                         .bias_bits = 16,
                         .group = 7,
                         .norm_bits = 12,
                         .levels = bias_levels::all_but_one});
    all.push_back(transformed{hadamard{.size = 16}, fine});
    all.push_back(transformed{hadamard{.size = 32, .kept = 9},
                              scalar(dithered{.levels = 2}, any_scale(bucketed{max_norm{}, 9}), radix{})});
    all.push_back(transformed{hadamard{.size = 12}, any_compressor(sparse_compressor{top_k{.fraction = 0.3}})});
    all.push_back(transformed{hadamard{.size = 128}, near});
    all.push_back(compressive_sampling{.size = 20, .kept = 7, .levels = 0});
    all.push_back(alternating{fine, near});
    all.push_back(alternating{near, any_compressor(identity{})});
    const auto with_feedback = [](any_compressor inner) { return any_compressor(error_feedback{std::move(inner)}); };
    const any_compressor few{sparse_compressor{top_k{.fraction = 0.3}, fine, fixed_width_indices{}}};
    all.push_back(with_feedback(fine));
    all.push_back(with_feedback(few));
    all.push_back(with_feedback(with_feedback(fine)));
    all.push_back(with_feedback(any_compressor(codebook_compressor{one_bit{}, any_coder(packed{})})));
    all.push_back(any_compressor(sparse_compressor{top_k{.fraction = 0.5}, with_feedback(few), fixed_width_indices{}}));
    all.push_back(any_compressor(weighted_error_feedback{fine, 0.5f}));
    all.push_back(any_compressor(error_feedback{few, 0.75f}));
    add_what_is_missing(all);
    all.push_back(blocked{scalar_compressor{dithered{.levels = 1}}, 16});
    all.push_back(blocked{sparse_compressor{top_k{.fraction = 0.2}}, 7});
    return all;
}

}  // namespace test
