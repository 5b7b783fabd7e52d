# Warnings of this project's own code; they are errors. Link to memwatch_warnings privately.
add_library(memwatch_warnings INTERFACE)
target_compile_options(memwatch_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast
  -Woverloaded-virtual -Wcast-align -Wimplicit-fallthrough -Wundef)
