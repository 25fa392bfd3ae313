#include <frugal/catalogue/policies.hpp>

#include <frugal/catalogue/shared.hpp>

#include <algorithm>
#include <set>
#include <string>

#include "catalogue_samples.hpp"
#include "catch.hpp"

using namespace frugal;

namespace {

template <class Value>
void check_names() {
    INFO(catalogue_of<Value>::kind);
    const auto samples = test::sample_expressions<Value>();
    std::set<std::string> seen;
    for (const std::string& text : samples) {
        CAPTURE(text);
        const std::string name = name_of(parse<Value>(text));
        CHECK(name_of(parse<Value>(name)) == name);
        seen.insert(text.substr(0, text.find('(')));
    }
    for (const auto& e : entries<Value>()) {
        CAPTURE(e.name);
        CHECK(seen.count(std::string(e.name)) == 1);
        CHECK_FALSE(e.meaning.empty());
        for (const described_parameter& p : e.parameters) {
            CHECK_FALSE(p.name.empty());
            CHECK_FALSE(p.meaning.empty());
        }
    }
}

}  // namespace

TEST_CASE("catalogue: every name parses back to what it names", "[catalogue][policies][exact]") {
    check_names<any_quantizer>();
    check_names<any_scale>();
    check_names<any_coder>();
    check_names<any_selector>();
    check_names<any_index_coding>();
    check_names<any_codebook>();
    check_names<any_transform>();
    check_names<any_compressor>();
    check_names<any_factor_compressor>();
    check_names<any_aggregator>();
    check_names<any_mixing_matrix>();
    check_names<schedule>();
    check_names<weight_grid>();
    check_names<any_optimizer>();
    check_names<any_partitioner>();
}

TEST_CASE("catalogue: defaults are those of the C++ types", "[catalogue][policies][exact]") {
    CHECK(parse<any_compressor>("stovoq").name() == stovoq{}.name());
    CHECK(parse<any_compressor>("scalar(sign)").name() == scalar_compressor{sign{}}.name());
    CHECK(parse<any_compressor>("scalar(dithered)").name() == scalar_compressor{dithered{}}.name());
    CHECK(parse<any_compressor>("sparse(top_k(count=3))").name() == sparse_compressor{top_k{.count = 3}}.name());
    CHECK(parse<any_compressor>("codebook(lloyd_max)").name() == codebook_compressor{lloyd_max{}}.name());
    CHECK(parse<any_scale>("bucketed").name() == bucketed<max_norm>{}.name());
    CHECK(parse<any_optimizer>("adam").name() == adam{}.name());
    CHECK(parse<any_optimizer>("sgd").name() == sgd{}.name());
    CHECK(parse<schedule>("inverse_sqrt_decay(0.1)").name() == inverse_sqrt_decay(0.1).name());
}

TEST_CASE("catalogue: topologies, schedules and optimizers do what their C++ twins do",
          "[catalogue][policies][exact]") {
    CHECK(parse<any_mixing_matrix>("torus(4,2)").name() == torus(4, 2).name());
    CHECK(parse<any_mixing_matrix>("torus(4,2)").spectral_gap() == torus(4, 2).spectral_gap());
    CHECK(std::ranges::equal(parse<any_mixing_matrix>("ring(5)").neighbors(2), ring(5).neighbors(2)));
    CHECK(parse<schedule>("0.25")(7) == 0.25);
    CHECK(parse<schedule>("milestone_decay(1,0.1,10,20)")(15) == 0.1);
    CHECK(parse<schedule>("warm_up(step_decay(1,1/2,10),0,4)")(2) == step_decay(1, 0.5, 10).warm_up(0, 4)(2));
    CHECK(parse<any_optimizer>("adam(0.1,decoupled=1)").name() == adam{.learning_rate = 0.1, .decoupled = true}.name());
    CHECK(parse<any_optimizer>("nesterov(cosine_decay(1,0,10),form=look_ahead)").name() ==
          nesterov{.learning_rate = cosine_decay(1, 0, 10), .form = nesterov_form::look_ahead}.name());
    CHECK(parse<any_optimizer>("askew_sgd(integer_grid,adam(0.01),epsilon=delayed_decay(1,0.88,50,1))").name() ==
          askew_sgd<adam>{.weights = integer_grid(4),
                          .inner = adam{.learning_rate = 0.01},
                          .epsilon = delayed_decay(1, 0.88, 50, 1)}
              .name());
    CHECK(parse<any_optimizer>("bop").name() == bop<>{}.name());
    CHECK_THROWS_AS(parse<any_optimizer>("askew_sgd(listed_grid([2,1]))"), invalid_input);
    CHECK_THROWS_AS(parse<any_optimizer>("sgd(-1)"), invalid_input);
    CHECK_THROWS_AS(parse<any_mixing_matrix>("ring(0)"), invalid_input);
}

TEST_CASE("catalogue: a float is named by its own shortest text", "[catalogue][policies][exact]") {
    CHECK(fixed{.kappa = 0.1f}.name() == "fixed(kappa=0.1)");
    CHECK(threshold{.value = 0.1f}.name() == "threshold(value=0.1)");
}
