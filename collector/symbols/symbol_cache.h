// What symbolising the addresses of one module gave, kept in a file for the next recording of the
// same binary: reading the debug information of libc alone takes 60 ms, of a large program seconds.
//
//   DIRECTORY/<build id>     mode 0600, one per module
//   ┌ "MWSYMS1\n" ┬ XXH3-64 of the rest, little-endian ┬ protobuf message (symbol_cache.cpp) ┐
//
// Kept only where nothing was missing (functions, files and lines were there): better symbols that
// are installed later are found. Valid only for the file it was made from (path, size, time of
// change, inode) and for the version of memwatch that made it.
//
// Never fails: what cannot be read counts as empty, what cannot be written is not kept. The file is
// taken as hostile; others' files are not read. One owner; two processes may use one directory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "collector/model/session.h"

namespace memwatch::symbols {

class SymbolCache {
 public:
  static constexpr std::size_t kLargestFile = std::size_t{64} << 20;
  static constexpr std::uint64_t kLargestDirectory = std::uint64_t{256} << 20;

  // Reads what is known of the module. `directory` "": keeps nothing.
  SymbolCache(const std::string& directory, const model::Module& module);

  // What add() was given for this address, now or earlier; null: not known. Valid until add().
  [[nodiscard]] const model::Symbols* find(const model::CodeAddress& address) const;
  void add(const model::CodeAddress& address, const model::Symbols& symbols);

  // Puts it all in the old file's place, whole or not at all, and lets go of the oldest files where
  // the directory has grown beyond kLargestDirectory.
  void save() const;

 private:
  void load();
  void decode(std::string_view message);
  [[nodiscard]] std::string encode() const;

  std::string directory_;
  std::string path_;     // "": nothing is kept
  std::string witness_;  // of the module's file, as it is now
  std::unordered_map<std::uint64_t, model::Symbols> known_;
};

}  // namespace memwatch::symbols
