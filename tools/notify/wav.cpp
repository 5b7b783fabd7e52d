#include "tools/notify/wav.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace memwatch::notify {

namespace {

constexpr std::uint32_t kPcm = 1, kExtensible = 0xFFFE;
constexpr std::size_t kHead = 12, kChunkHead = 8, kFormatBytes = 16, kSubformatAt = 24;

Error wrong(const std::string& name, std::string why) {
  return Error{ErrorKind::damaged, "play a sound", name, std::move(why),
               "a WAV file of whole-number samples is wanted"};
}

std::uint32_t number_at(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    value |= static_cast<std::uint32_t>(static_cast<std::uint8_t>(bytes[at + i])) << (8 * i);
  }
  return value;
}

struct Format {
  std::uint32_t channels = 0, rate = 0, bits = 0;
  [[nodiscard]] std::size_t frame_bytes() const { return std::size_t{channels} * (bits / 8); }
};

// False: none that we can scale.
bool read_format(std::string_view chunk, Format* format) {
  if (chunk.size() < kFormatBytes) return false;
  std::uint32_t kind = number_at(chunk, 0, 2);
  if (kind == kExtensible && chunk.size() >= kSubformatAt + 2) {
    kind = number_at(chunk, kSubformatAt, 2);
  }
  format->channels = number_at(chunk, 2, 2);
  format->rate = number_at(chunk, 4, 4);
  format->bits = number_at(chunk, 14, 2);
  const bool has_whole_bytes = format->bits >= 8 && format->bits <= 32 && format->bits % 8 == 0;
  return kind == kPcm && has_whole_bytes && format->channels >= 1 && format->channels <= 64 &&
         format->rate >= 1000 && format->rate <= 1'000'000;
}

// In place. Samples of one byte are counted from 128, longer ones have a sign.
void scale(char* samples, std::size_t count, std::size_t bytes, double volume) {
  for (std::size_t i = 0; i < count; ++i) {
    char* const at = samples + i * bytes;
    const std::uint32_t raw = number_at({at, bytes}, 0, bytes);
    const std::size_t unused = 32 - 8 * bytes;
    std::int32_t value = bytes == 1 ? static_cast<std::int32_t>(raw) - 128
                                    : static_cast<std::int32_t>(raw << unused) >> unused;
    value = static_cast<std::int32_t>(std::lround(value * volume));
    auto scaled = static_cast<std::uint32_t>(bytes == 1 ? value + 128 : value);
    for (std::size_t byte = 0; byte < bytes; ++byte, scaled >>= 8U) {
      at[byte] = static_cast<char>(scaled & 0xFFU);
    }
  }
}

void put_number(std::string& bytes, std::size_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i, value >>= 8U) {
    bytes += static_cast<char>(value & 0xFFU);
  }
}

}  // namespace

Result<Sound> scaled_wav(std::string_view file, double volume, const std::string& name) {
  if (file.size() < kHead || file.substr(0, 4) != "RIFF" || file.substr(8, 4) != "WAVE") {
    return wrong(name, "it is no WAV file");
  }
  Format format;
  bool has_format = false;
  for (std::size_t at = kHead; file.size() - at >= kChunkHead;) {
    const std::string_view id = file.substr(at, 4);
    const std::size_t size = number_at(file, at + 4, 4);
    at += kChunkHead;
    const std::string_view chunk = file.substr(at, size);  // less, where it is cut off
    if (id == "fmt ") {
      has_format = read_format(chunk, &format);
      if (!has_format) return wrong(name, "its samples are of a kind that cannot be played");
    } else if (id == "data") {
      if (!has_format) return wrong(name, "its samples come before what they are");
      const std::size_t frames = chunk.size() / format.frame_bytes();
      if (frames == 0) return wrong(name, "it has no samples");
      Sound sound;
      sound.length = std::chrono::milliseconds(frames * 1000 / format.rate);
      const std::size_t bytes = frames * format.frame_bytes();
      // Without whatever else was in the file, so that every player understands it.
      std::string& wav = sound.wav;
      wav = "RIFF";
      put_number(wav, 4 + kChunkHead + kFormatBytes + kChunkHead + bytes, 4);
      wav += "WAVEfmt ";
      put_number(wav, kFormatBytes, 4);
      put_number(wav, kPcm, 2);
      put_number(wav, format.channels, 2);
      put_number(wav, format.rate, 4);
      put_number(wav, format.rate * format.frame_bytes(), 4);
      put_number(wav, format.frame_bytes(), 2);
      put_number(wav, format.bits, 2);
      wav += "data";
      put_number(wav, bytes, 4);
      const std::size_t begin = wav.size();
      wav += chunk.substr(0, bytes);
      scale(wav.data() + begin, frames * format.channels, format.bits / 8,
            std::clamp(volume, 0.0, 1.0));
      return sound;
    }
    if (size >= file.size() - at) break;
    at += size + size % 2;
    if (at > file.size()) break;
  }
  return wrong(name, "it has no samples");
}

}  // namespace memwatch::notify
