// Which loaded program or library a code address belongs to, and where that keeps its unwind
// tables. One header, a twin for each loader. Any thread, any signal handler; takes no lock of the
// loader's and allocates nothing. Slow (never per event): callers remember what they were told.
#pragma once

#include <cstdint>

namespace memwatch::preload {

struct CodeObject {
  std::uintptr_t start, end;         // its first address and the one after its last
  std::uintptr_t bias;               // address − bias is its own virtual address
  const char* name;                  // as the loader knows it; "" the program itself
  const std::uint8_t* unwind_table;  // its sorted index (.eh_frame_hdr); null: none
};

// False: the address is in no object, or the loader cannot be asked.
bool find_code_object(std::uintptr_t address, CodeObject* object);

// Reads the build id out of an object that is loaded; gives its length, 0 where there is none or it
// is longer than `id`.
std::uint8_t read_build_id(const CodeObject& object, std::uint8_t (&id)[23]);

// Before any other thread can exist, with the thread passing through (the loader may allocate).
void prepare_code_objects();

}  // namespace memwatch::preload
