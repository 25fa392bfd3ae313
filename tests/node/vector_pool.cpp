// Borrowed vectors: lengths, reuse, threads.
#include <cstddef>
#include <thread>
#include <utility>
#include <vector>

#include <frugal/node/vector_pool.hpp>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("vector_pool: what is given back is lent again", "[node][vector_pool]") {
    vector_pool pool;
    borrowed_vector a = pool.lend(10);
    CHECK(a.size() == 10);
    a[9] = 3;
    const float* const place = a.span().data();
    a.give_back();
    CHECK(a.size() == 0);
    a.give_back();
    borrowed_vector b = pool.lend(10), c = pool.lend(10);
    CHECK(b.span().data() == place);
    CHECK(c.span().data() != place);
    borrowed_vector d = std::move(b);
    CHECK(d.span().data() == place);
    c = std::move(d);
    CHECK(c.span().data() == place);
    CHECK(pool.lend(3).size() == 3);
    CHECK(pool.lend(0).size() == 0);
    CHECK(borrowed_vector().size() == 0);
}

TEST_CASE("vector_pool: any number of threads", "[node][vector_pool]") {
    vector_pool pool;
    std::vector<std::thread> threads;
    std::vector<int> wrong(4);
    for (std::size_t t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (std::size_t i = 0; i < 500; ++i) {
                borrowed_vector a = pool.lend(1 + (i + t) % 5), b = pool.lend(7);
                for (std::size_t k = 0; k < a.size(); ++k) {
                    a[k] = static_cast<float>(t);
                }
                b[6] = -1;
                for (std::size_t k = 0; k < a.size(); ++k) {
                    wrong[t] += a[k] != static_cast<float>(t);
                }
            }
        });
    }
    for (std::thread& t : threads) {
        t.join();
    }
    CHECK(wrong == std::vector<int>(4));
}
