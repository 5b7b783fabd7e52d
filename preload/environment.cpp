#include "preload/environment.h"

#include <cstring>

#include "preload/options.h"
#include "shared/rendezvous.h"

namespace memwatch::preload {

namespace {

constexpr std::size_t kOptionsSize = sizeof protocol::kOptionsVariable - 1;

struct Text {
  const char* at;
  std::size_t size;
};

bool is_options(const char* entry) {
  return std::strncmp(entry, protocol::kOptionsVariable, kOptionsSize) == 0 &&
         entry[kOptionsSize] == '=';
}

// The shim's own path among the libraries of a preload entry ("LD_PRELOAD=a:b c").
Text find_library(const char* entry) {
  const char* at = entry + g_preload_variable.start_size();
  while (*at != '\0') {
    const std::size_t size = std::strcspn(at, g_preload_variable.separators);
    const char* name = static_cast<const char*>(memmem(at, size, "libmemwatch_preload", 19));
    if (name != nullptr) return Text{at, size};
    at += size;
    at += std::strspn(at, g_preload_variable.separators);
  }
  return Text{at, 0};
}

char* append(char* to, const char* from, std::size_t size) {
  std::memcpy(to, from, size);
  return to + size;
}

}  // namespace

CarriedEnvironment::CarriedEnvironment(char* const* environment) : environment_(environment) {
  for (; environment != nullptr && environment[entries_] != nullptr; ++entries_) {
    const char* entry = environment[entries_];
    if (std::strncmp(entry, g_preload_variable.start, g_preload_variable.start_size()) == 0) {
      preload_ = entry;
      has_library_ = find_library(entry).size > 0;
    } else if (is_options(entry)) {
      has_options_ = true;
    }
  }
  const bool wants_options = g_options.follow && g_options.variable[0] != '\0';
  const bool wants_library = g_options.follow && g_options.preload[0] != '\0';
  unchanged_ = wants_options == has_options_ && wants_library == has_library_;
}

std::size_t CarriedEnvironment::scratch_bytes() const {
  const std::size_t preload_size = preload_ != nullptr ? std::strlen(preload_) : 0;
  return (entries_ + 3) * sizeof(char*) + preload_size + std::strlen(g_options.preload) + 2;
}

char* const* CarriedEnvironment::build(void* scratch) const {
  auto** list = static_cast<char**>(scratch);
  char* text = reinterpret_cast<char*>(list + entries_ + 3);
  std::size_t count = 0;
  for (std::size_t i = 0; i < entries_; ++i) {
    if (is_options(environment_[i]) || environment_[i] == preload_) continue;
    list[count++] = environment_[i];
  }
  const Text library =
      find_library(g_options.preload[0] != '\0' ? g_options.preload : g_preload_variable.start);
  if (g_options.follow) {
    if (g_options.variable[0] != '\0') list[count++] = g_options.variable;
    if (preload_ == nullptr) {
      if (g_options.preload[0] != '\0') list[count++] = g_options.preload;
    } else if (has_library_ || library.size == 0) {
      list[count++] = const_cast<char*>(preload_);
    } else {
      list[count++] = text;
      const std::size_t start_size = g_preload_variable.start_size();
      text = append(text, g_preload_variable.start, start_size);
      text = append(text, library.at, library.size);
      if (preload_[start_size] != '\0') *text++ = ':';
      append(text, preload_ + start_size, std::strlen(preload_ + start_size) + 1);
    }
  } else if (preload_ != nullptr) {
    // Not followed: the child gets what the user preloaded, without the shim.
    const Text ours = find_library(preload_);
    const char* rest = ours.at + ours.size;
    rest += std::strspn(rest, g_preload_variable.separators);
    list[count++] = text;
    text = append(text, preload_, static_cast<std::size_t>(ours.at - preload_));
    append(text, rest, std::strlen(rest) + 1);
  }
  list[count] = nullptr;
  return list;
}

}  // namespace memwatch::preload
