// libFuzzer entry: any bytes as a session file. The checksums stop plain mutations early, so bytes
// that do not begin like a session are taken as payloads instead, cut into pieces (type, length,
// bytes) and framed properly: the decoders behind the checksums are what wants fuzzing.
#include "collector/capture/session_reader.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "collector/capture/chunk_writer.h"

namespace {

using namespace memwatch::capture;

std::string frame_payloads(std::string_view bytes) {
  ChunkWriter writer(1, {});
  while (bytes.size() >= 3) {
    const auto type = static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[0]) % 16);
    const std::size_t length = static_cast<unsigned char>(bytes[1]) +
                               std::size_t{256} * static_cast<unsigned char>(bytes[2]);
    bytes.remove_prefix(3);
    writer.add(static_cast<ChunkType>(type), bytes.substr(0, length));
    bytes.remove_prefix(length < bytes.size() ? length : bytes.size());
  }
  writer.add(ChunkType::commit, {});
  writer.add(ChunkType::end, {});
  return make_file_header(1) + writer.bytes();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  if (!bytes.starts_with("\x89mws")) bytes = frame_payloads(bytes);
  std::vector<std::string> warnings;
  (void)read_session_bytes(std::as_bytes(std::span(bytes.data(), bytes.size())), &warnings);
  return 0;
}
