#include <frugal/core/loan.hpp>

#include <cstdint>
#include <numeric>
#include <thread>
#include <vector>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("loan: aligned, of the length asked for, and the same memory again", "[core][loan]") {
    const float* first = nullptr;
    for (int i = 0; i < 3; ++i) {
        const auto a = borrow<float>(1000);
        CHECK(a.size() == 1000);
        CHECK(reinterpret_cast<std::uintptr_t>(a.data()) % 64 == 0);
        CHECK((first == nullptr || first == a.data()));
        first = a.data();
    }
    CHECK(borrow<std::uint8_t>(0).empty());
}

TEST_CASE("loan: nested loans do not overlap, and outlive a move", "[core][loan]") {
    auto a = borrow<std::uint32_t>(100);
    std::iota(a.begin(), a.end(), 0u);
    {
        const auto b = borrow<std::uint32_t>(100);
        std::fill(b.begin(), b.end(), 7u);
        const auto c = borrow<std::uint32_t>(90);
        std::fill(c.begin(), c.end(), 8u);
    }
    const auto moved = std::move(a);
    for (std::uint32_t i = 0; i < 100; ++i) {
        CHECK(moved[i] == i);
    }
    auto other = borrow<std::uint32_t>(5);
    other = borrow<std::uint32_t>(70);
    CHECK(other.size() == 70);
}

TEST_CASE("loan: may be given back by another thread, and by one that ends", "[core][loan]") {
    auto a = borrow<double>(512);
    a[511] = 1.5;
    std::thread([b = std::move(a)]() mutable {
        const auto c = borrow<double>(512);
        c[0] = b[511];
        b = borrow<double>(3);
    }).join();
    const auto d = borrow<double>(512);
    CHECK(d.size() == 512);
}

TEST_CASE("workspace: an object comes back as it was left", "[core][loan]") {
    const int* data = nullptr;
    {
        const workspace<std::vector<int>> v;
        v->assign(50, 3);
        data = v->data();
        const workspace<std::vector<int>> nested;
        CHECK(nested->empty());
    }
    const workspace<std::vector<int>> inner;
    const workspace<std::vector<int>> outer;
    CHECK((inner->data() == data || outer->data() == data));
}
