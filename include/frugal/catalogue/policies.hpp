//! The whole catalogue: every policy of the library, one line each; those of compressors are in compressors.hpp.
#pragma once

#include <string_view>

#include <frugal/aggregate/majority_vote.hpp>
#include <frugal/aggregate/mean.hpp>
#include <frugal/aggregate/minimax_mean.hpp>
#include <frugal/aggregate/side_information_mean.hpp>
#include <frugal/catalogue/compressors.hpp>
#include <frugal/catalogue/entry.hpp>
#include <frugal/catalogue/policy_list.hpp>
#include <frugal/data/partition.hpp>
#include <frugal/mix/any_mixing_matrix.hpp>
#include <frugal/mix/topologies.hpp>
#include <frugal/optimize/adam.hpp>
#include <frugal/optimize/any_optimizer.hpp>
#include <frugal/optimize/askew_sgd.hpp>
#include <frugal/optimize/binary_connect.hpp>
#include <frugal/optimize/boolean_optimizer.hpp>
#include <frugal/optimize/bop.hpp>
#include <frugal/optimize/mirror_descent.hpp>
#include <frugal/optimize/momentum.hpp>
#include <frugal/optimize/nesterov.hpp>
#include <frugal/optimize/optimizer_by_kind.hpp>
#include <frugal/optimize/projected_sgd.hpp>
#include <frugal/optimize/prox_quant.hpp>
#include <frugal/optimize/schedule.hpp>
#include <frugal/optimize/sgd.hpp>
#include <frugal/quantize/weight_grid.hpp>

namespace frugal {

// ----------------------------------------------------------------------------------------------------- aggregators

using aggregators = policy_list<  //
    mean,                         //
    minimax_mean,                 //
    side_information_mean,        //
    majority_vote>;
using any_aggregator = one_of<aggregators>;
template <>
struct catalogue_of<any_aggregator> {
    static constexpr std::string_view kind = "aggregator";
    using policies = aggregators;
};

// ------------------------------------------------------------------------------------------------------ topologies

template <>
struct catalogue_of<any_mixing_matrix> {
    static constexpr std::string_view kind = "topology";
    using policies = policy_list<          //
        made_by<ring_description>,         //
        made_by<chain_description>,        //
        made_by<star_description>,         //
        made_by<torus_description>,        //
        made_by<complete_description>,     //
        made_by<exponential_description>,  //
        made_by<social_network_description>>;
};

// ------------------------------------------------------------------------------------------ schedules and optimizers

template <>
struct catalogue_of<schedule> {
    static constexpr std::string_view kind = "schedule";
    using policies = policy_list<                 //
        made_by<step_decay_description>,          //
        made_by<milestone_decay_description>,     //
        made_by<delayed_decay_description>,       //
        made_by<inverse_sqrt_decay_description>,  //
        made_by<cosine_decay_description>,        //
        made_by<warm_up_description>>;
    static constexpr number_range number{.low = 0};
};

template <>
struct catalogue_of<weight_grid> {
    static constexpr std::string_view kind = "grid";
    using policies = policy_list<            //
        made_by<binary_grid_description>,    //
        made_by<ternary_grid_description>,   //
        made_by<integer_grid_description>,   //
        made_by<unsigned_grid_description>,  //
        made_by<even_grid_description>,      //
        made_by<listed_grid_description>>;
};

template <>
struct catalogue_of<any_optimizer> {
    static constexpr std::string_view kind = "optimizer";
    using policies = policy_list<       //
        sgd,                            //
        momentum,                       //
        nesterov,                       //
        adam,                           //
        askew_sgd<any_optimizer>,       //
        binary_connect<any_optimizer>,  //
        prox_quant<any_optimizer>,      //
        mirror_descent<any_optimizer>,  //
        projected_sgd<any_optimizer>,   //
        bop<any_optimizer>,             //
        boolean_optimizer,              //
        optimizer_by_kind<any_optimizer, any_optimizer>>;
};

// ------------------------------------------------------------------------------------------------------ partitions

using partitioners = policy_list<  //
    iid,                           //
    shards,                        //
    dirichlet,                     //
    dirichlet_mixture>;
using any_partitioner = one_of<partitioners>;
template <>
struct catalogue_of<any_partitioner> {
    static constexpr std::string_view kind = "partition";
    using policies = partitioners;
};

}  // namespace frugal
