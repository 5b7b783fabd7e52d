#include "collector/symbols/debuginfod_client.h"

#include <dlfcn.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <utility>

#include "collector/symbols/build_id.h"

namespace memwatch::symbols {
namespace {

// The three functions needed of libdebuginfod's stable interface (debuginfod_find_debuginfo(3)).
// A build id is passed as hex text when its length is given as 0.
struct Library {
  void* (*begin)() = nullptr;
  int (*find_debug_file)(void* client, const unsigned char* build_id, int length,
                         char** path) = nullptr;
  void (*end)(void* client) = nullptr;
};

template <typename Function>
bool load(void* library, const char* name, Function& function) {
  void* const address = ::dlsym(library, name);
  static_assert(sizeof function == sizeof address);
  std::memcpy(&function, &address, sizeof function);
  return address != nullptr;
}

// Null when it is not installed. Stays loaded: it is of no use to unload and load it per file.
const Library* library() {
  static const Library* const loaded = []() -> const Library* {
    void* const handle = ::dlopen("libdebuginfod.so.1", RTLD_NOW | RTLD_LOCAL);
    static Library functions;
    if (handle == nullptr || !load(handle, "debuginfod_begin", functions.begin) ||
        !load(handle, "debuginfod_find_debuginfo", functions.find_debug_file) ||
        !load(handle, "debuginfod_end", functions.end)) {
      return nullptr;
    }
    return &functions;
  }();
  return loaded;
}

Error failed(const std::string& build_id, std::string why, std::string remedy = {}) {
  return Error{ErrorKind::not_found, "download the debug file", build_id, std::move(why),
               std::move(remedy)};
}

}  // namespace

Result<ElfFile> download_debug_file(const std::string& build_id) {
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  if (!is_build_id(build_id)) return failed(build_id, "the module has no build id");
  const Library* const functions = library();
  if (functions == nullptr) {
    return failed(build_id, "libdebuginfod.so.1 is missing", "install libdebuginfod1");
  }
  void* const client = functions->begin();
  if (client == nullptr) return failed(build_id, "libdebuginfod does not start");
  char* path = nullptr;
  const int descriptor = functions->find_debug_file(
      client, reinterpret_cast<const unsigned char*>(build_id.c_str()), 0, &path);
  functions->end(client);
  const std::string file_path = path == nullptr ? "the debug file of " + build_id : path;
  std::free(path);
  if (descriptor == -ENOSYS) {
    return failed(build_id, "no server is named", "set DEBUGINFOD_URLS");
  }
  if (descriptor < 0) return failed(build_id, std::strerror(-descriptor));
  return ElfFile::from_descriptor(UniqueFd(descriptor), file_path);
}

}  // namespace memwatch::symbols
