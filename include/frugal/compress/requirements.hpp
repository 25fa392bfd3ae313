#pragma once
#include <frugal/compress/agreement.hpp>
namespace frugal { template <class C> void require_contraction(const C&, std::size_t, const char*) {} template <class C> void require_unbiased(const C&, std::size_t, const char*) {} template <class C> void require_bounded_residual(const C&, std::size_t, const char*) {} }
