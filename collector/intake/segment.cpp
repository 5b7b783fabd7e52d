#include "collector/intake/segment.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <boost/interprocess/exceptions.hpp>
#include <boost/interprocess/mapped_region.hpp>
#include <boost/interprocess/shared_memory_object.hpp>
#include <cstring>
#include <optional>

#include "collector/intake/lost_pages.h"
#include "collector/procfs/process_identity.h"
#include "shared/rendezvous.h"

namespace memwatch::intake {

namespace bip = boost::interprocess;
using namespace protocol;

struct Segment::State {
  std::string name;
  bip::shared_memory_object object;
  bip::mapped_region region;
  std::optional<WatchedPages> pages;  // after the region: let go before it
  Geometry geometry{};

  void map(std::uint64_t bytes) {
    region = bip::mapped_region(object, bip::read_write, 0, bytes);
    pages.emplace(region.get_address(), region.get_size());
  }
};

namespace {

std::uint64_t random_number() {
  std::uint64_t number = 0;
  if (getrandom(&number, sizeof number, 0) != static_cast<ssize_t>(sizeof number)) {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    number = static_cast<std::uint64_t>(now.tv_nsec) * 0x9e3779b97f4a7c15ULL;
  }
  return number;
}

std::string segment_name(pid_t pid, std::uint64_t start_time) {
  char suffix[17];
  snprintf(suffix, sizeof suffix, "%016llx", static_cast<unsigned long long>(random_number()));
  return std::string(kSegmentPrefix) + std::to_string(geteuid()) + "." + std::to_string(pid) + "." +
         std::to_string(start_time) + "." + suffix;
}

Error shm_error(std::string attempted, const std::string& name,
                const bip::interprocess_exception& e) {
  return system_error(std::move(attempted), "/dev/shm/" + name, e.get_native_error());
}

Error unsound(const std::string& name, std::string why) {
  return Error{ErrorKind::damaged, "open the segment", "/dev/shm/" + name, std::move(why), {}};
}

// Why this object must not be used, or nothing.
std::string why_untrusted(int descriptor, std::uint64_t* bytes) {
  struct stat status {};
  if (fstat(descriptor, &status) != 0) return "cannot be examined";
  if (status.st_uid != geteuid() && geteuid() != 0) return "belongs to another user";
  if ((status.st_mode & 077) != 0) return "others may open it";
  if (static_cast<std::uint64_t>(status.st_size) < sizeof(SegmentHeader)) return "is too short";
  *bytes = static_cast<std::uint64_t>(status.st_size);
  return {};
}

// An object to remove again unless everything went well.
class Provisional {
 public:
  explicit Provisional(const std::string& name) : name_(name) {}
  ~Provisional() {
    if (!kept_) bip::shared_memory_object::remove(name_.c_str());
  }
  Provisional(const Provisional&) = delete;
  Provisional& operator=(const Provisional&) = delete;
  void keep() { kept_ = true; }

 private:
  const std::string& name_;
  bool kept_ = false;
};

}  // namespace

Segment::Segment(std::unique_ptr<State> state) : state_(std::move(state)) {}
Segment::Segment(Segment&&) noexcept = default;
Segment& Segment::operator=(Segment&&) noexcept = default;
Segment::~Segment() = default;

const std::string& Segment::name() const {
  return state_->name;
}
const Geometry& Segment::geometry() const {
  return state_->geometry;
}
SegmentHeader& Segment::header() const {
  return *at<SegmentHeader>(0);
}
std::uint64_t Segment::bytes() const {
  return state_->geometry.segment_bytes;
}
int Segment::descriptor() const {
  return state_->object.get_mapping_handle().handle;
}
bool Segment::is_cut_short() const {
  if (state_->pages->lost() > 0) return true;
  // Its program may have ended by this before there was anything to read.
  struct stat status {};
  return fstat(descriptor(), &status) == 0 &&
         static_cast<std::uint64_t>(status.st_size) < state_->region.get_size();
}
char* Segment::base() const {
  return static_cast<char*>(state_->region.get_address());
}

Result<Segment> Segment::create(pid_t pid, std::uint64_t start_time, const Geometry& geometry,
                                const SegmentSettings& settings) {
  auto state = std::make_unique<State>();
  state->name = segment_name(pid, start_time);
  state->geometry = geometry;
  try {
    bip::permissions owner_only(0600);
    state->object = bip::shared_memory_object(bip::create_only, state->name.c_str(),
                                              bip::read_write, owner_only);
    Provisional provisional(state->name);
    state->object.truncate(static_cast<bip::offset_t>(geometry.segment_bytes));
    // The object is sparse; what both sides write at once must be there for certain.
    const int error = posix_fallocate(state->object.get_mapping_handle().handle, 0,
                                      static_cast<off_t>(geometry.nodes_offset));
    if (error != 0) {
      return system_error("reserve shared memory for the traced process", "/dev/shm/" + state->name,
                          error);
    }
    state->map(geometry.segment_bytes);
    provisional.keep();
  } catch (const bip::interprocess_exception& exception) {
    return shm_error("create the segment", state->name, exception);
  }
  Segment segment(std::move(state));
  SegmentHeader& header = segment.header();
  header.magic = kSegmentMagic;
  header.version = kProtocolVersion;
  header.header_bytes = sizeof(SegmentHeader);
  header.segment_id = random_number();
  header.geometry = geometry;
  segment.apply(settings);
  take_charge(segment);
  return segment;
}

Result<Segment> Segment::open(const std::string& name) {
  auto state = std::make_unique<State>();
  state->name = name;
  try {
    state->object = bip::shared_memory_object(bip::open_only, name.c_str(), bip::read_write);
    std::uint64_t bytes = 0;
    if (std::string why = why_untrusted(state->object.get_mapping_handle().handle, &bytes);
        !why.empty()) {
      return unsound(name, std::move(why));
    }
    state->map(bytes);
    const auto* header = static_cast<const SegmentHeader*>(state->region.get_address());
    if (header->magic != kSegmentMagic) return unsound(name, "is not a memwatch segment");
    if (header->version != kProtocolVersion) {
      return unsound(name, "was made by another version of memwatch (protocol " +
                               std::to_string(header->version) + ", this one speaks " +
                               std::to_string(kProtocolVersion) + ")");
    }
    state->geometry = header->geometry;  // the copy is what is checked and used
    if (!is_sound(state->geometry, bytes)) return unsound(name, "has an impossible layout");
    // Acquire: matched by the release store in preload/session.
    if (header->ready.load(std::memory_order_acquire) != 1) {
      return unsound(name, "is not ready yet");
    }
  } catch (const bip::interprocess_exception& exception) {
    return shm_error("open the segment", name, exception);
  }
  return Segment(std::move(state));
}

void Segment::apply(const SegmentSettings& settings) const {
  SegmentHeader& target = header();
  target.on_full.store(static_cast<std::uint32_t>(settings.on_full), std::memory_order_relaxed);
  target.large_bytes.store(settings.large_bytes, std::memory_order_relaxed);
  target.sample_interval.store(settings.sample_interval, std::memory_order_relaxed);
  std::memset(target.rendezvous, 0, sizeof target.rendezvous);
  if (settings.rendezvous.size() < sizeof target.rendezvous) {
    std::memcpy(target.rendezvous, settings.rendezvous.data(), settings.rendezvous.size());
  }
  target.leak_check.store(settings.leak_check ? 1 : 0, std::memory_order_relaxed);
  // Release: the settings before the switch that makes the target look at them.
  target.control.store(static_cast<std::uint32_t>(settings.control), std::memory_order_release);
}

void Segment::remove() {
  bip::shared_memory_object::remove(state_->name.c_str());
}

void take_charge(const Segment& segment) {
  SegmentHeader& header = segment.header();
  const auto start = procfs::process_start_ticks(getpid());
  header.collector_start_low.store(static_cast<std::uint32_t>(start.value_or(0U)),
                                   std::memory_order_relaxed);
  header.collector_pid.store(static_cast<std::uint32_t>(getpid()), std::memory_order_release);
}

void release_charge(const Segment& segment) {
  segment.header().collector_pid.store(0, std::memory_order_release);
}

std::uint32_t collector_in_charge(const Segment& segment) {
  const SegmentHeader& header = segment.header();
  const std::uint32_t pid = header.collector_pid.load(std::memory_order_acquire);
  if (pid == 0) return 0;
  const auto start = procfs::process_start_ticks(static_cast<pid_t>(pid));
  const std::uint32_t noted = header.collector_start_low.load(std::memory_order_relaxed);
  return start && static_cast<std::uint32_t>(*start) == noted ? pid : 0;
}

}  // namespace memwatch::intake
