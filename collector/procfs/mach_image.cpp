#include "collector/procfs/mach_image.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "collector/base/unique_fd.h"

namespace memwatch::procfs {
namespace {

constexpr std::uint32_t kMagic64 = 0xfeedfacf;      // of an image, as its processor stores it
constexpr std::uint32_t kUniversal = 0xcafebabe;    // of a universal file, big-endian
constexpr std::uint32_t kUniversal64 = 0xcafebabf;  // the same with 64-bit offsets
constexpr std::uint32_t kMostImages = 16;
constexpr std::uint32_t kProcessorX86_64 = 0x01000007, kProcessorArm64 = 0x0100000c;
constexpr std::uint32_t kSubtypeMask = 0x00ffffff, kSubtypeArm64e = 2;
constexpr std::uint32_t kExecute = 2;
constexpr std::uint32_t kSegment64 = 0x19, kUuid = 0x1b, kLoadDyld = 0x0e;
constexpr std::size_t kHeaderBytes = 32, kSegmentBytes = 72, kUuidBytes = 16,
                      kImageBytes = 16U << 20;

// 0 beyond the end.
std::uint64_t little(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  if (at > bytes.size() || bytes.size() - at < size) return 0;
  for (std::size_t i = size; i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  }
  return value;
}

std::uint64_t big(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  if (at > bytes.size() || bytes.size() - at < size) return 0;
  for (std::size_t i = 0; i < size; ++i) {
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  }
  return value;
}

std::uint32_t little_word(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint32_t>(little(bytes, at, 4));
}

MachProcessor processor_of(std::uint32_t type, std::uint32_t subtype) {
  if (type == kProcessorX86_64) return MachProcessor::x86_64;
  if (type != kProcessorArm64) return MachProcessor::other;
  return (subtype & kSubtypeMask) == kSubtypeArm64e ? MachProcessor::arm64e : MachProcessor::arm64;
}

void take_command(std::string_view command, MachImage& image) {
  switch (little_word(command, 0)) {
    case kSegment64:
      if (command.size() >= kSegmentBytes &&
          command.substr(8, 7) == std::string_view("__TEXT\0", 7)) {
        image.text_address = little(command, 24, 8);
        image.text_bytes = little(command, 32, 8);
      }
      break;
    case kUuid:
      if (command.size() >= 8 + kUuidBytes) {
        image.uuid.clear();
        for (const char byte : command.substr(8, kUuidBytes)) {
          constexpr char kDigits[] = "0123456789abcdef";
          image.uuid += kDigits[static_cast<unsigned char>(byte) >> 4];
          image.uuid += kDigits[static_cast<unsigned char>(byte) & 15];
        }
      }
      break;
    case kLoadDyld:
      image.needs_dyld = true;
      break;
    default:
      break;
  }
}

// magic, processor, its subtype, file type, number of commands, their bytes, flags, reserved
std::optional<MachImage> parse_image(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes || little_word(bytes, 0) != kMagic64) return std::nullopt;
  MachImage image;
  image.processor = processor_of(little_word(bytes, 4), little_word(bytes, 8));
  image.is_program = little_word(bytes, 12) == kExecute;
  std::string_view commands = bytes.substr(kHeaderBytes, little_word(bytes, 20));
  for (std::uint32_t left = little_word(bytes, 16); left > 0; --left) {
    const std::uint32_t size = little_word(commands, 4);
    if (size < 8 || size > commands.size()) break;
    take_command(commands.substr(0, size), image);
    commands.remove_prefix(size);
  }
  return image;
}

// Where the images of a universal file lie.
struct Part {
  std::uint64_t offset, bytes;
};

std::vector<Part> parts_of(std::string_view head, std::uint64_t file_bytes) {
  const auto magic = static_cast<std::uint32_t>(big(head, 0, 4));
  if (magic != kUniversal && magic != kUniversal64) return {Part{0, file_bytes}};
  const bool is_wide = magic == kUniversal64;
  const std::size_t width = is_wide ? 8 : 4, entry = is_wide ? 32 : 20;
  std::vector<Part> parts;
  const auto count = std::min<std::uint64_t>(big(head, 4, 4), kMostImages);
  for (std::size_t i = 0; i < count; ++i) {
    const Part part{big(head, 8 + i * entry + 8, width),
                    big(head, 8 + i * entry + 8 + width, width)};
    if (part.offset < file_bytes && part.bytes <= file_bytes - part.offset) parts.push_back(part);
  }
  return parts;
}

}  // namespace

std::vector<MachImage> parse_mach_images(std::string_view bytes) {
  std::vector<MachImage> images;
  for (const Part& part : parts_of(bytes, bytes.size())) {
    if (auto image = parse_image(bytes.substr(part.offset, part.bytes))) {
      images.push_back(*std::move(image));
    }
  }
  return images;
}

Result<std::vector<MachImage>> read_mach_images(const std::string& path) {
  constexpr const char* kRead = "read the Mach-O file";
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!file.is_open() || ::fstat(file.get(), &status) != 0) return system_error(kRead, path, errno);
  if (!S_ISREG(status.st_mode)) {
    return Error{ErrorKind::system, kRead, path, "is no regular file", {}};
  }
  const auto read_part = [&](std::uint64_t offset, std::uint64_t size) {
    std::string bytes(std::min<std::uint64_t>(size, kImageBytes), '\0');
    const ssize_t got = ::pread(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  };
  const auto file_bytes = static_cast<std::uint64_t>(status.st_size);
  std::vector<MachImage> images;
  for (const Part& part : parts_of(read_part(0, 4096), file_bytes)) {
    const std::string bytes =
        read_part(part.offset, std::min<std::uint64_t>(part.bytes, kImageBytes));
    if (auto image = parse_image(bytes)) images.push_back(*std::move(image));
  }
  return images;
}

}  // namespace memwatch::procfs
