#include <frugal/compress/selector/loss_mask.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <frugal/compress/error_feedback.hpp>
#include <frugal/compress/identity.hpp>
#include <frugal/compress/index_coding.hpp>
#include <frugal/compress/sparse.hpp>

#include "catch.hpp"
#include "sample.hpp"

using namespace frugal;

static_assert(Selector<loss_mask> && !selects_const<loss_mask> && selects_const<top_k>);
static_assert(Compressor<sparse_compressor<loss_mask, identity, bitmap_indices>>);

namespace {

random_key key_of(std::uint64_t t) {
    return {.seed = 5, .node = 2, .round = t};
}

//! The indices that are sent under the t-th key.
std::vector<std::uint32_t> selected(loss_mask& mask, std::span<const float> x, std::uint64_t t) {
    selection chosen;
    mask.select(x, key_of(t), chosen);
    return chosen.indices;
}

//! A mask of credits 4, 2, 0, 1 whose next message is redrawn.
loss_mask credited(mask_norm norm, mask_source source = mask_source::credits) {
    loss_mask mask{.speculation = 0, .norm = norm, .source = source};
    mask.memory.credits = {4, 2, 0, 1};
    mask.memory.mask = mask.memory.sent = {1, 1, 1, 1};
    mask.memory.last_loss = 1;
    mask.observe(2);
    return mask;
}

constexpr std::array<float, 4> g{1, -2, 3, -4};

//! Loss t of a sequence that falls and rises irregularly.
double jagged(std::uint64_t t) {
    return random_stream({.seed = 77}).uniform_double(t);
}

std::vector<bool> mask_of(const loss_mask& m, std::size_t d) {
    std::vector<bool> v;
    for (std::size_t i = 0; i < d; ++i) {
        v.push_back(m.in_mask(i));
    }
    return v;
}

}  // namespace

TEST_CASE("loss_mask: probabilities are credits in their largest or l2 norm", "[compress][loss_mask][exact]") {
    const std::vector<std::uint32_t> credits{4, 2, 0, 1};
    const mask_probabilities largest(std::span<const std::uint32_t>(credits), mask_norm::largest);
    const mask_probabilities euclidean(std::span<const std::uint32_t>(credits), mask_norm::euclidean);
    const std::array<double, 4> expected{1, 0.5, 0, 0.25}, l2{0.872872, 0.436436, 0, 0.218218};
    double sum = 0, l2_sum = 0;
    for (std::size_t j = 0; j < 4; ++j) {
        CHECK(largest[j] == expected[j]);
        CHECK(euclidean[j] == Approx(l2[j]).margin(1e-6));
        sum += largest[j];
        l2_sum += euclidean[j];
    }
    CHECK(sum == 1.75);
    CHECK(l2_sum == Approx(1.527525).epsilon(1e-6));
    // equal credits: all, or sqrt k in the mean
    const std::vector<std::uint32_t> equal(100, 3);
    CHECK(mask_probabilities(std::span<const std::uint32_t>(equal), mask_norm::largest)[7] == 1);
    CHECK(mask_probabilities(std::span<const std::uint32_t>(equal), mask_norm::euclidean)[7] == Approx(0.1));
    CHECK(mask_probabilities(std::span<const std::uint32_t>(), mask_norm::euclidean).all_zero());
}

TEST_CASE("loss_mask: size and error of redrawn masks are as their probabilities say",
          "[compress][loss_mask][statistical]") {
    struct law {
        mask_norm norm;
        mask_source source;
        double size, error;
    };
    // errors: the sum of (1 - Phi_j) g_j^2
    for (const law& l :
         {law{mask_norm::largest, mask_source::credits, 1.75, 23},
          law{mask_norm::euclidean, mask_source::credits, 1.527525, 23.889896},
          law{mask_norm::largest, mask_source::vector, 2.5, 30 - 100 / 4.0},
          law{mask_norm::euclidean, mask_source::vector, 10 / std::sqrt(30.0), 30 - 100 / std::sqrt(30.0)}}) {
        const loss_mask prepared = credited(l.norm, l.source);
        sample::estimate size, error;
        std::array<sample::estimate, 4> sent;
        for (std::uint64_t t = 0; t < 20000; ++t) {
            loss_mask mask = prepared;
            const auto chosen = selected(mask, g, t);
            double lost = 30;
            for (const std::uint32_t j : chosen) {
                lost -= double(g[j]) * double(g[j]);
            }
            size.add(double(chosen.size()));
            error.add(lost);
            for (std::uint32_t j = 0; j < 4; ++j) {
                sent[j].add(double(std::count(chosen.begin(), chosen.end(), j)) * double(g[j]));
            }
        }
        CHECK(size.z(l.size) < 4.5);
        CHECK(error.z(l.error) < 4.5);
        if (l.source == mask_source::credits && l.norm == mask_norm::largest) {
            CHECK(sent[0].mean() == 1);  // the largest credit: always
            CHECK(sent[2].mean() == 0);  // no credit: never
            CHECK(sent[1].z(-1) < 4.5);  // Phi_j g_j: biased
            CHECK(sent[3].z(-1) < 4.5);
        }
    }
}

TEST_CASE("loss_mask: without speculation, or without credit for it, the mask never changes", "[compress][loss_mask]") {
    const auto x = sample::normal_vector(300, 1);
    for (loss_mask mask : {loss_mask{.speculation = 0}, loss_mask{.speculation = 0.05, .credit = mask_credit::kept}}) {
        const bool speculates = mask.speculation > 0;
        mask.observe(jagged(0));
        const auto first = selected(mask, x, 0);
        const auto v0 = mask_of(mask, 300);
        std::size_t different = 0;
        for (std::uint64_t t = 1; t < 200; ++t) {
            mask.observe(jagged(t));
            different += selected(mask, x, t) != first ? 1 : 0;
            CHECK(mask_of(mask, 300) == v0);
        }
        CHECK((different > 0) == speculates);
        CHECK(mask.share_fallen() > 0.3);
        CHECK(mask.share_fallen() < 0.7);
    }
}

TEST_CASE("loss_mask: a density of 1 sends everything, whatever the losses", "[compress][loss_mask][equivalence]") {
    loss_mask mask{.density = 1};
    const auto x = sample::normal_vector(100, 2);
    for (std::uint64_t t = 0; t < 50; ++t) {
        mask.observe(jagged(t));
        CHECK(selected(mask, x, t).size() == 100);
    }
}

TEST_CASE("loss_mask: credits and masks move as the algorithm says", "[compress][loss_mask]") {
    const std::size_t d = 400;
    const auto x = sample::normal_vector(d, 3);
    for (const auto credit : {mask_credit::sent, mask_credit::kept, mask_credit::grow}) {
        for (const bool history : {false, true}) {
            loss_mask mask{.speculation = 0.03, .credit = credit, .history = history};
            std::vector<std::uint32_t> credits(d, 0);
            std::vector<bool> v, u(d);
            std::uint32_t fallen = 0;
            for (std::uint64_t t = 0; t < 60; ++t) {
                const bool fell = t == 0 || jagged(t - 1) > jagged(t);
                mask.observe(jagged(t));
                const auto chosen = selected(mask, x, t);
                const auto now = mask_of(mask, d);
                fallen += fell || history ? 1 : 0;
                if (fell && t > 0) {
                    CHECK(now == (credit == mask_credit::grow ? u : v));
                }
                const std::uint32_t largest = *std::max_element(credits.begin(), credits.end());
                std::size_t in_mask = 0;
                for (std::size_t j = 0; j < d; ++j) {
                    if (!fell) {
                        CHECK((credits[j] != largest || now[j]));
                        CHECK((credits[j] != 0 || !now[j]));
                    }
                    const bool credited = fell && credit == mask_credit::sent && t > 0 ? u[j] : now[j];
                    credits[j] += (fell || history) && credited ? 1 : 0;
                    CHECK(mask.credits()[j] == credits[j]);
                    CHECK(credits[j] <= fallen);
                    in_mask += now[j] ? 1 : 0;
                    u[j] = mask.was_sent(j);
                    CHECK((u[j] || !now[j]));
                }
                CHECK(chosen.size() == in_mask + std::min<std::size_t>(12, d - in_mask));
                CHECK(mask.sent_count() == chosen.size());
                v = now;
            }
        }
    }
}

TEST_CASE("loss_mask: speculation prefers coordinates with little credit, and no others among equals",
          "[compress][loss_mask][statistical]") {
    // 100 coordinates: 20 in the mask, 40 with credit, 40 without; one is sent beside the mask
    loss_mask prepared{.speculation = 0.01};
    prepared.memory.credits.assign(100, 1);
    std::fill_n(prepared.memory.credits.begin() + 60, 40, 0u);
    prepared.memory.mask.assign(100, 0);
    std::fill_n(prepared.memory.mask.begin(), 20, std::uint8_t{1});
    prepared.memory.sent.assign(100, 0);
    std::vector<double> count(100);
    const auto x = sample::normal_vector(100, 4);
    constexpr int trials = 8000;
    for (std::uint64_t t = 0; t < trials; ++t) {
        loss_mask mask = prepared;
        const auto chosen = selected(mask, x, t);
        CHECK(chosen.size() == 21);
        for (const std::uint32_t j : chosen) {
            ++count[j];
        }
    }
    for (std::size_t j = 0; j < 60; ++j) {
        CHECK(count[j] == (j < 20 ? trials : 0));
    }
    for (std::size_t j = 60; j < 100; ++j) {
        CHECK(std::fabs(count[j] - trials / 40.0) < 4.5 * std::sqrt(trials / 40.0));
    }
}

TEST_CASE("loss_mask: layers have masks of their own, those of one coordinate are sent", "[compress][loss_mask]") {
    loss_mask mask{.density = 0.5, .speculation = 0, .layers = {1, 200, 1, 98}};
    mask.validate();
    const auto x = sample::normal_vector(300, 5);
    for (std::uint64_t t = 0; t < 20; ++t) {
        mask.observe(jagged(t));
        selected(mask, x, t);
        CHECK(mask.was_sent(0));
        CHECK(mask.was_sent(201));
    }
    loss_mask first{.density = 0.5, .speculation = 0, .layers = {1, 299}};
    selected(first, x, 0);
    CHECK(first.sent_count() != 300);
    CHECK_THROWS_AS(selected(mask, std::vector<float>(299), 30), invalid_input);
    loss_mask short_of{.layers = {1, 2}}, long_of{.layers = {3, 2}};
    CHECK_THROWS_AS(selected(short_of, std::vector<float>(4), 0), invalid_input);
    CHECK_THROWS_AS(selected(long_of, std::vector<float>(4), 0), invalid_input);
}

TEST_CASE("loss_mask: speculation takes place every so many messages", "[compress][loss_mask]") {
    loss_mask mask{.density = 0.2, .speculation = 0.1, .period = 3};
    const auto x = sample::normal_vector(100, 6);
    const std::size_t v = selected(mask, x, 0).size();
    for (std::uint64_t t = 1; t < 12; ++t) {
        CHECK(selected(mask, x, t).size() == ((t + 1) % 3 == 0 ? v + 10 : v));  // no loss is known: the mask stays
    }
}

TEST_CASE("loss_mask: equal losses have not fallen", "[compress][loss_mask]") {
    loss_mask mask{.speculation = 0.2};
    const auto x = sample::normal_vector(100, 7);
    for (std::uint64_t t = 0; t < 3; ++t) {
        mask.observe(1);
        selected(mask, x, t);
    }
    CHECK(mask.memory.fallen == 1);  // the first has none before it
}

TEST_CASE("loss_mask: what it remembers survives a checkpoint", "[compress][loss_mask]") {
    const auto x = sample::normal_vector(130, 8);
    sparse_compressor a{loss_mask{.density = 0.4}, identity{}, bitmap_indices{}};
    sparse_compressor b = a;
    message m;
    for (std::uint64_t t = 0; t < 5; ++t) {
        a.selector().observe(jagged(t));
        a.compress(x, key_of(t), m);
    }
    std::vector<std::byte> saved;
    state_archive out(saved);
    a.state(out);
    state_archive in{std::span<const std::byte>(saved)};
    b.state(in);
    in.finish();
    a.selector().observe(0.9);
    b.selector().observe(0.9);
    CHECK(sample::round_trip(a, x, key_of(9)) == sample::round_trip(b, x, key_of(9)));
    saved[8 + 130 * 4] = std::byte{1};  // another length of the mask
    state_archive altered{std::span<const std::byte>(saved)};
    CHECK_THROWS_AS(b.state(altered), malformed_message);
}

TEST_CASE("loss_mask: values and masks are counted bit by bit", "[compress][loss_mask][exact]") {
    const std::size_t d = 1000;
    const auto x = sample::normal_vector(d, 9);
    for (const double density : {0.365, 0.02}) {
        sparse_compressor c{loss_mask{.density = density}, identity{}, bitmap_indices{}};
        message m;
        for (std::uint64_t t = 0; t < 10; ++t) {
            c.selector().observe(jagged(t));
            c.compress(x, key_of(t), m);
            const std::size_t s = c.selector().sent_count();
            const std::size_t mask = std::min<std::size_t>(d, 10 * s);  // a bitmap, or ceil(log2 d) bits each
            CHECK(m.payload_bits() == 10 + 1 + mask + 32 * s);
        }
    }
}

TEST_CASE("loss_mask: with error feedback nothing is lost", "[compress][loss_mask]") {
    const std::size_t d = 200;
    error_feedback c{sparse_compressor{loss_mask{.density = 0.3}, identity{}, bitmap_indices{}}};
    std::vector<double> in(d), out(d);
    for (std::uint64_t t = 0; t < 100; ++t) {
        const auto x = sample::normal_vector(d, 100 + t);
        c.inner().selector().observe(jagged(t));
        const auto y = sample::round_trip(c, x, key_of(t));
        for (std::size_t i = 0; i < d; ++i) {
            in[i] += double(x[i]);
            out[i] += double(y[i]);
        }
    }
    for (std::size_t i = 0; i < d; ++i) {
        CHECK(out[i] + double(c.residual()[i]) == Approx(in[i]).margin(1e-4));
    }
}

TEST_CASE("loss_mask: options out of range, losses that are no numbers, keys used twice are refused",
          "[compress][loss_mask][hostile]") {
    CHECK_THROWS_AS(sparse_compressor(loss_mask{.density = 0}), invalid_input);
    CHECK_THROWS_AS(sparse_compressor(loss_mask{.density = 1.5}), invalid_input);
    CHECK_THROWS_AS(sparse_compressor(loss_mask{.speculation = -0.1}), invalid_input);
    CHECK_THROWS_AS(sparse_compressor(loss_mask{.speculation = 1.1}), invalid_input);
    CHECK_THROWS_AS(sparse_compressor(loss_mask{.period = 0}), invalid_input);
    CHECK_THROWS_AS(sparse_compressor(loss_mask{.layers = {3, 0}}), invalid_input);
    loss_mask mask;
    CHECK_THROWS_AS(mask.observe(std::nan("")), invalid_input);
    CHECK_THROWS_AS(mask.observe(std::numeric_limits<double>::infinity()), invalid_input);
    const auto x = sample::normal_vector(10, 1);
    selected(mask, x, 0);
    CHECK_THROWS_AS(selected(mask, x, 0), invalid_input);
    CHECK_THROWS_AS(selected(mask, sample::normal_vector(11, 1), 1), invalid_input);
    std::vector<float> infinite(10, 1.0f);
    infinite[3] = std::numeric_limits<float>::infinity();
    CHECK_THROWS_AS(selected(mask, infinite, 2), nonfinite_input);
    CHECK(selected(mask, x, 3).size() > 0);
}
