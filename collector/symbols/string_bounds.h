// Keeps reads of strings inside the sections they lie in, where libdw 0.188 does not: it takes the
// last string of .debug_line_str to be terminated, and hands out strings stored in an entry itself
// (DW_FORM_string) without looking for their end. Callers on one thread per Dwarf.
#pragma once

#include <elfutils/libdw.h>

#include <string_view>

namespace memwatch::symbols {

// Whether each string section of that file ends in a terminated string. To be asked after
// dwarf_begin_elf, which decompresses sections in place, and before anything is read.
bool string_sections_are_terminated(Dwarf* dwarf);

// The text of an attribute; "" where it is no string or runs out of its section.
std::string_view bounded_string(Dwarf_Attribute& attribute);

}  // namespace memwatch::symbols
