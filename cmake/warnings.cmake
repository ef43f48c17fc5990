# The warning set of docs/STYLE.md. -Werror comes with the presets, never with a plain configure.
set(PPROF_WARNINGS
    -Wall -Wextra -Wshadow -Wwrite-strings -Wcast-qual -Wpointer-arith -Wundef -Wvla -Wformat=2
    -Wconversion -Wsign-conversion -Wimplicit-fallthrough -Wdouble-promotion -Wnull-dereference
    -Wswitch-enum -fno-common)
set(PPROF_WARNINGS_C -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  list(APPEND PPROF_WARNINGS -Wlogical-op -Wduplicated-cond)
  list(APPEND PPROF_WARNINGS_C -Wjump-misses-init)
endif()
option(PPROF_WERROR "treat warnings as errors" OFF)
if(PPROF_WERROR)
  list(APPEND PPROF_WARNINGS -Werror)
endif()
