#include "preload/options.h"

#include <cstring>

#include "shared/rendezvous.h"

namespace memwatch::preload {

constinit Options g_options{{}, true, Unwinder::builtin, false, {}, {}};

namespace {

template <std::size_t N>
bool copy_text(char (&to)[N], const char* from, std::size_t size) {
  if (size >= N) return false;
  std::memcpy(to, from, size);
  to[size] = '\0';
  return true;
}

void take_option(const char* key, std::size_t key_size, const char* value, std::size_t size) {
  const auto is = [&](const char* name) {
    return std::strlen(name) == key_size && std::memcmp(name, key, key_size) == 0;
  };
  if (is("socket")) copy_text(g_options.socket, value, size);
  if (is("unwinder") && size > 0) {
    if (value[0] == 'l') g_options.unwinder = Unwinder::libunwind;
    if (value[0] == 'v') g_options.unwinder = Unwinder::verify;
  }
  if (is("allocator")) g_options.replaces_allocator = size > 0 && value[0] == 'm';
  if (is("follow")) g_options.follow = !(size == 1 && value[0] == '0');
}

void parse(const char* text) {
  while (*text != '\0') {
    const char* end = std::strchr(text, ':');
    if (end == nullptr) end = text + std::strlen(text);
    const auto* equals =
        static_cast<const char*>(std::memchr(text, '=', static_cast<std::size_t>(end - text)));
    if (equals != nullptr) {
      take_option(text, static_cast<std::size_t>(equals - text), equals + 1,
                  static_cast<std::size_t>(end - equals - 1));
    }
    text = *end == ':' ? end + 1 : end;
  }
}

}  // namespace

void take_variable(const char* text, std::size_t size) {
  const auto starts = [&](const char* name, std::size_t name_size) {
    return size > name_size && std::memcmp(text, name, name_size) == 0 && text[name_size] == '=';
  };
  constexpr std::size_t kNameSize = sizeof protocol::kOptionsVariable - 1;
  if (starts(protocol::kOptionsVariable, kNameSize)) {
    if (copy_text(g_options.variable, text, size)) parse(g_options.variable + kNameSize + 1);
  } else if (size >= g_preload_variable.start_size() &&
             std::memcmp(text, g_preload_variable.start, g_preload_variable.start_size()) == 0) {
    copy_text(g_options.preload, text, size);
  }
}

}  // namespace memwatch::preload
