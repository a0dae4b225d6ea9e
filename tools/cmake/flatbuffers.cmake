# FlatBuffers: headers from .fbs files, and a binary schema embedded in a library.
# Paths of .fbs files are given from the repository's root, as their include statements are.
find_program(FLATC flatc REQUIRED)
find_path(FLATBUFFERS_INCLUDE_DIR flatbuffers/flatbuffers.h REQUIRED)
set(TROUPE_GENERATED_DIR ${CMAKE_BINARY_DIR}/generated)

# Sets OUT to the file and everything that it includes, as absolute paths. An edit of an include
# statement makes CMake configure again.
function(_troupe_flatbuffers_closure file out)
  set(todo ${file})
  set(done)
  while(todo)
    list(POP_FRONT todo next)
    if(NOT next IN_LIST done)
      list(APPEND done ${next})
      set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${next})
      file(STRINGS ${CMAKE_SOURCE_DIR}/${next} lines REGEX "^include \"")
      foreach(line ${lines})
        string(REGEX REPLACE "^include \"([^\"]+)\".*" "\\1" included "${line}")
        list(APPEND todo ${included})
      endforeach()
    endif()
  endwhile()
  list(TRANSFORM done PREPEND ${CMAKE_SOURCE_DIR}/)
  set(${out} ${done} PARENT_SCOPE)
endfunction()

# troupe_flatbuffers(TARGET [OBJECT_API] FILE.fbs...)
# An INTERFACE target; linking to it makes "<folder>/<name>_generated.h" of each file includable.
# OBJECT_API only for small schemas: for the API's tables it would cost every includer seconds.
# Name every file: those that a file includes get no header by themselves.
function(troupe_flatbuffers target)
  cmake_parse_arguments(ARG "OBJECT_API" "" "" ${ARGN})
  set(object_api)
  if(ARG_OBJECT_API)
    set(object_api --gen-object-api)
  endif()
  set(headers)
  foreach(file ${ARG_UNPARSED_ARGUMENTS})
    get_filename_component(folder ${file} DIRECTORY)
    get_filename_component(name ${file} NAME_WE)
    set(header ${TROUPE_GENERATED_DIR}/${folder}/${name}_generated.h)
    _troupe_flatbuffers_closure(${file} inputs)
    add_custom_command(OUTPUT ${header}
      COMMAND ${FLATC} --cpp --cpp-std c++17 --scoped-enums --keep-prefix --no-warnings ${object_api}
              -I ${CMAKE_SOURCE_DIR} -o ${TROUPE_GENERATED_DIR}/${folder} ${CMAKE_SOURCE_DIR}/${file}
      DEPENDS ${inputs} COMMENT "flatc ${file}" VERBATIM)
    list(APPEND headers ${header})
  endforeach()
  add_custom_target(${target}_headers DEPENDS ${headers})
  add_library(${target} INTERFACE)
  add_dependencies(${target} ${target}_headers)
  target_include_directories(${target} INTERFACE ${TROUPE_GENERATED_DIR} ${FLATBUFFERS_INCLUDE_DIR})
endfunction()

# troupe_flatbuffers_schema(TARGET FILE.fbs NAMESPACE a::b)
# A static library with the binary schema of the file (with attributes and comments) as
# `std::string_view a::b::schema_bytes()`, declared in "<folder>/schema_bytes.hpp".
function(troupe_flatbuffers_schema target file)
  cmake_parse_arguments(ARG "" "NAMESPACE" "" ${ARGN})
  get_filename_component(folder ${file} DIRECTORY)
  get_filename_component(name ${file} NAME_WE)
  set(binary ${TROUPE_GENERATED_DIR}/${folder}/${name}.bfbs)
  set(source ${TROUPE_GENERATED_DIR}/${folder}/${name}_schema_bytes.cpp)
  set(embed ${CMAKE_SOURCE_DIR}/tools/cmake/embed_schema.cmake)
  _troupe_flatbuffers_closure(${file} inputs)
  add_custom_command(OUTPUT ${binary}
    COMMAND ${FLATC} --binary --schema --bfbs-comments --bfbs-builtins --no-warnings
            -I ${CMAKE_SOURCE_DIR} -o ${TROUPE_GENERATED_DIR}/${folder} ${CMAKE_SOURCE_DIR}/${file}
    DEPENDS ${inputs} COMMENT "flatc --schema ${file}" VERBATIM)
  add_custom_command(OUTPUT ${source}
    COMMAND ${CMAKE_COMMAND} -D INPUT=${binary} -D OUTPUT=${source} -D NAMESPACE=${ARG_NAMESPACE}
            -D HEADER=${folder}/schema_bytes.hpp -P ${embed}
    DEPENDS ${binary} ${embed} VERBATIM)
  troupe_library(${target} SOURCES ${source})
endfunction()
