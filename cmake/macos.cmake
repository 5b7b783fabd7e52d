# What there is for macOS (docs/platforms.md): the shim, and of the collector what needs no library that is
# not there, linked into a program that prints what a segment holds.
add_subdirectory(shared)
add_subdirectory(preload)
