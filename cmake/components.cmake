# The library's targets.
#
#   frugal::core      the headers and xsimd; enough for everything that the umbrella frugal/frugal.hpp holds but its engine
#   frugal::frugal    what frugal/frugal.hpp needs: core, and TBB where it is installed
#   frugal::tbb       core and TBB, required
#   frugal::mpi       core and MPI                    (frugal/mpi.hpp)
#   frugal::nn        core and a BLAS with cblas.h    (frugal/nn.hpp)
#   frugal::data      core and zlib                   (frugal/data.hpp)
#
# A component whose library is not installed has no target; FRUGAL_COMPONENTS lists those that have one.

list(PREPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})

add_library(frugal_core INTERFACE)
add_library(frugal::core ALIAS frugal_core)
set_target_properties(frugal_core PROPERTIES EXPORT_NAME core)
target_include_directories(frugal_core INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)
target_compile_features(frugal_core INTERFACE cxx_std_20)
# What a message decodes to must not depend on whether a*b+c is fused.
target_compile_options(
    frugal_core
    INTERFACE $<$<COMPILE_LANG_AND_ID:CXX,GNU,Clang,AppleClang>:-ffp-contract=off>
)
if(FRUGAL_ARCH_SCALAR)
    target_compile_definitions(frugal_core INTERFACE $<BUILD_INTERFACE:FRUGAL_ARCH_SCALAR>)
    target_link_libraries(frugal_core INTERFACE $<INSTALL_INTERFACE:xsimd>)
else()
    # No version: xsimd's version file refuses another major version than the one asked for, and any from 8.1 on will do.
    find_package(xsimd CONFIG REQUIRED)
    # Debian's xsimd links xtl, without finding it, without depending on its package and without including it.
    find_package(xtl CONFIG QUIET)
    if(NOT TARGET xtl)
        add_library(xtl INTERFACE IMPORTED)
    endif()
    target_link_libraries(frugal_core INTERFACE xsimd)
endif()

add_library(frugal INTERFACE)
add_library(frugal::frugal ALIAS frugal)
target_link_libraries(frugal INTERFACE frugal_core)

set(FRUGAL_COMPONENTS "")

# frugal_component(<name> <target>): the component <name> links the imported <target>, if it exists.
macro(frugal_component name dependency)
    if(TARGET ${dependency})
        add_library(frugal_${name} INTERFACE)
        add_library(frugal::${name} ALIAS frugal_${name})
        set_target_properties(frugal_${name} PROPERTIES EXPORT_NAME ${name})
        target_link_libraries(frugal_${name} INTERFACE frugal_core ${dependency})
        list(APPEND FRUGAL_COMPONENTS ${name})
    else()
        message(STATUS "frugal: ${dependency} was not found, so there is no component frugal::${name}")
    endif()
endmacro()

find_package(TBB CONFIG QUIET)
frugal_component(tbb TBB::tbb)
if(TARGET frugal_tbb)
    # Not through frugal_tbb: the installed package finds TBB anew, and without it frugal::frugal is core alone.
    target_link_libraries(frugal INTERFACE $<BUILD_INTERFACE:TBB::tbb>)
endif()

find_package(MPI QUIET COMPONENTS CXX)
frugal_component(mpi MPI::MPI_CXX)

find_package(CBLAS QUIET)
frugal_component(nn CBLAS::CBLAS)

find_package(ZLIB QUIET)
frugal_component(data ZLIB::ZLIB)

# xtensor is no component: it is the vocabulary of the few headers that name it, for those who use it already.
find_package(xtensor CONFIG QUIET)
