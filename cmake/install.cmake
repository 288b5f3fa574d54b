include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/crosswake)

install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS crosswake EXPORT crosswakeTargets INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS crosswake_asio EXPORT crosswakeAsioTargets)

# Two sets of targets, since only one of them needs Boost.
install(EXPORT crosswakeTargets NAMESPACE crosswake:: DESTINATION ${package_dir})
install(EXPORT crosswakeAsioTargets NAMESPACE crosswake:: DESTINATION ${package_dir})

configure_package_config_file(cmake/crosswakeConfig.cmake.in ${PROJECT_BINARY_DIR}/crosswakeConfig.cmake
    INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/crosswakeConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/crosswakeConfig.cmake ${PROJECT_BINARY_DIR}/crosswakeConfigVersion.cmake
    DESTINATION ${package_dir})
