// Letters: shared, returned to their pool by the last holder, from any thread and after the pool is gone.
#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include <frugal/compress/identity.hpp>
#include <frugal/node/letter.hpp>

#include "catch.hpp"

using namespace frugal;

namespace {

void write(letter_ref& l, std::vector<float> x) {
    identity().compress(x, {}, *l);
}

}  // namespace

TEST_CASE("letter_pool: a letter comes back when the last holder lets go, empty and with its capacity",
          "[node][letter]") {
    letter_pool pool;
    letter_ref a = pool.take();
    write(a, std::vector<float>(100, 1.0f));
    const message* const place = &*a;
    letter_ref b = a;
    CHECK(&*b == place);
    a = letter_ref();
    CHECK_FALSE(a);
    CHECK(b->dimension() == 100);
    CHECK(&*pool.take() != place);
    b = letter_ref();
    letter_ref again = pool.take();
    CHECK(&*again == place);
    CHECK(again->empty());
    CHECK(again->buffer().capacity() >= 400);
    letter_ref moved = std::move(again);
    CHECK(&*moved == place);
    CHECK_FALSE(again);
    moved = letter_ref(moved);
    CHECK(&*moved == place);
}

TEST_CASE("letter_pool: letters outlive it", "[node][letter]") {
    letter_ref kept, dropped;
    {
        letter_pool pool;
        kept = pool.take();
        dropped = pool.take();
        write(kept, {1, 2, 3});
        const letter_ref back = pool.take();
    }
    dropped = letter_ref();
    CHECK(kept->dimension() == 3);
}

TEST_CASE("letter_pool: readers on other threads give back", "[node][letter]") {
    letter_pool pool;
    std::atomic<std::size_t> seen{0};
    for (int round = 0; round < 50; ++round) {
        letter_ref l = pool.take();
        write(l, std::vector<float>(10, 2.0f));
        std::vector<std::thread> readers;
        for (int r = 0; r < 3; ++r) {
            readers.emplace_back([&seen, mine = l]() mutable {
                seen += mine->dimension();
                mine = letter_ref();
            });
        }
        l = letter_ref();
        for (std::thread& t : readers) {
            t.join();
        }
    }
    CHECK(seen == 50 * 3 * 10);
}
