# Install rules: the headers, the CMake package and the pkg-config files, none of which depends on the machine. The
# program is installed by examples/CMakeLists.txt.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(config_folder ${CMAKE_INSTALL_DATADIR}/cmake/frugal)
set(pkgconfig_folder ${CMAKE_INSTALL_DATADIR}/pkgconfig)

install(
    DIRECTORY ${PROJECT_SOURCE_DIR}/include/frugal
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    FILES_MATCHING
    PATTERN *.hpp
)
install(
    TARGETS frugal_core frugal
    EXPORT frugalTargets
    INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
)
install(EXPORT frugalTargets NAMESPACE frugal:: DESTINATION ${config_folder})

configure_package_config_file(
    ${CMAKE_CURRENT_LIST_DIR}/frugalConfig.cmake.in
    ${PROJECT_BINARY_DIR}/frugalConfig.cmake
    INSTALL_DESTINATION ${config_folder}
    NO_SET_AND_CHECK_MACRO
)
# Before 1.0 every minor version may change the interface.
write_basic_package_version_file(
    ${PROJECT_BINARY_DIR}/frugalConfigVersion.cmake
    COMPATIBILITY SameMinorVersion
    ARCH_INDEPENDENT
)
install(
    FILES
        ${PROJECT_BINARY_DIR}/frugalConfig.cmake
        ${PROJECT_BINARY_DIR}/frugalConfigVersion.cmake
        ${CMAKE_CURRENT_LIST_DIR}/FindCBLAS.cmake
        ${CMAKE_CURRENT_LIST_DIR}/dispatch.cmake
    DESTINATION ${config_folder}
)

# frugal.pc asks for xsimd and TBB by their own .pc files where these exist; elsewhere a compiler finds their headers in
# its default folders.
find_package(PkgConfig QUIET)
cmake_path(
    RELATIVE_PATH
    CMAKE_INSTALL_FULL_INCLUDEDIR
    BASE_DIRECTORY ${CMAKE_INSTALL_FULL_DATADIR}/pkgconfig
    OUTPUT_VARIABLE pc_includedir
)
# frugal_pkgconfig(<name> <description> <cflags> <required module>...)
function(frugal_pkgconfig file description cflags)
    set(requires "")
    foreach(module IN LISTS ARGN)
        if(PkgConfig_FOUND)
            pkg_check_modules(FRUGAL_PC_${module} QUIET ${module})
        endif()
        if(module MATCHES "^frugal$" OR FRUGAL_PC_${module}_FOUND)
            list(APPEND requires ${module})
        endif()
    endforeach()
    list(JOIN requires ", " requires)
    configure_file(${CMAKE_CURRENT_FUNCTION_LIST_DIR}/frugal.pc.in ${PROJECT_BINARY_DIR}/${file}.pc @ONLY)
    install(FILES ${PROJECT_BINARY_DIR}/${file}.pc DESTINATION ${pkgconfig_folder})
endfunction()
frugal_pkgconfig(frugal "${PROJECT_DESCRIPTION}" "-I\${includedir} -std=c++20 -ffp-contract=off" xsimd tbb)
frugal_pkgconfig(frugal-nn "frugal/nn.hpp: what of frugal needs a BLAS" "" frugal openblas)
frugal_pkgconfig(frugal-data "frugal/data.hpp: what of frugal needs zlib" "" frugal zlib)
