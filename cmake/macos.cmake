# What there is for macOS (docs/platforms.md): the shim, and of the collector what needs no library that
# Darwin lacks here, linked into memwatch-totals. Libraries that are headers alone come from this system.
foreach(library fmt toml++)
  find_path(MEMWATCH_HEADERS_OF_${library} ${library} PATHS /usr/include NO_DEFAULT_PATH REQUIRED)
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/headers)
  file(CREATE_LINK ${MEMWATCH_HEADERS_OF_${library}}/${library} ${CMAKE_BINARY_DIR}/headers/${library} SYMBOLIC)
endforeach()
add_library(memwatch_headers INTERFACE)
target_include_directories(memwatch_headers SYSTEM INTERFACE ${CMAKE_BINARY_DIR}/headers)
target_compile_definitions(memwatch_headers INTERFACE FMT_HEADER_ONLY)
set(TOMLPLUSPLUS_INCLUDE_DIR ${CMAKE_BINARY_DIR}/headers)

# Objects, for there is no tool here that makes a list of an archive's names.
function(memwatch_library name)
  add_library(${name} OBJECT ${ARGN})
  target_link_libraries(${name} PUBLIC memwatch_shared memwatch_headers PRIVATE memwatch_warnings)
endfunction()

set(CMAKE_POSITION_INDEPENDENT_CODE OFF)  # all code is, and the compiler refuses to be told
add_subdirectory(shared)
add_subdirectory(preload)
add_subdirectory(collector/base)
add_subdirectory(collector/procfs)
add_subdirectory(collector/model)
add_subdirectory(collector/intake)
add_subdirectory(tools/totals)
# By what a daemon there would play its sounds: compiled, part of nothing yet.
memwatch_library(memwatch_sound tools/notify/sound_programs_macos.cpp tools/notify/wav.cpp)
