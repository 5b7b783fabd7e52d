// The suppressions that a program carries for LeakSanitizer: what __lsan_default_suppressions()
// returns. It is code, which a guest had better not run (at the end of a program's life what it
// needs may be gone, and a crash of it would be ours), so it is read instead: nearly always it is
// one instruction, the address of a string, and that string is in the file. Instructions as of the
// AMD64 Architecture Programmer's Manual, volume 3. Never fails. Stateless; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace memwatch::symbols {

struct ProgramSuppressions {
  std::string text;     // LeakSanitizer's lines; "" where there are none
  std::string why_not;  // the program has some that could not be read
};

// Of an executable file, looked for in its symbol tables. One that is gone has none.
ProgramSuppressions read_program_suppressions(const std::string& path);

// Where the function leads that begins with these bytes and lies at `address`, if all it does is to
// return the address of something.
std::optional<std::uint64_t> returned_address(const unsigned char* code, std::size_t bytes,
                                              std::uint64_t address);

}  // namespace memwatch::symbols
