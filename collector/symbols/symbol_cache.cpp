#include "collector/symbols/symbol_cache.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "collector/base/unique_fd.h"
#include "collector/symbols/build_id.h"

namespace memwatch::symbols {
namespace {

constexpr std::string_view kMagic = "MWSYMS1\n";
constexpr std::size_t kHead = kMagic.size() + sizeof(std::uint64_t);

// Fields of the message. Frames are listed for one address after the other; functions and files
// are numbers of strings.
enum : protozero::pbf_tag_type {
  kVersion = 1,   // string: of memwatch
  kWitness = 2,   // string
  kString = 3,    // string, repeated
  kKey = 4,       // packed fixed64: key_of(address)
  kFrames = 5,    // packed uint32: how many, per key
  kFunction = 6,  // packed uint32, per frame
  kFile = 7,      // packed uint32, per frame
  kLine = 8,      // packed uint32, per frame
  kInlined = 9,   // packed bool, per frame
};

std::uint64_t key_of(const model::CodeAddress& address) {
  return (address.offset << 1) | (address.exact ? 1 : 0);
}

// What changes when the module's file does; "" where there is none.
std::string witness_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  return fmt::format("{} {} {}.{:09} {}", path, status.st_size, status.st_mtim.tv_sec,
                     status.st_mtim.tv_nsec, status.st_ino);
}

// Makes the directory where it is missing. False: it is not this user's own.
bool is_own_directory(const std::string& directory) {
  std::error_code ignored;
  std::filesystem::create_directories(directory, ignored);
  struct stat status {};
  return ::stat(directory.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
         status.st_uid == ::geteuid() && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

std::string read_own_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status {};
  if (!fd.is_open() || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
      status.st_uid != ::geteuid() ||
      static_cast<std::uint64_t>(status.st_size) > SymbolCache::kLargestFile) {
    return {};
  }
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t count = ::read(fd.get(), bytes.data() + have, bytes.size() - have);
    if (count <= 0) return {};
    have += static_cast<std::size_t>(count);
  }
  // Used last: see remove_oldest().
  ::futimens(fd.get(), nullptr);
  return bytes;
}

bool write_whole(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void remove_oldest(const std::string& directory) {
  struct Entry {
    std::filesystem::file_time_type used;
    std::uint64_t bytes;
    std::filesystem::path path;
  };
  std::vector<Entry> entries;
  std::uint64_t total = 0;
  std::error_code problem;
  for (const auto& file : std::filesystem::directory_iterator(directory, problem)) {
    std::error_code gone;
    const Entry entry{file.last_write_time(gone), file.file_size(gone), file.path()};
    if (gone) continue;
    total += entry.bytes;
    entries.push_back(entry);
  }
  if (total <= SymbolCache::kLargestDirectory) return;
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.used < b.used; });
  for (const Entry& entry : entries) {
    if (total <= SymbolCache::kLargestDirectory / 2) return;
    std::filesystem::remove(entry.path, problem);
    total -= std::min(total, entry.bytes);
  }
}

template <typename Field, typename Values>
void add_packed(protozero::pbf_writer& writer, protozero::pbf_tag_type tag, const Values& values) {
  Field field(writer, tag);
  for (const auto value : values) field.add_element(value);
}

// Numbers for strings, in the order of their coming.
class StringNumbers {
 public:
  std::uint32_t number(const std::string& text) {
    const auto [at, is_new] =
        numbers_.try_emplace(text, static_cast<std::uint32_t>(strings_.size()));
    if (is_new) strings_.push_back(&at->first);
    return at->second;
  }
  [[nodiscard]] const std::vector<const std::string*>& strings() const { return strings_; }

 private:
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<const std::string*> strings_;
};

// The lists of a message, as ranges that are walked beside each other.
struct Lists {
  template <typename Iterator>
  using Range = protozero::iterator_range<Iterator>;
  Range<protozero::const_fixed_iterator<std::uint64_t>> keys;
  Range<protozero::pbf_reader::const_uint32_iterator> counts, functions, files, lines;
  Range<protozero::pbf_reader::const_bool_iterator> inlined;
};

// The next element; false at the end of a list.
template <typename Range, typename Value>
bool take(Range& range, Value& value) {
  if (range.empty()) return false;
  value = range.front();
  range.drop_front();
  return true;
}

// Names are shared in the file and copied in memory: more than this is no real program's.
constexpr std::size_t kMostCopied = std::size_t{1} << 30;

bool take_frame(Lists& lists, const std::vector<std::string_view>& strings, std::size_t& copied,
                model::SourceFrame& frame) {
  std::uint32_t function = 0, file = 0;
  if (!take(lists.functions, function) || !take(lists.files, file) ||
      !take(lists.lines, frame.line) || !take(lists.inlined, frame.inlined) ||
      function >= strings.size() || file >= strings.size()) {
    return false;
  }
  copied += sizeof frame + strings[function].size() + strings[file].size();
  if (copied > kMostCopied) return false;
  frame.function = strings[function];
  frame.file = strings[file];
  return true;
}

}  // namespace

SymbolCache::SymbolCache(const std::string& directory, const model::Module& module)
    : directory_(directory) {
  if (directory.empty() || !is_build_id(module.build_id)) return;
  witness_ = witness_of(module.path);
  if (witness_.empty() || !is_own_directory(directory)) return;
  path_ = directory + "/" + module.build_id;
  load();
}

void SymbolCache::load() {
  const std::string bytes = read_own_file(path_);
  if (bytes.size() < kHead || !bytes.starts_with(kMagic)) return;
  std::uint64_t checksum = 0;
  std::memcpy(&checksum, bytes.data() + kMagic.size(), sizeof checksum);
  const std::string_view message = std::string_view(bytes).substr(kHead);
  if (XXH3_64bits(message.data(), message.size()) != checksum) return;
  try {
    decode(message);
  } catch (const std::exception&) {  // protozero's, or no memory
    known_.clear();
  }
}

void SymbolCache::decode(std::string_view message) {
  std::string version, witness;
  std::vector<std::string_view> strings;
  Lists lists;
  protozero::pbf_reader reader(message.data(), message.size());
  const auto view = [&] {
    const protozero::data_view data = reader.get_view();
    return std::string_view(data.data(), data.size());
  };
  while (reader.next()) {
    switch (reader.tag()) {
      case kVersion:
        version = view();
        break;
      case kWitness:
        witness = view();
        break;
      case kString:
        strings.push_back(view());
        break;
      case kKey:
        lists.keys = reader.get_packed_fixed64();
        break;
      case kFrames:
        lists.counts = reader.get_packed_uint32();
        break;
      case kFunction:
        lists.functions = reader.get_packed_uint32();
        break;
      case kFile:
        lists.files = reader.get_packed_uint32();
        break;
      case kLine:
        lists.lines = reader.get_packed_uint32();
        break;
      case kInlined:
        lists.inlined = reader.get_packed_bool();
        break;
      default:
        reader.skip();
    }
  }
  if (version != MEMWATCH_VERSION || witness != witness_) return;
  std::uint64_t key = 0;
  std::uint32_t count = 0;
  std::size_t copied = 0;
  while (take(lists.keys, key) && take(lists.counts, count)) {
    model::Symbols symbols;
    for (; count > 0; --count) {
      model::SourceFrame frame;
      if (!take_frame(lists, strings, copied, frame)) return;
      symbols.frames.push_back(std::move(frame));
    }
    known_.insert_or_assign(key, std::move(symbols));
  }
}

std::string SymbolCache::encode() const {
  StringNumbers strings;
  std::vector<std::uint64_t> keys;
  std::vector<std::uint32_t> counts, functions, files, lines;
  std::vector<bool> inlined;
  for (const auto& [key, symbols] : known_) {
    keys.push_back(key);
    counts.push_back(static_cast<std::uint32_t>(symbols.frames.size()));
    for (const model::SourceFrame& frame : symbols.frames) {
      functions.push_back(strings.number(frame.function));
      files.push_back(strings.number(frame.file));
      lines.push_back(frame.line);
      inlined.push_back(frame.inlined);
    }
  }
  std::string message;
  protozero::pbf_writer writer(message);
  writer.add_string(kVersion, MEMWATCH_VERSION);
  writer.add_string(kWitness, witness_);
  for (const std::string* text : strings.strings()) writer.add_string(kString, *text);
  add_packed<protozero::packed_field_fixed64>(writer, kKey, keys);
  add_packed<protozero::packed_field_uint32>(writer, kFrames, counts);
  add_packed<protozero::packed_field_uint32>(writer, kFunction, functions);
  add_packed<protozero::packed_field_uint32>(writer, kFile, files);
  add_packed<protozero::packed_field_uint32>(writer, kLine, lines);
  add_packed<protozero::packed_field_bool>(writer, kInlined, inlined);
  return message;
}

const model::Symbols* SymbolCache::find(const model::CodeAddress& address) const {
  const auto at = known_.find(key_of(address));
  return at == known_.end() ? nullptr : &at->second;
}

void SymbolCache::add(const model::CodeAddress& address, const model::Symbols& symbols) {
  if (!path_.empty()) known_.insert_or_assign(key_of(address), symbols);
}

void SymbolCache::save() const {
  if (path_.empty()) return;
  const std::string message = encode();
  if (message.size() > kLargestFile - kHead) return;
  const std::uint64_t checksum = XXH3_64bits(message.data(), message.size());
  std::string head(kMagic);
  head.append(reinterpret_cast<const char*>(&checksum), sizeof checksum);

  const std::string temporary = fmt::format("{}.{}.new", path_, ::getpid());
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
  const UniqueFd fd(::open(temporary.c_str(), kFlags, 0600));
  if (!fd.is_open()) return;
  // No fdatasync: what a power failure leaves of it has the wrong checksum.
  if (!write_whole(fd.get(), head) || !write_whole(fd.get(), message) ||
      std::rename(temporary.c_str(), path_.c_str()) != 0) {
    ::unlink(temporary.c_str());
    return;
  }
  remove_oldest(directory_);
}

}  // namespace memwatch::symbols
