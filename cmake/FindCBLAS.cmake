# Finds a BLAS library with the C interface cblas.h and defines the target CBLAS::CBLAS. OpenBLAS is preferred.

include(FindPackageHandleStandardArgs)

if(NOT TARGET CBLAS::CBLAS)
    # Conan and vcpkg describe OpenBLAS by a CMake package. Debian's names neither its alternative's folder nor a target.
    find_package(OpenBLAS CONFIG QUIET)
    if(TARGET OpenBLAS::OpenBLAS)
        add_library(CBLAS::CBLAS INTERFACE IMPORTED)
        target_link_libraries(CBLAS::CBLAS INTERFACE OpenBLAS::OpenBLAS)
        set(CBLAS_LIBRARY OpenBLAS::OpenBLAS)
    else()
        find_package(PkgConfig QUIET)
        if(PkgConfig_FOUND)
            pkg_check_modules(CBLAS_PC QUIET openblas)
        endif()
        find_path(
            CBLAS_INCLUDE_DIR
            NAMES cblas.h
            HINTS ${CBLAS_PC_INCLUDEDIR} ${CBLAS_PC_INCLUDE_DIRS}
            PATH_SUFFIXES openblas
        )
        find_library(CBLAS_LIBRARY NAMES openblas cblas blas HINTS ${CBLAS_PC_LIBDIR} ${CBLAS_PC_LIBRARY_DIRS})
        if(CBLAS_INCLUDE_DIR AND CBLAS_LIBRARY)
            add_library(CBLAS::CBLAS UNKNOWN IMPORTED)
            set_target_properties(
                CBLAS::CBLAS
                PROPERTIES
                    IMPORTED_LOCATION ${CBLAS_LIBRARY}
                    INTERFACE_INCLUDE_DIRECTORIES ${CBLAS_INCLUDE_DIR}
            )
        endif()
        mark_as_advanced(CBLAS_INCLUDE_DIR CBLAS_LIBRARY)
    endif()
endif()

find_package_handle_standard_args(CBLAS REQUIRED_VARS CBLAS_LIBRARY)
