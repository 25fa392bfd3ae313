//! The catalogue of compressors and of what they are made of: one line each. What a policy is called and what options
//! it has is said by its own `describe()`; expressions, lists, tables and the compositions that tests run over derive
//! from these lists. To add a policy, add its line; to add a kind, specialise `catalogue_of`. Other kinds:
//! policies.hpp.
#pragma once

#include <array>
#include <string_view>

#include <frugal/catalogue/entry.hpp>
#include <frugal/catalogue/policy_list.hpp>
#include <frugal/compress/alternating.hpp>
#include <frugal/compress/any_compressor.hpp>
#include <frugal/compress/any_factor_compressor.hpp>
#include <frugal/compress/blocked.hpp>
#include <frugal/compress/codebook.hpp>
#include <frugal/compress/coder/any_coder.hpp>
#include <frugal/compress/coder/elias.hpp>
#include <frugal/compress/coder/packed.hpp>
#include <frugal/compress/coder/radix.hpp>
#include <frugal/compress/coder/range_coder.hpp>
#include <frugal/compress/coder/rans.hpp>
#include <frugal/compress/compressive_sampling.hpp>
#include <frugal/compress/contractive.hpp>
#include <frugal/compress/cross_polytope.hpp>
#include <frugal/compress/dual.hpp>
#include <frugal/compress/error_feedback.hpp>
#include <frugal/compress/factored.hpp>
#include <frugal/compress/hsq.hpp>
#include <frugal/compress/identity.hpp>
#include <frugal/compress/index_coding.hpp>
#include <frugal/compress/indirect.hpp>
#include <frugal/compress/low_rank.hpp>
#include <frugal/compress/per_tensor.hpp>
#include <frugal/compress/random_linear.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/scale/any_scale.hpp>
#include <frugal/compress/scale/block_scales.hpp>
#include <frugal/compress/scale/scales.hpp>
#include <frugal/compress/selector/chunked_top_k.hpp>
#include <frugal/compress/selector/loss_mask.hpp>
#include <frugal/compress/selector/proportional.hpp>
#include <frugal/compress/selector/random_k.hpp>
#include <frugal/compress/selector/top_k.hpp>
#include <frugal/compress/signs.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/compress/spherical_stovoq.hpp>
#include <frugal/compress/stovoq.hpp>
#include <frugal/compress/transform/hadamard.hpp>
#include <frugal/compress/transformed.hpp>
#include <frugal/quantize/dithered.hpp>
#include <frugal/quantize/e8.hpp>
#include <frugal/quantize/minifloat.hpp>
#include <frugal/quantize/natural.hpp>
#include <frugal/quantize/nested.hpp>
#include <frugal/quantize/sign.hpp>
#include <frugal/quantize/stochastic.hpp>
#include <frugal/quantize/stochastic_codebook.hpp>

namespace frugal {

// ------------------------------------------------------------------------------------------------------ quantizers

using quantizers = policy_list<  //
    dithered,                    //
    one_bit_dithered,            //
    half_dithered,               //
    nested_dithered,             //
    stochastic,                  //
    ternary,                     //
    dorefa,                      //
    natural,                     //
    sign,                        //
    e8,                          //
    dithered_e8,                 //
    nested_e8,                   //
    minifloat,                   //
    stochastic_codebook>;
using any_quantizer = one_of<quantizers>;
template <>
struct catalogue_of<any_quantizer> {
    static constexpr std::string_view kind = "quantizer";
    using policies = quantizers;
};

// ------------------------------------------------------------------------------------------------ scales and coders

template <>
struct catalogue_of<any_scale> {
    static constexpr std::string_view kind = "scale";
    using policies = policy_list<  //
        max_norm,                  //
        l2_norm,                   //
        mean_abs,                  //
        fixed,                     //
        shared_norm,               //
        shared_exponent,           //
        shared_e4m3,               //
        bucketed<any_scale>>;
};

template <>
struct catalogue_of<any_coder> {
    static constexpr std::string_view kind = "coder";
    using policies = policy_list<  //
        packed,                    //
        radix,                     //
        range_coder,               //
        rans,                      //
        elias>;
};

// --------------------------------------------------------------------------------- selectors, index codings, codebooks

using selectors = policy_list<  //
    top_k,                      //
    chunked_top_k,              //
    random_k,                   //
    threshold,                  //
    variance_budget,            //
    random_sparse,              //
    loss_mask>;
using any_selector = one_of<selectors>;
template <>
struct catalogue_of<any_selector> {
    static constexpr std::string_view kind = "selector";
    using policies = selectors;
};

using index_codings = policy_list<  //
    fixed_width_indices,            //
    rice_indices,                   //
    bitmap_indices>;
using any_index_coding = one_of<index_codings>;
template <>
struct catalogue_of<any_index_coding> {
    static constexpr std::string_view kind = "index coding";
    using policies = index_codings;
};

using codebooks = policy_list<  //
    one_bit,                    //
    lloyd_max,                  //
    normal_levels>;
using any_codebook = one_of<codebooks>;
template <>
struct catalogue_of<any_codebook> {
    static constexpr std::string_view kind = "codebook";
    using policies = codebooks;
};

// ------------------------------------------------------------------------------------------------------ transforms

using transforms = policy_list<hadamard>;
using any_transform = one_of<transforms>;
template <>
struct catalogue_of<any_transform> {
    static constexpr std::string_view kind = "transform";
    using policies = transforms;
};

// ----------------------------------------------------------------------------------------------------- compressors

namespace detail {

template <class Q>
using scalar_of = scalar_compressor<Q, any_scale, any_coder>;
template <class S>
using sparse_of = sparse_compressor<S, any_compressor, fixed_width_indices>;
template <class S>
using sparse_with_rice_indices_of = sparse_compressor<S, any_compressor, rice_indices>;
using sparse_by_loss = sparse_compressor<loss_mask, any_compressor, bitmap_indices>;
template <class T>
using transformed_of = transformed<T, any_compressor>;
template <class B>
using codebook_of = codebook_compressor<B, any_coder>;
template <class B>
using indirect_mse_of = indirect_mse<B, any_coder>;
using factored_by_any = factored<any_factor_compressor, any_compressor>;

}  // namespace detail

//! Of gradients that come as factors.
template <>
struct catalogue_of<any_factor_compressor> {
    static constexpr std::string_view kind = "factor compressor";
    using policies = all_of<                                    //
        policy_list<indirect<any_compressor, any_compressor>>,  //
        each_of<detail::indirect_mse_of, codebooks>>;
};

template <>
struct catalogue_of<any_compressor> {
    static constexpr std::string_view kind = "compressor";
    using policies = all_of<                                      //
        policy_list<identity, signs>,                             //
        each_of<detail::scalar_of, quantizers>,                   //
        each_of<detail::sparse_of, selectors>,                    //
        each_of<detail::sparse_with_rice_indices_of, selectors>,  //
        policy_list<detail::sparse_by_loss>,                      //
        each_of<detail::codebook_of, codebooks>,                  //
        policy_list<stovoq, spherical_stovoq>,                    //
        policy_list<hsq_greedy, hsq_span, cross_polytope, dual>,  //
        policy_list<random_linear>,                               //
        each_of<detail::transformed_of, transforms>,              //
        policy_list<compressive_sampling>,                        //
        policy_list<low_rank>,                                    //
        policy_list<error_feedback<any_compressor>>,              //
        policy_list<weighted_error_feedback<any_compressor>>,     //
        policy_list<contractive<any_compressor>>,                 //
        policy_list<per_tensor<any_compressor>>,                  //
        policy_list<blocked<any_compressor>>,                     //
        policy_list<detail::factored_by_any>,                     //
        policy_list<alternating<any_compressor, any_compressor>>>;
    static constexpr std::array aliases{
        catalogue_alias{"dqsg", "7 levels, dithered", "scalar(dithered(levels=3),bucketed(max_norm,512),radix)"},
        catalogue_alias{"ndqsg", "half dithered, half nested, steps 1/3 and 1",
                        "alternating(scalar(dithered(levels=3),bucketed(max_norm,8192),radix),"
                        "scalar(nested_dithered(fine=1/3,coarse=1),bucketed(max_norm,8192),radix))"},
        catalogue_alias{"qsgd", "7 levels, random rounding, max norm",
                        "scalar(stochastic(levels=3),bucketed(max_norm,512),radix)"},
        catalogue_alias{"luq", "7 powers of two on both sides of zero, unbiased",
                        "scalar(natural(levels=7),max_norm,packed)"},
        catalogue_alias{"terngrad", "three levels, random rounding", "scalar(ternary,bucketed(max_norm,512),radix)"},
        catalogue_alias{"signsgd", "sign and mean magnitude with error feedback",
                        "error_feedback(scalar(sign,bucketed(mean_abs,512),packed))"},
        catalogue_alias{"one_bit", "sign with the mean of each class", "codebook(one_bit,packed,512)"},
        catalogue_alias{"one_bit_sgd", "the same with error feedback", "error_feedback(codebook(one_bit,packed,512))"},
        catalogue_alias{"lloyd_max", "the four levels of least squared error", "codebook(lloyd_max,packed)"},
        catalogue_alias{"grvq", "the nearest of random codewords, without correction",
                        "stovoq(dimension=16,codewords=8192,bias_bits=0)"},
        catalogue_alias{"qcs", "all rows of a rotation, three levels, dithered", "compressive_sampling(levels=1)"},
        catalogue_alias{"qcs_mmse", "the same, shrunk to the least mean square",
                        "contractive(compressive_sampling(levels=1))"},
        catalogue_alias{"isgq", "the factors of gradients in 5 levels, the rest in 7, dithered",
                        "factored(indirect(scalar(dithered(levels=2),max_norm,radix)),"
                        "scalar(dithered(levels=3),max_norm,radix))"},
        catalogue_alias{"drive", "sign behind a rotation, one bit",
                        "transformed(hadamard,scalar(sign,bucketed(mean_abs,4096),packed))"},
        catalogue_alias{"eden", "the best four levels behind a rotation, unbiased",
                        "transformed(hadamard,codebook(normal_levels(4,projection),packed,4096))"},
        catalogue_alias{"mxfp8", "E4M3 in blocks of 32, 8.25 bits",
                        "scalar(minifloat(4,3),shared_exponent(32),packed)"},
        catalogue_alias{"mxfp4", "E2M1 in blocks of 32, 4.25 bits",
                        "scalar(minifloat(2,1),shared_exponent(32),packed)"},
        catalogue_alias{"nvfp4", "E2M1 in blocks of 16, 4.5 bits", "scalar(minifloat(2,1),shared_e4m3(16),packed)"},
        catalogue_alias{"sparse_loco", "64 of each 4096 in two bits, with feedback that decays",
                        "error_feedback(sparse(chunked_top_k,codebook(lloyd_max,packed),rice_indices),decay=0.95)"},
        catalogue_alias{"topk", "the largest 1 % in 4 bits, with error feedback",
                        "error_feedback(sparse(top_k(fraction=0.01),"
                        "scalar(dithered(levels=7),bucketed(max_norm,512),packed),rice_indices))"},
    };
};

}  // namespace frugal
