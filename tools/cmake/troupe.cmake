# Compiler settings and the two functions that every CMakeLists.txt of the tree uses:
# troupe_library() for a leaf folder, troupe_test() for a test program.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
# Asserts stay on in release: a broken invariant must stop the actor, not corrupt the store.
set(CMAKE_CXX_FLAGS_RELEASE "-O2")
set(CMAKE_C_FLAGS_RELEASE "-O2")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g")
set(CMAKE_CXX_FLAGS_ASAN "-O1 -g1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize=vptr,null")
set(CMAKE_C_FLAGS_ASAN "${CMAKE_CXX_FLAGS_ASAN}")
set(CMAKE_EXE_LINKER_FLAGS_ASAN "-fsanitize=address,undefined")

find_program(TROUPE_CCACHE ccache)
if(TROUPE_CCACHE)
  # A precompiled header is compiled once per build folder; ccache needs these to look behind it.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${TROUPE_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${TROUPE_CCACHE})
endif()

find_package(Threads REQUIRED)
find_package(CAF REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS program_options)
find_library(JEMALLOC_LIBRARY jemalloc REQUIRED)

add_library(troupe_settings INTERFACE)
target_include_directories(troupe_settings INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
target_compile_options(troupe_settings INTERFACE -Wall -Wextra -Wno-missing-field-initializers)
target_link_libraries(troupe_settings INTERFACE Threads::Threads)

# CAF's headers cost 3 s per file; targets that use CAF share one precompiled header.
file(WRITE ${CMAKE_BINARY_DIR}/caf_pch.cpp "// owner of the precompiled header\n")
add_library(caf_pch OBJECT ${CMAKE_BINARY_DIR}/caf_pch.cpp)
target_link_libraries(caf_pch PUBLIC troupe_settings CAF::core CAF::io CAF::openssl spdlog::spdlog fmt::fmt)
target_precompile_headers(caf_pch PUBLIC <caf/all.hpp> <flatbuffers/flatbuffers.h> <spdlog/spdlog.h>
  <fmt/format.h> <chrono> <filesystem> <functional> <map> <memory> <optional> <string> <unordered_map> <vector>)

# Tests are built without optimisation, and share a precompiled header of their own: Catch2's and CAF's headers cost
# more than the tests themselves.
find_package(Catch2 2 REQUIRED)
set(TROUPE_TEST_OPTIONS -fPIC $<$<CONFIG:Release>:-O0>)
file(WRITE ${CMAKE_BINARY_DIR}/test_pch.cpp "// owner of the precompiled header of tests\n")
add_library(test_pch OBJECT ${CMAKE_BINARY_DIR}/test_pch.cpp)
target_link_libraries(test_pch PUBLIC troupe_settings CAF::core CAF::io CAF::openssl spdlog::spdlog fmt::fmt Catch2::Catch2)
target_compile_options(test_pch PRIVATE ${TROUPE_TEST_OPTIONS})
target_precompile_headers(test_pch PUBLIC <catch2/catch.hpp> <caf/all.hpp> <flatbuffers/flatbuffers.h> <fmt/format.h>
  <chrono> <filesystem> <functional> <map> <memory> <optional> <random> <string> <thread> <unordered_map> <vector>)

# What a source includes costs several times what it says, so that sources of one target are compiled together, a few at a
# time: a clean build takes half the time. OFF: each alone, as for an editor's tools, or to see that each includes what it uses.
option(TROUPE_UNITY "compile several sources of a target at once" ON)
set(TROUPE_UNITY_SOURCES_MAX 8)
function(troupe_unity name) # further arguments: sources to compile alone
  if(TROUPE_UNITY)
    set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${TROUPE_UNITY_SOURCES_MAX})
    set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endif()
endfunction()

# troupe_library(NAME [CAF] SOURCES a.cpp ... [APART b.cpp ...] [LIBS x y ...])
# A static library for the folder that calls it. CAF: uses CAF and its precompiled header. APART: those sources that are compiled
# alone, since some name of theirs is also of another one's own.
function(troupe_library name)
  cmake_parse_arguments(ARG "CAF" "" "SOURCES;APART;LIBS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC troupe_settings ${ARG_LIBS})
  if(ARG_CAF)
    target_link_libraries(${name} PUBLIC CAF::core CAF::io CAF::openssl spdlog::spdlog fmt::fmt)
    target_precompile_headers(${name} REUSE_FROM caf_pch)
  endif()
  troupe_unity(${name} ${ARG_APART})
endfunction()

# What the sanitizers find fails a test, undefined behaviour too; they make it slower, so that its time limit is for a machine
# that is loaded besides.
set(TROUPE_ASAN_TIMEOUT_FACTOR 3)
function(troupe_test_limits name labels timeout)
  if(CMAKE_BUILD_TYPE STREQUAL "Asan")
    math(EXPR timeout "${timeout} * ${TROUPE_ASAN_TIMEOUT_FACTOR}")
    set_tests_properties(${name} PROPERTIES ENVIRONMENT "UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1")
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${labels}" TIMEOUT ${timeout})
endfunction()

# troupe_test(NAME [LABELS unit|integration|e2e] SOURCES ... [APART ...] LIBS ... [TIMEOUT seconds])
# A Catch2 program, registered with CTest under NAME.
function(troupe_test name)
  cmake_parse_arguments(ARG "CAF" "TIMEOUT" "SOURCES;APART;LIBS;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE troupe_settings catch_main ${ARG_LIBS} CAF::core CAF::io CAF::openssl spdlog::spdlog
    fmt::fmt)
  target_compile_options(${name} PRIVATE ${TROUPE_TEST_OPTIONS})  # as the precompiled header, else it is not used
  target_precompile_headers(${name} REUSE_FROM test_pch)
  troupe_unity(${name} ${ARG_APART})
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  troupe_test_limits(${name} "${ARG_LABELS}" ${ARG_TIMEOUT})
endfunction()

# Adds every subfolder of the current one that has a CMakeLists.txt.
macro(troupe_add_subfolders)
  file(GLOB _lists CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/*/CMakeLists.txt)
  foreach(_list ${_lists})
    get_filename_component(_dir ${_list} DIRECTORY)
    add_subdirectory(${_dir})
  endforeach()
endmacro()

include(flatbuffers)
include(plugins)
