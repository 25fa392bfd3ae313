//! The umbrella of the catalogue: every policy by its name, `parse<any_compressor>("...")`, and lists of what is known.
//! Not part of frugal/frugal.hpp: it instantiates every policy that is asked for by name.
#pragma once

#include <frugal/catalogue/entry.hpp>
#include <frugal/catalogue/exchanges.hpp>
#include <frugal/catalogue/list.hpp>
#include <frugal/catalogue/policies.hpp>
#include <frugal/catalogue/term.hpp>
#include <frugal/catalogue/units.hpp>
#if defined(FRUGAL_SHARED_CATALOGUE)  // by a build that links the file described there
#include <frugal/catalogue/shared.hpp>
#endif
