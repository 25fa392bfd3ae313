//! Exchanges in the catalogue: `parse<any_exchange>("sharded(up=dqsg,down=dqsg)")`.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <frugal/catalogue/compressors.hpp>
#include <frugal/catalogue/entry.hpp>
#include <frugal/catalogue/policies.hpp>
#include <frugal/exchange/all_gather.hpp>
#include <frugal/exchange/any_exchange.hpp>
#include <frugal/exchange/diana.hpp>
#include <frugal/exchange/feedback.hpp>
#include <frugal/exchange/hierarchical.hpp>
#include <frugal/exchange/over_the_air.hpp>
#include <frugal/exchange/server.hpp>
#include <frugal/exchange/sharded.hpp>
#include <frugal/exchange/when_it_pays.hpp>

namespace frugal {

inline any_exchange make_server(any_compressor up, any_compressor down, any_aggregator aggregator, std::size_t block,
                                bool contributes, bool downlink_feedback, bool drop_malformed) {
    std::string name =
        composition("server", {"up=" + up.name(), "down=" + down.name(),
                               "aggregator=" + std::visit([](const auto& a) { return a.name(); }, aggregator),
                               "block=" + number_text(block), "contributes=" + number_text(int{contributes}),
                               "downlink_feedback=" + number_text(int{downlink_feedback}),
                               "drop_malformed=" + number_text(int{drop_malformed})});
    const averaging_options options{block, contributes, downlink_feedback, {.drop_malformed = drop_malformed}};
    return std::visit([&](auto a) { return any_exchange(server(up, down, std::move(a), options), std::move(name)); },
                      aggregator);
}
inline any_exchange make_sharded(any_compressor up, any_compressor down, std::size_t block, bool downlink_feedback,
                                 bool drop_malformed) {
    std::string name = composition("sharded", {"up=" + up.name(), "down=" + down.name(), "block=" + number_text(block),
                                               "downlink_feedback=" + number_text(int{downlink_feedback}),
                                               "drop_malformed=" + number_text(int{drop_malformed})});
    const averaging_options options{block, false, downlink_feedback, {.drop_malformed = drop_malformed}};
    return any_exchange(sharded(std::move(up), std::move(down), mean(), options), std::move(name));
}
inline any_exchange make_all_gather(any_compressor codec, std::size_t block, bool drop_malformed) {
    std::string name = composition("all_gather", {"codec=" + codec.name(), "block=" + number_text(block),
                                                  "drop_malformed=" + number_text(int{drop_malformed})});
    const averaging_options options{block, false, false, {.drop_malformed = drop_malformed}};
    return any_exchange(all_gather(std::move(codec), mean(), options), std::move(name));
}
inline any_exchange make_feedback(any_exchange inner, float decay) {
    std::string name = composition("feedback", {inner.name(), "decay=" + number_text(decay)});
    return any_exchange(feedback(std::move(inner), decay), std::move(name));
}
inline any_exchange make_diana(any_exchange inner, float alpha) {
    std::string name = composition("diana", {inner.name(), "alpha=" + number_text(alpha)});
    return any_exchange(diana(std::move(inner), alpha), std::move(name));
}
inline any_exchange make_hierarchical(any_exchange within, any_exchange across, std::size_t nodes, std::size_t period) {
    std::string name = composition(
        "hierarchical", {within.name(), across.name(), "nodes=" + number_text(nodes), "period=" + number_text(period)});
    return any_exchange(hierarchical(std::move(within), std::move(across), static_cast<std::uint32_t>(nodes), period),
                        std::move(name));
}
inline any_exchange make_when_it_pays(any_exchange inner, int trials) {
    std::string name = composition("when_it_pays", {inner.name(), "trials=" + number_text(trials)});
    return any_exchange(when_it_pays(std::move(inner), trials), std::move(name));
}
inline any_exchange make_over_the_air(any_compressor code, double snr_db, double activity, bool fading, double weakest,
                                      double amplitude) {
    std::string name =
        composition("over_the_air", {"code=" + code.name(), "snr_db=" + number_text(snr_db),
                                     "activity=" + number_text(activity), "fading=" + number_text(int{fading}),
                                     "weakest=" + number_text(weakest), "amplitude=" + number_text(amplitude)});
    const air_options options{snr_db, activity, weakest, amplitude};
    return fading ? any_exchange(over_the_air(std::move(code), options, rayleigh_fading{}), std::move(name))
                  : any_exchange(over_the_air(std::move(code), options), std::move(name));
}

namespace detail {

inline constexpr auto up_argument = argument<any_compressor>("up", "of what nodes send").otherwise("identity");
inline constexpr auto down_argument = argument<any_compressor>("down", "of the answer").otherwise("identity");
inline constexpr auto block_argument =
    argument<std::size_t>("block", "elements of a message; 0: the whole vector").from(0).to(1 << 30);
inline constexpr auto downlink_feedback_argument =
    argument<bool>("downlink_feedback", "what an answer loses is added to the next").otherwise("0");
inline constexpr auto drop_malformed_argument =
    argument<bool>("drop_malformed", "leave out and count what cannot be decoded").otherwise("0");

}  // namespace detail

inline constexpr auto server_description = describes_function(
    "server", "number 0 collects, combines and answers", make_server, detail::up_argument, detail::down_argument,
    argument<any_aggregator>("aggregator", "how it combines").otherwise("mean"), detail::block_argument.otherwise("0"),
    argument<bool>("contributes", "number 0 has a vector of its own").otherwise("0"),
    detail::downlink_feedback_argument, detail::drop_malformed_argument);
inline constexpr auto sharded_description =
    describes_function("sharded", "every node owns a part: reduce-scatter, then all-gather", make_sharded,
                       detail::up_argument, detail::down_argument, detail::block_argument.otherwise("65536"),
                       detail::downlink_feedback_argument, detail::drop_malformed_argument);
inline constexpr auto all_gather_description =
    describes_function("all_gather", "everyone hears everyone", make_all_gather,
                       argument<any_compressor>("codec", "of what nodes send").otherwise("identity"),
                       detail::block_argument.otherwise("0"), detail::drop_malformed_argument);
inline constexpr auto feedback_description =
    describes_function("feedback", "what the messages lost is added to the next vector", make_feedback,
                       argument<any_exchange>("exchange", "of the corrected vectors"),
                       argument<float>("decay", "of what is kept").from(0).to(1).otherwise("1"));
inline constexpr auto diana_description =
    describes_function("diana", "compressed differences to a memory that learns the vector", make_diana,
                       argument<any_exchange>("exchange", "of the differences"),
                       argument<float>("alpha", "how fast it learns; 1 / (1 + variance) is safe").above(0).to(1));
inline constexpr auto hierarchical_description = describes_function(
    "hierarchical", "a mean within blocks of nodes, then among their first nodes", make_hierarchical,
    argument<any_exchange>("within", "a block"), argument<any_exchange>("across", "blocks"),
    argument<std::size_t>("nodes", "of a block").from(1).to(1 << 20),
    argument<std::size_t>("period", "rounds between means across blocks").from(1).to(1 << 30).otherwise("1"));
inline constexpr auto when_it_pays_description =
    describes_function("when_it_pays", "used if it is faster than plain floats, by measurement", make_when_it_pays,
                       argument<any_exchange>("exchange", "that may not pay"),
                       argument<int>("trials", "means measured of each").from(1).to(1000).otherwise("3"));
inline constexpr auto over_the_air_description = describes_function(
    "over_the_air", "all transmit at once, and the channel adds up", make_over_the_air,
    argument<any_compressor>("code", "a linear compressor").otherwise("random_linear"),
    argument<double>("snr_db", "energy of a channel use over that of the noise").above(-100).below(300).otherwise("18"),
    argument<double>("activity", "the probability that a node transmits").above(0).to(1).otherwise("1"),
    argument<bool>("fading", "1: Rayleigh, known to the sender").otherwise("0"),
    argument<double>("weakest", "the least gain of a sub-channel that is used").from(0).below(1).otherwise("0.1"),
    argument<double>("amplitude", "of all nodes; 0: what all powers allow, agreed").from(0).to(0x1p60).otherwise("0"));

template <>
struct catalogue_of<any_exchange> {
    static constexpr std::string_view kind = "exchange";
    using policies = policy_list<           //
        made_by<server_description>,        //
        made_by<sharded_description>,       //
        made_by<all_gather_description>,    //
        made_by<feedback_description>,      //
        made_by<diana_description>,         //
        made_by<hierarchical_description>,  //
        made_by<over_the_air_description>,  //
        made_by<when_it_pays_description>>;
};

}  // namespace frugal
