# What memwatch runs while it watches lies side by side in its file. The kernel maps sixteen pages around each one
# that is touched, and without an order there is something to run in most of them: pages that nobody else has
# mapped count as the collector's own memory (docs/watching.md, "What it costs").
#
# function_order.txt has the names; scripts/order-functions writes it. Each library of the program puts each function and
# each constant into a section of its own, and a script that adds to the linker's own one, rather than replacing it,
# takes those of the list first. A name that does not exist takes nothing.
add_library(memwatch_sections INTERFACE)  # for what the program is made of
add_library(memwatch_ordered INTERFACE)   # for the program
set(MEMWATCH_ORDER_SCRIPT ${CMAKE_BINARY_DIR}/function_order.ld)

# Some constants have no function's name, and there are few of them: numbers, tables that a switch became, the digits of
# std::to_string, which is part of its callers. SQLite is one piece that cannot be ordered, and writes to the history each
# second: its constants lie next to those of the rest.
function(memwatch_write_order_script names_file script)
  file(STRINGS ${names_file} names REGEX "^[^#]")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${names_file})
  set(code "")
  set(constants "")
  foreach(name IN LISTS names)
    # With a dot behind it: copies and parts that the compiler makes of a function, and its strings.
    string(APPEND code "    *(.text.${name} .text.${name}.*)\n")
    string(APPEND constants "    *(.rodata.${name} .rodata.${name}.*)\n")
  endforeach()
  file(CONFIGURE OUTPUT ${script} @ONLY CONTENT
"SECTIONS
{
  .text.watching :
  {
@code@  }
}
INSERT BEFORE .text;
SECTIONS
{
  .rodata.watching :
  {
    *(.rodata.cst4 .rodata.cst8 .rodata.cst16 .rodata.cst32 .rodata.CSWTCH.*)
    *(.rodata._ZZNSt8__detail18__to_chars_10_impl*)
@constants@    *libsqlite3.a:*(.rodata .rodata.*)
  }
}
INSERT BEFORE .eh_frame_hdr;
")
endfunction()

# Sanitizers need a hundred times as much memory anyway.
if(MEMWATCH_SANITIZE)
  return()
endif()
memwatch_write_order_script(${PROJECT_SOURCE_DIR}/cmake/function_order.txt ${MEMWATCH_ORDER_SCRIPT})
include(CheckLinkerFlag)
check_linker_flag(CXX "-Wl,-T,${MEMWATCH_ORDER_SCRIPT}" MEMWATCH_LINKER_TAKES_ORDER)
if(NOT MEMWATCH_LINKER_TAKES_ORDER)
  message(STATUS "The linker takes no order of functions: the daemon will take 1.5 MiB more")
  return()
endif()
target_compile_options(memwatch_sections INTERFACE -ffunction-sections -fdata-sections)
target_link_options(memwatch_ordered INTERFACE "LINKER:-T,${MEMWATCH_ORDER_SCRIPT}")
set_property(TARGET memwatch_ordered PROPERTY INTERFACE_LINK_DEPENDS ${MEMWATCH_ORDER_SCRIPT})
