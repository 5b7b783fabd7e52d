#include "collector/procfs/memory_maps.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "collector/procfs/text.h"

namespace memwatch::procfs {

namespace {

constexpr std::size_t kMostBytes = std::size_t{64} << 20;  // 65 530 mappings with long names

bool parse_hex(std::string_view text, std::uint64_t* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number, 16);
  return error == std::errc{} && end == text.data() + text.size();
}

std::string read_descriptor(int descriptor) {
  std::string text;
  char buffer[65536];
  ssize_t got = 0;
  while (text.size() < kMostBytes &&
         (got = pread(descriptor, buffer, sizeof buffer, static_cast<off_t>(text.size()))) > 0) {
    text.append(buffer, static_cast<std::size_t>(got));
  }
  return text;
}

}  // namespace

// "7ffff7dd5000-7ffff7dfb000 r--p 00000000 fe:01 1234    /usr/lib/x86_64-linux-gnu/libc.so.6"
bool parse_mapping_line(std::string_view line, MemoryMapping* mapping) {
  std::string_view range, permissions, offset, device, inode;
  if (!next_word(line, range) || !next_word(line, permissions) || !next_word(line, offset) ||
      !next_word(line, device) || !next_word(line, inode)) {
    return false;
  }
  const std::size_t dash = range.find('-');
  if (dash == std::string_view::npos || permissions.size() < 4) return false;
  if (!parse_hex(range.substr(0, dash), &mapping->start) ||
      !parse_hex(range.substr(dash + 1), &mapping->end) || mapping->start >= mapping->end ||
      !parse_hex(offset, &mapping->offset)) {
    return false;
  }
  mapping->inode = parse_number(inode).value_or(0);
  mapping->readable = permissions[0] == 'r';
  mapping->writable = permissions[1] == 'w';
  mapping->executable = permissions[2] == 'x';
  mapping->shared = permissions[3] == 's';
  mapping->path = std::string(trim(line));
  return true;
}

std::vector<MemoryMapping> parse_memory_maps(std::string_view text) {
  std::vector<MemoryMapping> maps;
  std::string_view line;
  while (next_line(text, line)) {
    MemoryMapping mapping;
    if (!parse_mapping_line(line, &mapping)) continue;
    if (!maps.empty() && mapping.start < maps.back().end) continue;  // out of order
    maps.push_back(std::move(mapping));
  }
  return maps;
}

std::vector<MemoryMapping> read_memory_maps(std::int32_t pid, int descriptor) {
  const auto text = read_text(process_path("/proc", pid, "maps"), kMostBytes);
  if (text && !text->empty()) return parse_memory_maps(*text);
  return descriptor < 0 ? std::vector<MemoryMapping>{}
                        : parse_memory_maps(read_descriptor(descriptor));
}

const MemoryMapping* find_mapping(const std::vector<MemoryMapping>& maps, std::uint64_t address) {
  const auto after = std::upper_bound(
      maps.begin(), maps.end(), address,
      [](std::uint64_t at, const MemoryMapping& mapping) { return at < mapping.start; });
  if (after == maps.begin() || !(after - 1)->contains(address)) return nullptr;
  return &*(after - 1);
}

}  // namespace memwatch::procfs
