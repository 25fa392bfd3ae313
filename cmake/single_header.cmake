# The target `single_header` writes frugal_single.hpp into the build folder.
find_package(Python3 COMPONENTS Interpreter QUIET)
if(Python3_Interpreter_FOUND)
    add_custom_target(
        single_header
        COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/packaging/single_header.py frugal_single.hpp
        WORKING_DIRECTORY ${PROJECT_BINARY_DIR}
        BYPRODUCTS ${PROJECT_BINARY_DIR}/frugal_single.hpp
        VERBATIM
    )
endif()
