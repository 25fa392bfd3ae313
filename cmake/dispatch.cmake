# frugal_add_dispatched(<target> <source>...): adds sources to a target that are compiled once for each level of the
# processor's instruction set (x86-64, x86-64-v3, x86-64-v4; elsewhere for the default alone). FRUGAL_DISPATCHED
# (frugal/dispatch.hpp) picks one at run time.
#
# Objects compiled for different levels must not share what is inline: a linker keeps one copy of a function, perhaps the
# one that an older processor cannot execute. So the objects of a level are linked among themselves first, and of all that
# they define only the tables of FRUGAL_LEVEL_TABLE stay visible. What constructs their global objects does not run when the
# program starts, but when one of these tables is first asked for.
function(frugal_add_dispatched target)
    set(levels default)
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$" AND CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang" AND CMAKE_OBJCOPY)
        set(levels x86-64 x86-64-v3 x86-64-v4)
    endif()
    foreach(level IN LISTS levels)
        string(REPLACE "-" "_" id ${level})
        set(part ${target}_${id})
        add_library(${part} OBJECT ${ARGN})
        # What the target uses, but not what it is made of. Its libraries: for which of the folders are the system's.
        target_link_libraries(${part} PRIVATE $<TARGET_PROPERTY:${target},LINK_LIBRARIES>)
        target_include_directories(${part} PRIVATE $<TARGET_PROPERTY:${target},INCLUDE_DIRECTORIES>)
        target_compile_definitions(
            ${part}
            PRIVATE $<TARGET_PROPERTY:${target},COMPILE_DEFINITIONS> FRUGAL_LEVEL=${id}
        )
        target_compile_options(${part} PRIVATE $<TARGET_PROPERTY:${target},COMPILE_OPTIONS>)
        target_compile_features(${part} PRIVATE cxx_std_20)
        set_target_properties(${part} PROPERTIES INTERPROCEDURAL_OPTIMIZATION OFF POSITION_INDEPENDENT_CODE ON)
        if(level STREQUAL "default")
            target_sources(${target} PRIVATE $<TARGET_OBJECTS:${part}>)
            continue()
        endif()
        # Symbols that are unique in a whole process cannot be kept to a level.
        target_compile_options(
            ${part}
            PRIVATE -march=${level} $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>
        )
        set(joined ${CMAKE_CURRENT_BINARY_DIR}/${part}.o)
        add_custom_command(
            OUTPUT ${joined}
            COMMAND ${CMAKE_LINKER} -r --force-group-allocation -o ${joined}.all $<TARGET_OBJECTS:${part}>
            COMMAND
                ${CMAKE_OBJCOPY} --wildcard --keep-global-symbol=frugal_level_table_* --rename-section
                .init_array=frugal_init_${id} ${joined}.all ${joined}
            DEPENDS ${part} $<TARGET_OBJECTS:${part}>
            COMMAND_EXPAND_LISTS
            VERBATIM
        )
        set_source_files_properties(${joined} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
        target_sources(${target} PRIVATE ${joined})
    endforeach()
endfunction()
