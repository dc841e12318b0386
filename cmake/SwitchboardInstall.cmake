# What `cmake --install` puts where, and the package that
# `find_package(Switchboard)` finds: switchboard::switchboard, a static library
# with what it needs behind it, and the program `switchboard`.

include(CMakePackageConfigHelpers)

set(switchboard_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Switchboard)
# What an embedding application links, from the outside in. Flows, TOML and
# the management API belong to the program.
set(switchboard_package_targets
    switchboard_actors switchboard_net switchboard_interface
    switchboard_options)

foreach(target IN LISTS switchboard_package_targets)
  if(NOT TARGET ${target})
    message(STATUS "Not installable: there is no target ${target}")
    return()
  endif()
endforeach()

# The same name in this tree and from the package.
if(NOT TARGET switchboard::switchboard)
  add_library(switchboard::switchboard ALIAS switchboard_actors)
endif()
set_target_properties(switchboard_actors PROPERTIES EXPORT_NAME switchboard)
set_target_properties(switchboard_net PROPERTIES EXPORT_NAME net)
set_target_properties(switchboard_interface PROPERTIES EXPORT_NAME interface)
set_target_properties(switchboard_options PROPERTIES EXPORT_NAME options)

install(TARGETS ${switchboard_package_targets}
  EXPORT SwitchboardTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/switchboard
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
  FILES_MATCHING PATTERN "*.hpp")
install(EXPORT SwitchboardTargets
  NAMESPACE switchboard::
  DESTINATION ${switchboard_package_dir} COMPONENT development)

configure_package_config_file(
  ${PROJECT_SOURCE_DIR}/cmake/SwitchboardConfig.cmake.in
  ${PROJECT_BINARY_DIR}/package/SwitchboardConfig.cmake
  INSTALL_DESTINATION ${switchboard_package_dir})
# 0.x promises nothing from one minor version to the next.
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/package/SwitchboardConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/package/SwitchboardConfig.cmake
  ${PROJECT_BINARY_DIR}/package/SwitchboardConfigVersion.cmake
  # Debian's CAF brings no CMake config of its own.
  ${PROJECT_SOURCE_DIR}/cmake/FindCAF.cmake
  DESTINATION ${switchboard_package_dir} COMPONENT development)

if(TARGET switchboard)
  install(TARGETS switchboard
    RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT runtime)
endif()
