# One helper per kind of target, so that a room's CMakeLists.txt is a list of files.

# pprof_late_library(room PREFIX): gives the room the headers of a library that pkg_check_modules
# found as PREFIX, and PREFIX_SONAME, by which it is loaded when needed (src/base/latelib.h).
function(pprof_late_library room prefix)
  list(GET ${prefix}_LINK_LIBRARIES 0 file)
  execute_process(COMMAND ${CMAKE_READELF} -d ${file} OUTPUT_VARIABLE dynamic)
  if(NOT dynamic MATCHES "SONAME[^[]*\\[([^]]*)\\]")
    message(FATAL_ERROR "${file} has no soname")
  endif()
  set_property(TARGET ${room} APPEND PROPERTY COMPILE_DEFINITIONS
    ${prefix}_SONAME="${CMAKE_MATCH_1}")
  target_include_directories(${room} SYSTEM PUBLIC ${${prefix}_INCLUDE_DIRS})
endfunction()

# pprof_module(NAME SOURCES a.c b.c [DEPS room…] [LIBS library…] [LATE_LIBS prefix…])
# A room: object library room_NAME. DEPS are the rooms whose headers it may include and whose
# objects its users need; LIBS are outside libraries, LATE_LIBS those loaded when needed.
function(pprof_module name)
  cmake_parse_arguments(M "" "" "SOURCES;DEPS;LIBS;LATE_LIBS" ${ARGN})
  add_library(room_${name} STATIC ${M_SOURCES})
  target_include_directories(room_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_compile_options(room_${name} PRIVATE
    $<$<COMPILE_LANGUAGE:C>:${PPROF_WARNINGS}> $<$<COMPILE_LANGUAGE:C>:${PPROF_WARNINGS_C}>)
  set_target_properties(room_${name} PROPERTIES
    POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden)
  foreach(dep IN LISTS M_DEPS)
    target_link_libraries(room_${name} PUBLIC room_${dep})
  endforeach()
  target_link_libraries(room_${name} PUBLIC ${M_LIBS} ${CMAKE_DL_LIBS})
  foreach(prefix IN LISTS M_LATE_LIBS)
    pprof_late_library(room_${name} ${prefix})
  endforeach()
endfunction()

# pprof_test(NAME SOURCES test_x.c [ROOMS room…] [LIBS library…] [LABELS label…] [ARGS argument…])
# A cmocka program, registered with ctest under its own name. It runs in the source's tests/ folder.
function(pprof_test name)
  cmake_parse_arguments(T "" "TIMEOUT" "SOURCES;ROOMS;LIBS;LABELS;ARGS" ${ARGN})
  add_executable(${name} ${T_SOURCES})
  target_compile_options(${name} PRIVATE ${PPROF_WARNINGS} -Wno-conversion -Wno-sign-conversion)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests ${PROJECT_SOURCE_DIR}/src)
  foreach(room IN LISTS T_ROOMS)
    target_link_libraries(${name} PRIVATE room_${room})
  endforeach()
  target_link_libraries(${name} PRIVATE ${T_LIBS} PkgConfig::CMOCKA)
  add_test(NAME ${name} COMMAND ${name} ${T_ARGS} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}/tests)
  if(NOT T_LABELS)
    set(T_LABELS unit)
  endif()
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 120)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${T_LABELS}" TIMEOUT ${T_TIMEOUT}
    SKIP_RETURN_CODE 77)
endfunction()

# pprof_races(NAME…): these tests have threads that share what is free of locks. They are the ones to
# run under ThreadSanitizer: label tsan, target races.
function(pprof_races)
  if(NOT TARGET races)
    add_custom_target(races)
  endif()
  foreach(name IN LISTS ARGN)
    set_property(TEST ${name} APPEND PROPERTY LABELS tsan)
    if(PPROF_SANITIZE MATCHES "thread")
      set_tests_properties(${name} PROPERTIES TIMEOUT 600)
    endif()
    add_dependencies(races ${name})
  endforeach()
endfunction()

# pprof_fuzz(NAME ROOMS room…): fuzz/fuzz_NAME.c, as a libFuzzer program in the fuzz preset and
# always as a replay of fuzz/corpus/NAME, which is a test.
function(pprof_fuzz name)
  cmake_parse_arguments(F "" "" "ROOMS;LIBS" ${ARGN})
  add_executable(fuzz_${name}_replay fuzz_${name}.c replay.c)
  add_test(NAME fuzz_${name}_replay
    COMMAND fuzz_${name}_replay ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name})
  set_tests_properties(fuzz_${name}_replay PROPERTIES LABELS fuzz TIMEOUT 120)
  set(targets fuzz_${name}_replay)
  if(PPROF_FUZZ)
    add_executable(fuzz_${name} fuzz_${name}.c)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    list(APPEND targets fuzz_${name})
  endif()
  foreach(target IN LISTS targets)
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests ${PROJECT_SOURCE_DIR}/src)
    target_compile_options(${target} PRIVATE ${PPROF_WARNINGS} ${PPROF_WARNINGS_C})
    foreach(room IN LISTS F_ROOMS)
      target_link_libraries(${target} PRIVATE room_${room})
    endforeach()
    target_link_libraries(${target} PRIVATE ${F_LIBS})
  endforeach()
endfunction()
