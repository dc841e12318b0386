# Installs the development files into an empty directory, copies the example
# out of the tree, builds it with nothing but find_package and runs it. Called
# by ctest with -D; see CMakeLists.txt.

function(run what)
  message(STATUS "${what}")
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${what}: failed with ${result}")
  endif()
endfunction()

file(REMOVE_RECURSE ${WORK_DIR})
file(MAKE_DIRECTORY ${WORK_DIR})
file(COPY ${EXAMPLE_DIR} DESTINATION ${WORK_DIR})

run("Installing"
  ${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${WORK_DIR}/prefix
    --component development --config ${BUILD_TYPE})

# A path into the source or build tree would break on any other machine.
file(GLOB_RECURSE package_files ${WORK_DIR}/prefix/*.cmake)
if(NOT package_files)
  message(FATAL_ERROR "No CMake package was installed")
endif()
cmake_path(GET EXAMPLE_DIR PARENT_PATH source_dir)
cmake_path(GET source_dir PARENT_PATH source_dir)
foreach(file IN LISTS package_files)
  file(READ ${file} text)
  foreach(dir ${source_dir} ${BUILD_DIR})
    string(FIND "${text}" "${dir}/" found)
    if(NOT found EQUAL -1)
      message(FATAL_ERROR "${file} names ${dir}")
    endif()
  endforeach()
  string(FIND "${text}" "precompiled" found)
  if(NOT found EQUAL -1)
    message(FATAL_ERROR "${file} hands on a precompiled header")
  endif()
endforeach()

run("Configuring the example"
  ${CMAKE_COMMAND} -S ${WORK_DIR}/embed -B ${WORK_DIR}/build -G ${GENERATOR}
    -D CMAKE_BUILD_TYPE=${BUILD_TYPE}
    -D CMAKE_CXX_COMPILER=${CXX_COMPILER}
    -D CMAKE_CXX_FLAGS=${CXX_FLAGS}
    -D CMAKE_PREFIX_PATH=${WORK_DIR}/prefix)
run("Building the example" ${CMAKE_COMMAND} --build ${WORK_DIR}/build)
run("Running the example" ${PYTHON} ${RUN} ${WORK_DIR}/build/switchboard-embed)
