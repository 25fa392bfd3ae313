//! Lists of types: what the catalogue is written in.
#pragma once

#include <variant>

namespace frugal {

template <class... T>
struct policy_list {};

//! The element of a policy list for a function: D is its description, a constant with a name.
template <const auto& D>
struct made_by {
    static constexpr auto describe() { return D; }
};

namespace detail {

template <template <class> class F, class List>
struct map_policies;
template <template <class> class F, class... T>
struct map_policies<F, policy_list<T...>> {
    using type = policy_list<F<T>...>;
};
template <class... List>
struct join_policies {
    using type = policy_list<>;
};
template <class... A>
struct join_policies<policy_list<A...>> {
    using type = policy_list<A...>;
};
template <class... A, class... B, class... More>
struct join_policies<policy_list<A...>, policy_list<B...>, More...> : join_policies<policy_list<A..., B...>, More...> {
};
template <class List>
struct policy_variant;
template <class... T>
struct policy_variant<policy_list<T...>> {
    using type = std::variant<T...>;
};

}  // namespace detail

//! F<T> for each T of the list.
template <template <class> class F, class List>
using each_of = typename detail::map_policies<F, List>::type;
//! One list of several.
template <class... List>
using all_of = typename detail::join_policies<List...>::type;
//! Any one of the list, for policies whose loops are fused where they are used: visit it.
template <class List>
using one_of = typename detail::policy_variant<List>::type;

}  // namespace frugal
