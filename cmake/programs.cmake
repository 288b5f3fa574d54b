# What the examples and benchmarks need beside the library: a command line and formatted output.
find_path(CLI11_INCLUDE_DIR CLI/CLI.hpp REQUIRED)
mark_as_advanced(CLI11_INCLUDE_DIR)
find_package(fmt REQUIRED)

add_library(crosswake_program INTERFACE)
target_include_directories(crosswake_program SYSTEM INTERFACE ${CLI11_INCLUDE_DIR})
target_link_libraries(crosswake_program INTERFACE crosswake::asio crosswake_warnings fmt::fmt)
