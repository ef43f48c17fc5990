# The sample program in the shapes that binaries come in. It is built by a plain compiler call, so
# that neither sanitizers nor coverage change its code.
set(SAMPLE_C ${PROJECT_SOURCE_DIR}/tests/unit/object/sample.c)
set(SAMPLE_DIR ${PROJECT_BINARY_DIR}/tests/sample)
set(SAMPLE_FLAGS -O2 -g -Wl,--build-id)
file(MAKE_DIRECTORY ${SAMPLE_DIR})

function(sample_program name)
  add_custom_command(OUTPUT ${SAMPLE_DIR}/${name} DEPENDS ${SAMPLE_C}
    COMMAND ${CMAKE_C_COMPILER} ${SAMPLE_FLAGS} ${ARGN} -o ${SAMPLE_DIR}/${name} ${SAMPLE_C})
  list(APPEND SAMPLES ${SAMPLE_DIR}/${name})
  set(SAMPLES ${SAMPLES} PARENT_SCOPE)
endfunction()

sample_program(pie -pie -fPIE)
sample_program(fixed -no-pie -fno-pie)
sample_program(dwarf2 -gdwarf-2)
sample_program(dwarf3 -gdwarf-3)
sample_program(dwarf4 -gdwarf-4)
sample_program(library.so -shared -fPIC)
# As prelink leaves libraries: their addresses are where they are to be loaded.
sample_program(prelinked.so -shared -fPIC -Wl,-Ttext-segment=0x41000000)
add_custom_command(OUTPUT ${SAMPLE_DIR}/split DEPENDS ${SAMPLE_C}
  COMMAND ${CMAKE_C_COMPILER} ${SAMPLE_FLAGS} -gsplit-dwarf -c -o ${SAMPLE_DIR}/split.o ${SAMPLE_C}
  COMMAND ${CMAKE_C_COMPILER} ${SAMPLE_FLAGS} -o ${SAMPLE_DIR}/split ${SAMPLE_DIR}/split.o
  WORKING_DIRECTORY ${SAMPLE_DIR})
list(APPEND SAMPLES ${SAMPLE_DIR}/split)

# Stripped, with its debug information beside it and a link to it.
add_custom_command(OUTPUT ${SAMPLE_DIR}/stripped DEPENDS ${SAMPLE_DIR}/pie
  COMMAND ${CMAKE_OBJCOPY} --only-keep-debug pie stripped.debug
  COMMAND ${CMAKE_OBJCOPY} --strip-all --add-gnu-debuglink=stripped.debug pie stripped
  COMMAND ${CMAKE_OBJCOPY} --strip-all pie bare
  WORKING_DIRECTORY ${SAMPLE_DIR})
list(APPEND SAMPLES ${SAMPLE_DIR}/stripped)
add_custom_command(OUTPUT ${SAMPLE_DIR}/sleeper
  DEPENDS ${PROJECT_SOURCE_DIR}/tests/unit/object/sleeper.c
  COMMAND ${CMAKE_C_COMPILER} ${SAMPLE_FLAGS} -o ${SAMPLE_DIR}/sleeper
    ${PROJECT_SOURCE_DIR}/tests/unit/object/sleeper.c)
list(APPEND SAMPLES ${SAMPLE_DIR}/sleeper)

# The same debug information, compressed in the ways there are. LLVM's objcopy, which CMake takes
# when clang compiles, does not know all of them.
find_program(SAMPLE_OBJCOPY NAMES objcopy REQUIRED)
foreach(how zlib zlib-gnu zstd)
  add_custom_command(OUTPUT ${SAMPLE_DIR}/${how} DEPENDS ${SAMPLE_DIR}/pie
    COMMAND ${SAMPLE_OBJCOPY} --compress-debug-sections=${how} pie ${how}
    WORKING_DIRECTORY ${SAMPLE_DIR})
  list(APPEND SAMPLES ${SAMPLE_DIR}/${how})
endforeach()

add_custom_command(OUTPUT ${SAMPLE_DIR}/local
  DEPENDS ${PROJECT_SOURCE_DIR}/tests/unit/object/local.cc
  COMMAND g++ -O2 -g -o ${SAMPLE_DIR}/local ${PROJECT_SOURCE_DIR}/tests/unit/object/local.cc)
list(APPEND SAMPLES ${SAMPLE_DIR}/local)

# Two programs whose common debug information dwz has moved to a third file, and one by itself. dwz
# does not know the forms that clang writes.
find_program(SAMPLE_GCC NAMES gcc REQUIRED)
add_custom_command(OUTPUT ${SAMPLE_DIR}/dwz ${SAMPLE_DIR}/dwz-alone DEPENDS ${SAMPLE_C}
  COMMAND ${SAMPLE_GCC} ${SAMPLE_FLAGS} -pie -fPIE -o dwz ${SAMPLE_C}
  COMMAND ${SAMPLE_GCC} ${SAMPLE_FLAGS} -no-pie -fno-pie -o dwz2 ${SAMPLE_C}
  COMMAND ${CMAKE_COMMAND} -E copy dwz dwz-alone
  COMMAND dwz -m common.dwz -r dwz dwz2
  COMMAND dwz dwz-alone
  WORKING_DIRECTORY ${SAMPLE_DIR})
list(APPEND SAMPLES ${SAMPLE_DIR}/dwz)

# Stripped but for the symbols that MiniDebugInfo keeps.
add_custom_command(OUTPUT ${SAMPLE_DIR}/mini DEPENDS ${SAMPLE_DIR}/pie
  COMMAND ${SAMPLE_OBJCOPY} --strip-debug pie mini.plain
  COMMAND ${SAMPLE_OBJCOPY} --only-keep-debug mini.plain mini.debug
  COMMAND xz -fk mini.debug
  COMMAND ${SAMPLE_OBJCOPY} --strip-all --add-section .gnu_debugdata=mini.debug.xz pie mini
  WORKING_DIRECTORY ${SAMPLE_DIR})
list(APPEND SAMPLES ${SAMPLE_DIR}/mini)

# By the other compiler, which writes other tables.
find_program(SAMPLE_CLANG NAMES clang clang-14)
add_custom_command(OUTPUT ${SAMPLE_DIR}/clang DEPENDS ${SAMPLE_C}
  COMMAND ${SAMPLE_CLANG} ${SAMPLE_FLAGS} -o clang ${SAMPLE_C}
  WORKING_DIRECTORY ${SAMPLE_DIR})
list(APPEND SAMPLES ${SAMPLE_DIR}/clang)

# Split units of two sources in a package, and none of them beside it. Debian 12 has no program that
# packs gcc's of version 5: the older form is gcc's, the newer one clang's.
set(SAMPLE_OTHER -Dmain=sample_main2 -Dsample_outer=sample_outer2 -Dsample_inner=sample_inner2
  -Dsample_data=sample_data2)
function(sample_package name compiler packer)
  set(dir ${SAMPLE_DIR}/${name}.units)
  file(MAKE_DIRECTORY ${dir})
  add_custom_command(OUTPUT ${SAMPLE_DIR}/${name} DEPENDS ${SAMPLE_C}
    COMMAND ${compiler} ${SAMPLE_FLAGS} ${ARGN} -gsplit-dwarf -c -o one.o ${SAMPLE_C}
    COMMAND ${compiler} ${SAMPLE_FLAGS} ${ARGN} -gsplit-dwarf ${SAMPLE_OTHER} -c -o two.o ${SAMPLE_C}
    COMMAND ${compiler} ${SAMPLE_FLAGS} -o ${SAMPLE_DIR}/${name} two.o one.o
    COMMAND ${packer} -e ${SAMPLE_DIR}/${name} -o ${SAMPLE_DIR}/${name}.dwp
    COMMAND ${CMAKE_COMMAND} -E rm one.dwo two.dwo
    COMMAND ${CMAKE_COMMAND} -E copy ${SAMPLE_DIR}/${name} ${SAMPLE_DIR}/${name}-unpacked
    WORKING_DIRECTORY ${dir})
  list(APPEND SAMPLES ${SAMPLE_DIR}/${name})
  set(SAMPLES ${SAMPLES} PARENT_SCOPE)
endfunction()
find_program(SAMPLE_DWP NAMES dwp)
find_program(SAMPLE_LLVM_DWP NAMES llvm-dwp llvm-dwp-14)
if(SAMPLE_DWP)
  sample_package(package4 ${SAMPLE_GCC} ${SAMPLE_DWP} -gdwarf-4)
endif()
if(SAMPLE_LLVM_DWP)
  sample_package(package5 ${SAMPLE_CLANG} ${SAMPLE_LLVM_DWP} -gdwarf-5)
endif()


# For other machines, without a libc. Debian: gcc-aarch64-linux-gnu and so on.
function(sample_cross name triple)
  find_program(SAMPLE_CC_${name} NAMES ${triple}-gcc)
  if(SAMPLE_CC_${name})
    add_custom_command(OUTPUT ${SAMPLE_DIR}/${name} DEPENDS ${SAMPLE_C}
      COMMAND ${SAMPLE_CC_${name}} ${SAMPLE_FLAGS} ${ARGN} -ffreestanding -nostdlib -static
        -Wl,-e,main -o ${SAMPLE_DIR}/${name} ${SAMPLE_C})
    list(APPEND SAMPLES ${SAMPLE_DIR}/${name})
    set(SAMPLES ${SAMPLES} PARENT_SCOPE)
  endif()
endfunction()
sample_cross(aarch64 aarch64-linux-gnu)
sample_cross(arm arm-linux-gnueabihf -marm)
sample_cross(thumb arm-linux-gnueabihf -mthumb)
sample_cross(riscv riscv64-linux-gnu)

# What holds memory: variables and types.
set(HOLDERS_C ${PROJECT_SOURCE_DIR}/tests/unit/object/holders.c)
set(HOLDERS_CC ${PROJECT_SOURCE_DIR}/tests/unit/object/holders.cc)
foreach(compiler GCC CLANG)
  string(TOLOWER ${compiler} name)
  add_custom_command(OUTPUT ${SAMPLE_DIR}/holders-${name} DEPENDS ${HOLDERS_C}
    COMMAND ${SAMPLE_${compiler}} -O1 -g -shared -fPIC -nostdlib -Wl,--build-id
      -o ${SAMPLE_DIR}/holders-${name} ${HOLDERS_C})
  list(APPEND SAMPLES ${SAMPLE_DIR}/holders-${name})
endforeach()
add_custom_command(OUTPUT ${SAMPLE_DIR}/holders-cxx DEPENDS ${HOLDERS_CC}
  COMMAND ${CMAKE_CXX_COMPILER} -O0 -g -o ${SAMPLE_DIR}/holders-cxx ${HOLDERS_CC})
list(APPEND SAMPLES ${SAMPLE_DIR}/holders-cxx)

add_custom_target(object_samples DEPENDS ${SAMPLES})
