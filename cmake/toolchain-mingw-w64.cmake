# Windows programs, built on Debian by mingw-w64 and run by Wine.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_CXX_COMPILER x86_64-w64-mingw32-g++-posix)
set(CMAKE_RC_COMPILER x86_64-w64-mingw32-windres)
# With its preloader beside it (Debian: wine64-preloader), or a process in 5,000 dies at its birth: docs/platforms.md.
set(CMAKE_CROSSCOMPILING_EMULATOR /usr/lib/wine/wine64)

# Of this system's headers only those that know no system: in a folder of their own, where no other can slip in.
set(headers ${CMAKE_BINARY_DIR}/headers)
file(MAKE_DIRECTORY ${headers}/include)
foreach(library boost doctest CLI fmt)
    file(CREATE_LINK /usr/include/${library} ${headers}/include/${library} SYMBOLIC)
endforeach()
file(WRITE ${headers}/lib/cmake/fmt/fmtConfig.cmake [=[
if(NOT TARGET fmt::fmt)
    add_library(fmt::fmt INTERFACE IMPORTED)
    set_target_properties(fmt::fmt PROPERTIES INTERFACE_COMPILE_DEFINITIONS FMT_HEADER_ONLY)
endif()
]=])
set(CMAKE_FIND_ROOT_PATH ${headers} /usr/x86_64-w64-mingw32)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

# One file to run: no DLL of the compiler's has to be found.
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
