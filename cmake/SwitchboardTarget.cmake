# What all our targets share: warnings, sanitizers, compiler cache.

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # What precompiled headers need. A header that changes while it is compiled must
  # not be remembered by its new content: time stamps count.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros
      ${CCACHE_PROGRAM})
endif()

add_library(switchboard_flags INTERFACE)
target_compile_options(switchboard_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wnon-virtual-dtor -Woverloaded-virtual
  $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>
  # GCC 12 sees overlaps and overruns in std::string that are not there
  # (GCC bugs 105329, 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict> $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds>
  $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow>
  $<$<CXX_COMPILER_ID:Clang>:-Wno-unused-private-field>
  $<$<BOOL:${SWITCHBOARD_WERROR}>:-Werror>)
# Asio's old names and its slow concept checks are not used.
target_compile_definitions(switchboard_flags INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_CONCEPTS)
if(SWITCHBOARD_SANITIZE)
  target_compile_options(switchboard_flags INTERFACE
    -fsanitize=${SWITCHBOARD_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(switchboard_flags INTERFACE
    -fsanitize=${SWITCHBOARD_SANITIZE})
endif()

# switchboard_library(NAME SOURCES file… LINK target… [PRECOMPILE header…])
#
# One static library a folder, called switchboard_NAME.
function(switchboard_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;PRIVATE_LINK;PRECOMPILE" ${ARGN})
  set(target switchboard_${name})
  add_library(${target} STATIC ${arg_SOURCES})
  target_include_directories(${target} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
  target_link_libraries(${target}
    PUBLIC ${arg_LINK}
    PRIVATE $<BUILD_INTERFACE:switchboard_flags> ${arg_PRIVATE_LINK})
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  # Nobody replaces our functions at run time: they may be inlined.
  target_compile_options(${target} PRIVATE
    $<$<CXX_COMPILER_ID:GNU>:-fno-semantic-interposition>)
  if(arg_PRECOMPILE)
    target_precompile_headers(${target} PRIVATE ${arg_PRECOMPILE})
  endif()
endfunction()
