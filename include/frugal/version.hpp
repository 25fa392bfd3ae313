//! The version of the library. The build system, the packages and the programs all read it from here.
#pragma once

#define FRUGAL_VERSION_MAJOR 0
#define FRUGAL_VERSION_MINOR 2
#define FRUGAL_VERSION_PATCH 0
