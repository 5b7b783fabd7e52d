# Sanitizers apply to the collector, the tools and the tests. The shim is never built with one:
# it lives in programs that are not.
add_library(memwatch_sanitizers INTERFACE)
if(MEMWATCH_SANITIZE)
  target_compile_options(memwatch_sanitizers INTERFACE
    -fsanitize=${MEMWATCH_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(memwatch_sanitizers INTERFACE -fsanitize=${MEMWATCH_SANITIZE})
endif()
# GCC's ThreadSanitizer does not see fences; what they order is checked by other tests.
if(MEMWATCH_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(memwatch_sanitizers INTERFACE -Wno-tsan)
endif()
# GCC 12 takes std::regex for uninitialised (GCC bug 105562) and copies of nothing for overflows once a
# sanitizer's checks stand in them; the other builds keep these warnings.
if(MEMWATCH_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(memwatch_sanitizers INTERFACE
    -Wno-maybe-uninitialized -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow)
endif()
