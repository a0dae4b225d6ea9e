# Programs that plugins are swapped into, plugins built in this tree (tests), and what is installed so that they are built
# elsewhere.

# A plugin takes these from the program that loads it, whole, so that there is one schema and one set of types.
set(TROUPE_PLUGIN_LIBRARIES messages_api_schema messages_codec runtime_seams runtime_telemetry runtime_directory
  runtime_transport runtime_protocols runtime_placement runtime_control runtime_hotswap actors_client controllers_framework
  actors_scheduler)

# troupe_hosts_plugins(TARGET): TARGET can load plugins. Only what they may use is exported; above all not the controllers
# that they replace, whose functions would be called in the place of the plugin's own.
function(troupe_hosts_plugins target)
  set(exports ${CMAKE_SOURCE_DIR}/tools/cmake/plugin_exports.list)
  list(TRANSFORM TROUPE_PLUGIN_LIBRARIES REPLACE "(.+)" "$<TARGET_FILE:\\1>" OUTPUT_VARIABLE archives)
  # As options, so that they come once and first: among the libraries CMake repeats what others depend on.
  target_link_options(${target} PRIVATE -Wl,--whole-archive ${archives} -Wl,--no-whole-archive -Wl,--dynamic-list=${exports})
  target_link_libraries(${target} PRIVATE ${TROUPE_PLUGIN_LIBRARIES})
  set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${exports})
endfunction()

# How a plugin is compiled, here and elsewhere:
#   -fno-gnu-unique        a later version must not find the variables of an earlier one
#   -Bsymbolic-functions   a plugin's functions are its own, though the program have some of the same names
set(TROUPE_PLUGIN_COMPILE_OPTIONS -fPIC -fno-gnu-unique -UNDEBUG)
set(TROUPE_PLUGIN_LINK_OPTIONS -Wl,-Bsymbolic-functions)

# troupe_test_plugin(NAME SOURCES ... [DEFINITIONS ...])
function(troupe_test_plugin name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEFINITIONS" ${ARGN})
  add_library(${name} MODULE ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES PREFIX "")
  target_link_libraries(${name} PRIVATE troupe_settings CAF::core spdlog::spdlog fmt::fmt)
  target_compile_options(${name} PRIVATE ${TROUPE_PLUGIN_COMPILE_OPTIONS})
  target_compile_definitions(${name} PRIVATE ${ARG_DEFINITIONS})
  target_link_options(${name} PRIVATE ${TROUPE_PLUGIN_LINK_OPTIONS})
  add_dependencies(${name} public_headers_hash messages_api_headers messages_roles_headers messages_handover_headers)
endfunction()

function(troupe_install)
  include(GNUInstallDirs)
  set(include ${CMAKE_INSTALL_INCLUDEDIR}/troupe)
  set(share ${CMAKE_INSTALL_DATADIR}/troupe)
  set(config ${CMAKE_INSTALL_LIBDIR}/cmake/troupe)
  install(TARGETS troupe RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(TARGETS ${TROUPE_PLUGIN_LIBRARIES} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}/troupe)
  foreach(folder messages runtime actors/client actors/controllers/framework actors/scheduler)
    install(DIRECTORY ${folder}/ DESTINATION ${include}/${folder} FILES_MATCHING PATTERN "*.hpp")
  endforeach()
  install(DIRECTORY ${CMAKE_BINARY_DIR}/generated/ DESTINATION ${include} FILES_MATCHING PATTERN "*_generated.h"
    PATTERN "public_headers_hash.hpp")
  # What `troupe new` writes: the built-in controllers' sources with their tests, and a project around them.
  file(GLOB controllers RELATIVE ${CMAKE_SOURCE_DIR}/actors/controllers ${CMAKE_SOURCE_DIR}/actors/controllers/*/*_controller.hpp)
  foreach(header ${controllers})
    get_filename_component(name ${header} DIRECTORY)
    install(DIRECTORY actors/controllers/${name}/ DESTINATION ${share}/controllers/${name}
      FILES_MATCHING PATTERN "*.hpp" PATTERN "*.cpp" PATTERN "*_actor.cpp" EXCLUDE PATTERN "${name}.hpp" EXCLUDE)
    set(test tests/unit/actors/controllers/${name}_test.cpp)
    if(EXISTS ${CMAKE_SOURCE_DIR}/${test})
      install(FILES ${test} DESTINATION ${share}/controllers/${name} RENAME test.cpp)
    endif()
  endforeach()
  install(FILES tests/unit/actors/controllers/fixture.hpp DESTINATION ${include}/tests/unit/actors/controllers)
  install(DIRECTORY tools/plugin/ DESTINATION ${share}/plugin)
  # The package.
  string(JOIN " " TROUPE_PLUGIN_COMPILE_OPTIONS ${TROUPE_PLUGIN_COMPILE_OPTIONS})
  string(JOIN " " TROUPE_PLUGIN_LINK_OPTIONS ${TROUPE_PLUGIN_LINK_OPTIONS})
  string(JOIN " " TROUPE_PLUGIN_LIBRARIES ${TROUPE_PLUGIN_LIBRARIES})
  include(CMakePackageConfigHelpers)
  configure_package_config_file(tools/cmake/troupeConfig.cmake.in ${CMAKE_BINARY_DIR}/troupeConfig.cmake
    INSTALL_DESTINATION ${config} PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_BINDIR)
  write_basic_package_version_file(${CMAKE_BINARY_DIR}/troupeConfigVersion.cmake COMPATIBILITY ExactVersion)
  install(FILES ${CMAKE_BINARY_DIR}/troupeConfig.cmake ${CMAKE_BINARY_DIR}/troupeConfigVersion.cmake tools/cmake/FindCAF.cmake tools/cmake/catch_main.cpp
    DESTINATION ${config})
endfunction()
