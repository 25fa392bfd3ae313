# How the project's own programs (tests, benchmarks, examples) are built.

find_program(FRUGAL_CCACHE ccache)
mark_as_advanced(FRUGAL_CCACHE)
if(FRUGAL_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${FRUGAL_CCACHE})
endif()
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# In a unity build the files of a program are not the main file, which GCC spares -Wsubobject-linkage, and one file's
# globals are in view of the next.
set(FRUGAL_FILE_WARNINGS -Wshadow)
if(CMAKE_UNITY_BUILD)
    set(FRUGAL_FILE_WARNINGS $<$<CXX_COMPILER_ID:GNU>:-Wshadow=local> $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endif()

add_library(frugal_program_options INTERFACE)
target_compile_options(
    frugal_program_options
    INTERFACE
        -Wall
        -Wextra
        -Wpedantic
        -Wconversion
        # Of GCC 12 at -O3, in vectors and strings of the standard library that are moved from (PR 105651 and others).
        "$<$<AND:$<CXX_COMPILER_ID:GNU>,$<CONFIG:Release>>:-Wno-maybe-uninitialized;-Wno-restrict;-Wno-array-bounds>"
        $<$<BOOL:${FRUGAL_WARNINGS_AS_ERRORS}>:-Werror>
        ${FRUGAL_FILE_WARNINGS}
        $<$<BOOL:${FRUGAL_NATIVE}>:-march=native>
)
find_package(Threads REQUIRED)
target_link_libraries(frugal_program_options INTERFACE Threads::Threads)

# The catalogue takes long to compile, so all programs that use it link this one.
if(TARGET frugal::tbb)
    add_library(frugal_catalogue STATIC EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/catalogue.cpp)
    target_compile_definitions(frugal_catalogue PUBLIC FRUGAL_SHARED_CATALOGUE)
    target_link_libraries(frugal_catalogue PUBLIC frugal::tbb PRIVATE frugal_program_options)
endif()

# What each library that only some headers need is known by: how it is included, and the target that provides it.
set(FRUGAL_OPTIONAL_LIBRARIES catalogue tbb mpi cblas zlib xtensor cli11 json benchmark)
set(FRUGAL_INCLUDE_catalogue "frugal/catalogue")
set(FRUGAL_TARGET_catalogue frugal_catalogue)
set(FRUGAL_INCLUDE_tbb "(oneapi/)?tbb/|execution>")
set(FRUGAL_TARGET_tbb frugal::tbb)
set(FRUGAL_INCLUDE_mpi "mpi\\.h")
set(FRUGAL_TARGET_mpi frugal::mpi)
set(FRUGAL_INCLUDE_cblas "cblas\\.h")
set(FRUGAL_TARGET_cblas frugal::nn)
set(FRUGAL_INCLUDE_zlib "zlib\\.h")
set(FRUGAL_TARGET_zlib frugal::data)
set(FRUGAL_INCLUDE_xtensor "xt(ensor|l)(-blas)?/")
set(FRUGAL_TARGET_xtensor xtensor)
set(FRUGAL_INCLUDE_cli11 "CLI/")
set(FRUGAL_TARGET_cli11 CLI11::CLI11)
set(FRUGAL_INCLUDE_json "nlohmann/")
set(FRUGAL_TARGET_json nlohmann_json::nlohmann_json)
set(FRUGAL_INCLUDE_benchmark "benchmark/")
set(FRUGAL_TARGET_benchmark benchmark::benchmark)

find_package(CLI11 CONFIG QUIET)
find_package(nlohmann_json CONFIG QUIET)
find_package(benchmark CONFIG QUIET)

# frugal_needs(<out> <file>): the optional libraries that a file includes, directly or through its own includes.
# Includes under `#if __has_include` are the business of the file that has the guard, so those files are not descended
# into for the library guarded.
function(frugal_needs out file)
    string(MD5 id ${file})
    get_property(known GLOBAL PROPERTY frugal_needs_${id} SET)
    if(NOT known)
        set_property(GLOBAL PROPERTY frugal_needs_${id} "") # ends a cycle of includes
        set(needs "")
        file(STRINGS ${file} includes REGEX "^ *# *(include|if.*__has_include)")
        list(FILTER includes EXCLUDE REGEX "^$")
        set(guarded "")
        get_filename_component(folder ${file} DIRECTORY)
        foreach(line IN LISTS includes)
            foreach(library IN LISTS FRUGAL_OPTIONAL_LIBRARIES)
                if(line MATCHES "__has_include *\\( *<${FRUGAL_INCLUDE_${library}}")
                    list(APPEND guarded ${library})
                elseif(line MATCHES "include <${FRUGAL_INCLUDE_${library}}" AND NOT library IN_LIST guarded)
                    list(APPEND needs ${library})
                endif()
            endforeach()
            if(line MATCHES "include [<\"]([^>\"]+)[>\"]")
                foreach(
                    candidate
                    ${folder}/${CMAKE_MATCH_1}
                    ${PROJECT_SOURCE_DIR}/include/${CMAKE_MATCH_1}
                    ${PROJECT_SOURCE_DIR}/tests/${CMAKE_MATCH_1}
                    ${PROJECT_SOURCE_DIR}/examples/${CMAKE_MATCH_1}
                    ${PROJECT_SOURCE_DIR}/bench/${CMAKE_MATCH_1}
                )
                    if(EXISTS ${candidate} AND NOT IS_DIRECTORY ${candidate})
                        frugal_needs(nested ${candidate})
                        list(APPEND needs ${nested})
                        break()
                    endif()
                endforeach()
            endif()
        endforeach()
        list(REMOVE_DUPLICATES needs)
        list(SORT needs)
        set_property(GLOBAL PROPERTY frugal_needs_${id} "${needs}")
    endif()
    get_property(needs GLOBAL PROPERTY frugal_needs_${id})
    set(${out} "${needs}" PARENT_SCOPE)
endfunction()

# frugal_usable(<out> <out-libraries> <file>...): the files whose libraries are all here, and the targets they link.
function(frugal_usable out out_libraries)
    set(usable "")
    set(libraries "")
    foreach(file IN LISTS ARGN)
        frugal_needs(needs ${file})
        set(missing "")
        set(links "")
        foreach(library IN LISTS needs)
            if(TARGET ${FRUGAL_TARGET_${library}})
                list(APPEND links ${FRUGAL_TARGET_${library}})
            else()
                list(APPEND missing ${library})
            endif()
        endforeach()
        if(missing)
            list(JOIN missing ", " missing)
            file(RELATIVE_PATH name ${PROJECT_SOURCE_DIR} ${file})
            message(STATUS "frugal: ${name} is skipped, because it needs ${missing}")
        else()
            list(APPEND usable ${file})
            list(APPEND libraries ${links})
        endif()
    endforeach()
    list(REMOVE_DUPLICATES libraries)
    set(${out} "${usable}" PARENT_SCOPE)
    set(${out_libraries} "${libraries}" PARENT_SCOPE)
endfunction()

# frugal_add_program(<target> <source>...): a program from those of the sources whose libraries are installed; no target
# if none is left. It links every component found but MPI, needed or not, so that a source which begins to use one builds
# without configuring anew.
function(frugal_add_program name)
    frugal_usable(sources libraries ${ARGN})
    if(sources)
        foreach(component tbb nn data)
            if(TARGET frugal::${component})
                list(APPEND libraries frugal::${component})
            endif()
        endforeach()
        list(REMOVE_DUPLICATES libraries)
        add_executable(${name} ${sources})
        target_link_libraries(${name} PRIVATE frugal::core ${libraries} frugal_program_options)
    endif()
endfunction()
