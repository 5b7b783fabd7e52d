// macOS's POSIX shared memory by its own functions, under short names, and a file beside it for the
// list (shared/segment_names_macos.h). Boost.Interprocess would take ordinary files there.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "collector/base/unique_fd.h"
#include "collector/intake/provisional_segment.h"
#include "collector/intake/segment_object.h"
#include "collector/intake/socket_files.h"
#include "shared/segment_names_macos.h"

namespace memwatch::intake {

struct SegmentObject::State {
  State(std::string its_name, int descriptor) : name(std::move(its_name)), fd(descriptor) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (address != nullptr) munmap(address, size);
  }

  std::string name;
  UniqueFd fd;
  void* address = nullptr;
  std::uint64_t size = 0;
};

namespace {

std::string object_name(const std::string& name) {
  const std::size_t digits = protocol::kRandomDigits;
  return protocol::kObjectPrefix +
         (name.size() < digits ? name : name.substr(name.size() - digits));
}

std::string listed(const std::string& name) {
  return segment_directory() + "/" + name;
}

}  // namespace

SegmentObject::SegmentObject(std::unique_ptr<State> state) : state_(std::move(state)) {}
SegmentObject::SegmentObject(SegmentObject&&) noexcept = default;
SegmentObject& SegmentObject::operator=(SegmentObject&&) noexcept = default;
SegmentObject::~SegmentObject() = default;

// Memory of the system's, not of a file system's: all of it is backed when it is touched.
Result<SegmentObject> SegmentObject::create(const std::string& name, std::uint64_t bytes,
                                            std::uint64_t) {
  constexpr const char* kCreate = "create the segment";
  const std::string directory = segment_directory();
  mkdir(directory.c_str(), 0700);
  if (!is_private_directory(directory)) {
    return Error{ErrorKind::system, kCreate, directory, "is no directory of this user's alone", {}};
  }
  auto state = std::make_unique<State>(
      name, shm_open(object_name(name).c_str(), O_RDWR | O_CREAT | O_EXCL, 0600));
  if (!state->fd.is_open()) return system_error(kCreate, object_name(name), errno);
  ProvisionalSegment provisional(name);
  const UniqueFd file(
      ::open(listed(name).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.is_open() || ftruncate(state->fd.get(), static_cast<off_t>(bytes)) != 0) {
    return system_error(kCreate, listed(name), errno);
  }
  SegmentObject object(std::move(state));
  if (const Result<void> mapped = object.map(bytes); !mapped) return mapped.error();
  provisional.keep();
  return object;
}

Result<SegmentObject> SegmentObject::open(const std::string& name) {
  auto state = std::make_unique<State>(name, shm_open(object_name(name).c_str(), O_RDWR));
  if (!state->fd.is_open()) return system_error("open the segment", object_name(name), errno);
  return SegmentObject(std::move(state));
}

Result<void> SegmentObject::map(std::uint64_t bytes) {
  void* const at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, state_->fd.get(), 0);
  if (at == MAP_FAILED) return system_error("open the segment", listed(state_->name), errno);
  if (state_->address != nullptr) munmap(state_->address, state_->size);
  state_->address = at;
  state_->size = bytes;
  return {};
}

void SegmentObject::remove(const std::string& name) {
  shm_unlink(object_name(name).c_str());
  unlink(listed(name).c_str());
}

int SegmentObject::descriptor() const {
  return state_->fd.get();
}
void* SegmentObject::address() const {
  return state_->address;
}
std::uint64_t SegmentObject::size() const {
  return state_->size;
}

std::string segment_directory() {
  return protocol::kSegmentListPrefix + std::to_string(geteuid());
}

}  // namespace memwatch::intake
