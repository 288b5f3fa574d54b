# What our own sources are compiled with; never part of what a consumer gets.
add_library(crosswake_warnings INTERFACE)

if(CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
    target_compile_options(crosswake_warnings INTERFACE
        -Wall -Wextra -Wpedantic
        -Wshadow -Wconversion -Wsign-conversion -Wdouble-promotion -Wcast-align -Wcast-qual -Wold-style-cast
        -Woverloaded-virtual -Wextra-semi -Wformat=2 -Wimplicit-fallthrough -Wundef)
    if(CROSSWAKE_WARNINGS_AS_ERRORS)
        target_compile_options(crosswake_warnings INTERFACE -Werror)
    endif()
endif()
if(MSVC)
    target_compile_options(crosswake_warnings INTERFACE /W4 /permissive- /Zc:__cplusplus /utf-8 /bigobj
        /wd4324) # "padded due to alignment specifier", which is what the specifier is for
    # The C library's own names for what others have, such as getenv, are no improvement.
    target_compile_definitions(crosswake_warnings INTERFACE _CRT_SECURE_NO_WARNINGS)
    if(CROSSWAKE_WARNINGS_AS_ERRORS)
        target_compile_options(crosswake_warnings INTERFACE /WX)
    endif()
endif()
