//! Running a trained network of truth values.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <frugal/boolean/network.hpp>
#include <frugal/core/bit_matrix.hpp>
#include <frugal/core/error.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/kernels/bit_gemm.hpp>
#include <frugal/kernels/linear.hpp>
#include <frugal/kernels/pack_signs.hpp>
#include <frugal/kernels/sign_dot.hpp>

namespace frugal {

//! Classifies samples with a `boolean_network`, whose weights it holds transposed for the kernels: a bit for each.
//!
//! The same scores on every instruction set: sums of bits are integers, sums of reals have a fixed order. Calling it
//! changes nothing, so one object serves any number of threads. Throws `invalid_input` for a network with a problem.
class boolean_inference {
public:
    explicit boolean_inference(boolean_network network) : inputs_(network.inputs()), classes_(network.outputs()) {
        expect(network.problem().empty(), [&] { return network.problem(); });
        for (network_stage& stage : network.stages) {
            batch_ = std::clamp(widest_batch / boolean_network::outputs_of(stage), std::size_t{1}, batch_);
            stages_.push_back(std::visit([](auto& s) { return prepared(std::move(s)); }, stage));
        }
    }
    std::size_t inputs() const { return inputs_; }
    std::size_t classes() const { return classes_; }

    //! scores (samples x classes) of x (samples x inputs). Throws `invalid_input` if the lengths do not fit.
    void scores(std::span<const float> x, std::span<float> out) const {
        const std::size_t samples = x.size() / inputs();
        expect(x.size() == samples * inputs() && out.size() == samples * classes(), [&] {
            return std::to_string(x.size()) + " features and " + std::to_string(out.size()) +
                   " scores were given to a network of " + std::to_string(inputs()) + " inputs and " +
                   std::to_string(classes()) + " classes: pass whole samples and room for all their scores";
        });
        for (std::size_t first = 0; first < samples; first += batch_) {
            const std::size_t n = std::min(batch_, samples - first);
            run(x.subspan(first * inputs(), n * inputs()), n, out.subspan(first * classes(), n * classes()));
        }
    }
    //! The class of the highest score of each sample, the first of equal ones.
    void classify(std::span<const float> x, std::span<std::uint32_t> out) const {
        const auto all = borrow<float>(out.size() * classes());
        scores(x, all);
        for (std::size_t i = 0; i < out.size(); ++i) {
            const float* const row = all.data() + i * classes();
            out[i] = static_cast<std::uint32_t>(std::max_element(row, row + classes()) - row);
        }
    }

private:
    //! Values between two stages, where a sample does not have more by itself.
    static constexpr std::size_t widest_batch = std::size_t{1} << 22;

    struct boolean_layer {
        kernels::bit_panels weight;
        std::vector<std::int32_t> threshold;
        bit_vector flip;
    };
    //! Filters whose bit is to be inverted are held inverted, with the threshold of their sums, negated too.
    struct convolution_layer {
        unfolding images;
        bit_matrix weight;
        std::vector<std::int32_t> at_least;
    };
    using layer =
        std::variant<threshold_stage, real_stage, boolean_layer, normalization_stage, convolution_layer, pooling_stage>;

    template <class Stage>
    static layer prepared(Stage&& stage) {
        return std::forward<Stage>(stage);
    }
    static layer prepared(boolean_stage&& stage) {
        return boolean_layer{kernels::bit_panels(stage.weight), std::move(stage.threshold), std::move(stage.flip)};
    }
    static layer prepared(convolution_stage&& stage) {
        const auto patch = static_cast<std::int32_t>(stage.images.patch());
        for (std::size_t f = 0; f < stage.threshold.size(); ++f) {
            std::int32_t& threshold = stage.threshold[f];
            threshold = std::clamp(threshold, -patch, patch + 1);  // the same for every sum, with room for differences
            if (stage.flip[f]) {
                threshold = 1 - threshold;
                for (std::size_t t = 0; t < stage.images.patch(); ++t) {
                    stage.weight.set(f, t, !stage.weight(f, t));
                }
            }
        }
        return convolution_layer{stage.images, std::move(stage.weight), std::move(stage.threshold)};
    }

    //! What one stage hands to the next.
    struct values {
        std::size_t samples;
        std::size_t width;
        loan<float> real{0};
        loan<std::uint64_t> words{0};

        bool bits() const { return !words.empty(); }
        std::span<float> row(std::size_t i) const { return std::span<float>(real).subspan(i * width, width); }
        bit_matrix_span matrix() const { return {words.data(), samples, width}; }
        static values of_bits(std::size_t samples, std::size_t width) {
            return {samples, width, loan<float>(0), loan<std::uint64_t>(samples * words_for(width))};
        }
        static values of_reals(std::size_t samples, std::size_t width) {
            return {samples, width, loan<float>(samples * width), loan<std::uint64_t>(0)};
        }
    };

    void run(std::span<const float> x, std::size_t samples, std::span<float> out) const {
        values v = values::of_reals(samples, inputs());
        std::copy(x.begin(), x.end(), v.real.begin());
        for (const layer& l : stages_) {
            v = std::visit([&](const auto& stage) { return apply(stage, v); }, l);
        }
        std::copy(v.real.begin(), v.real.end(), out.begin());
    }

    static values apply(const threshold_stage& stage, const values& in) {
        values out = values::of_bits(in.samples, in.width);
        for (std::size_t i = 0; i < in.samples; ++i) {
            kernels::pack_at_least<float>(in.row(i), stage.level, out.matrix().row(i));
        }
        return out;
    }
    static values apply(const real_stage& stage, const values& in) {
        values out = values::of_reals(in.samples, stage.outputs());
        const auto signs = borrow<float>(in.bits() ? in.width : 0);
        for (std::size_t i = 0; i < in.samples; ++i) {
            if (in.bits()) {
                kernels::unpack_signs(in.matrix().row(i), signs);
            }
            for (std::size_t j = 0; j < stage.outputs(); ++j) {
                const float* const w = stage.weight.data() + j * in.width;
                const double sum = in.bits() ? double(kernels::sign_dot(w, signs.data(), in.width))
                                             : kernels::dot(w, in.row(i).data(), in.width);
                out.row(i)[j] = static_cast<float>(sum + double(stage.bias[j]));
            }
        }
        return out;
    }
    //! With the roundings of `group_normalization`, by which networks are trained.
    static values apply(const normalization_stage& stage, const values& in) {
        values out = values::of_reals(in.samples, in.width);
        const auto n = static_cast<double>(in.width);
        for (std::size_t i = 0; i < in.samples; ++i) {
            const std::span<const float> x = in.row(i);
            double sum = 0;
            for (const float v : x) {
                sum += static_cast<double>(v);
            }
            double squares = 0;
            for (const float v : x) {
                const double difference = static_cast<double>(v) - sum / n;
                squares += rounded(difference * difference);
            }
            const auto center = static_cast<float>(sum / n);
            const auto factor = static_cast<float>(1 / std::sqrt(squares / n + static_cast<double>(stage.epsilon)));
            for (std::size_t j = 0; j < x.size(); ++j) {
                out.row(i)[j] = multiply_add(rounded((x[j] - center) * factor), stage.scale[j], stage.shift[j]);
            }
        }
        return out;
    }
    static values apply(const boolean_layer& stage, const values& in) {
        const std::size_t outputs = stage.weight.rows();
        const auto sums = borrow<std::int32_t>(in.samples * outputs);
        kernels::boolean_gemm(in.matrix(), stage.weight, sums);
        if (stage.threshold.empty()) {
            values out = values::of_reals(in.samples, outputs);
            std::copy(sums.begin(), sums.end(), out.real.begin());
            return out;
        }
        values out = values::of_bits(in.samples, outputs);
        for (std::size_t i = 0; i < in.samples; ++i) {
            const bit_span row = out.matrix().row(i);
            kernels::pack_at_least<std::int32_t>({sums.data() + i * outputs, outputs}, stage.threshold, row);
            for (std::size_t w = 0; w < row.words().size(); ++w) {
                row.words()[w] ^= stage.flip.words()[w];
            }
        }
        return out;
    }

    //! Sample by sample: filters x patch bits times places x patch, so that sums lie as the next stage wants them.
    static values apply(const convolution_layer& stage, const values& in) {
        const std::size_t places = stage.images.places();
        const std::size_t outputs = stage.weight.rows() * places;
        const bool real = stage.at_least.empty();
        values out = real ? values::of_reals(in.samples, outputs) : values::of_bits(in.samples, outputs);
        const auto words = borrow<std::uint64_t>(places * words_for(stage.images.patch()));
        const bit_matrix_span patches(words.data(), places, stage.images.patch());
        const auto sums = borrow<std::int32_t>(outputs);
        for (std::size_t i = 0; i < in.samples; ++i) {
            unfold_bits(stage.images, in.matrix().row(i), patches);
            kernels::boolean_gemm(stage.weight, patches, sums);
            if (real) {
                std::copy(sums.begin(), sums.end(), out.row(i).begin());
                continue;
            }
            for (std::size_t f = 0; f < stage.at_least.size(); ++f) {
                for (std::size_t p = 0; p < places; ++p) {
                    sums[f * places + p] -= stage.at_least[f];
                }
            }
            kernels::pack_at_least<std::int32_t>(sums, 0, out.matrix().row(i));
        }
        return out;
    }
    static values apply(const pooling_stage& stage, const values& in) {
        const unfolding& images = stage.images;
        values out = values::of_bits(in.samples, stage.outputs());
        std::fill(out.words.begin(), out.words.end(), std::uint64_t{0});
        for (std::size_t i = 0; i < in.samples; ++i) {
            const bit_view image = in.matrix().row(i);
            const auto words = out.matrix().row(i).words();
            images.for_each_run([&](std::size_t term, std::size_t place, std::size_t n, std::size_t from) {
                std::size_t to = term / (images.kernel * images.kernel) * images.places() + place;
                for (std::size_t c = 0; c < n; ++c, ++to) {
                    words[to / 64] |= std::uint64_t{image[from + c * images.stride]} << (to % 64);
                }
            });
        }
        return out;
    }
    static void unfold_bits(const unfolding& images, bit_view image, bit_matrix_span patches) {
        std::ranges::fill(patches.words(), std::uint64_t{0});
        const std::size_t stride = patches.stride();
        images.for_each_run([&](std::size_t term, std::size_t place, std::size_t n, std::size_t from) {
            std::uint64_t* to = patches.words().data() + place * stride + term / 64;
            for (std::size_t c = 0; c < n; ++c, to += stride) {
                *to |= std::uint64_t{image[from + c * images.stride]} << (term % 64);
            }
        });
    }

    std::size_t inputs_;
    std::size_t classes_;
    std::size_t batch_ = 64;  // samples at a time: few enough for what lies between two stages to stay in the cache
    std::vector<layer> stages_;
};

}  // namespace frugal
