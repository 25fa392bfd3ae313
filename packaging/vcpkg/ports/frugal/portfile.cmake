# Overlay port for this source tree: vcpkg install frugal --overlay-ports=packaging/vcpkg/ports
set(VCPKG_BUILD_TYPE release) # header-only
get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../../../.." ABSOLUTE)

vcpkg_cmake_configure(
    SOURCE_PATH "${SOURCE_PATH}"
    OPTIONS
        -DFRUGAL_BUILD_TESTS=OFF
        -DFRUGAL_BUILD_EXAMPLES=OFF
        -DFRUGAL_BUILD_BENCHMARKS=OFF
        -DFRUGAL_INSTALL=ON
)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH share/cmake/frugal)
vcpkg_fixup_pkgconfig()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug" "${CURRENT_PACKAGES_DIR}/lib")

if(EXISTS "${SOURCE_PATH}/LICENSE")
    vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
else()
    set(VCPKG_POLICY_SKIP_COPYRIGHT_CHECK enabled)
endif()
