# embed_files(TARGET NAME FILES file…)
#
# Compiles files into a target. The generated `NAME.cpp` defines what
# service/embedded.hpp declares; a file is found under its name without
# folders. Run as a script (cmake -P) this file writes that source.

if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  set(source "#include \"service/embedded.hpp\"\n\n")
  string(APPEND source "namespace switchboard::service {\n\nnamespace {\n\n")
  set(table "")
  set(number 0)
  foreach(path IN LISTS FILES)
    file(READ ${path} bytes HEX)
    string(REGEX REPLACE "(................................)" "\\1\n" bytes
           "${bytes}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
    # The zero behind the last byte lets an empty file be an array, too.
    string(APPEND source
      "constexpr unsigned char file_${number}[] = {\n${bytes}0};\n\n")
    get_filename_component(name ${path} NAME)
    string(APPEND table
      "  {\"${name}\", {reinterpret_cast<const char*>(file_${number}),\n"
      "    sizeof(file_${number}) - 1}},\n")
    math(EXPR number "${number} + 1")
  endforeach()
  string(APPEND source "const embedded_file files[] = {\n${table}};\n\n")
  string(APPEND source "} // namespace\n\n")
  string(APPEND source
    "std::span<const embedded_file> embedded_files() noexcept {\n"
    "  return files;\n}\n\n} // namespace switchboard::service\n")
  file(WRITE ${OUTPUT} "${source}")
  return()
endif()

set(EMBED_FILES_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

function(embed_files target name)
  cmake_parse_arguments(arg "" "" "FILES" ${ARGN})
  set(paths "")
  foreach(file IN LISTS arg_FILES)
    list(APPEND paths ${CMAKE_CURRENT_SOURCE_DIR}/${file})
  endforeach()
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} "-DFILES=${paths}" -DOUTPUT=${output}
            -P ${EMBED_FILES_SCRIPT}
    DEPENDS ${paths} ${EMBED_FILES_SCRIPT}
    COMMENT "Embedding ${name}"
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
  # Bytes need no precompiled header.
  set_source_files_properties(${output} PROPERTIES
    SKIP_PRECOMPILE_HEADERS ON)
endfunction()
