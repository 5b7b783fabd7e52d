#include "collector/intake/segment.h"

#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <optional>

#include "collector/intake/lost_pages.h"
#include "collector/intake/segment_object.h"
#include "collector/procfs/process_identity.h"
#include "shared/rendezvous.h"

namespace memwatch::intake {

using namespace protocol;

struct Segment::State {
  State(std::string its_name, SegmentObject its_object)
      : name(std::move(its_name)), object(std::move(its_object)) {}

  void watch_pages() { pages.emplace(object.address(), object.size()); }

  std::string name;
  SegmentObject object;
  std::optional<WatchedPages> pages;  // after the object: let go before it
  Geometry geometry{};
};

namespace {

std::uint64_t random_number() {
  std::uint64_t number = 0;
  if (getentropy(&number, sizeof number) != 0) {
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

Error unsound(const std::string& name, std::string why) {
  return Error{
      ErrorKind::damaged, "open the segment", segment_directory() + "/" + name, std::move(why), {}};
}

void apply_injection(const InjectionSettings& settings, Injection& to) {
  to.flags.store(settings.flags, std::memory_order_relaxed);
  to.least_size.store(settings.least_size, std::memory_order_relaxed);
  to.heap_bytes.store(settings.heap_bytes, std::memory_order_relaxed);
  to.first_failing.store(settings.first_failing, std::memory_order_relaxed);
  to.every.store(settings.every, std::memory_order_relaxed);
  to.chance.store(settings.chance, std::memory_order_relaxed);
  to.seed.store(settings.seed, std::memory_order_relaxed);
  // Release: the conditions before the word that they hold; matched by the acquire load in
  // preload/inject_failures.
  to.is_wanted.store(1, std::memory_order_release);
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
  return state_->object.descriptor();
}
bool Segment::is_cut_short() const {
  if (state_->pages->lost() > 0) return true;
  // Its program may have ended by this before there was anything to read.
  struct stat status {};
  return fstat(descriptor(), &status) == 0 &&
         static_cast<std::uint64_t>(status.st_size) < state_->object.size();
}
char* Segment::base() const {
  return static_cast<char*>(state_->object.address());
}

Result<Segment> Segment::create(pid_t pid, std::uint64_t start_time, const Geometry& geometry,
                                const SegmentSettings& settings) {
  std::string name = segment_name(pid, start_time);
  Result<SegmentObject> object =
      SegmentObject::create(name, geometry.segment_bytes, geometry.nodes_offset);
  if (!object) return object.error();
  auto state = std::make_unique<State>(std::move(name), *std::move(object));
  state->geometry = geometry;
  state->watch_pages();
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
  Result<SegmentObject> object = SegmentObject::open(name);
  if (!object) return object.error();
  auto state = std::make_unique<State>(name, *std::move(object));
  std::uint64_t bytes = 0;
  if (std::string why = why_untrusted(state->object.descriptor(), &bytes); !why.empty()) {
    return unsound(name, std::move(why));
  }
  if (const Result<void> mapped = state->object.map(bytes); !mapped) return mapped.error();
  state->watch_pages();
  const auto* header = static_cast<const SegmentHeader*>(state->object.address());
  if (header->magic != kSegmentMagic) return unsound(name, "is not a memwatch segment");
  if (header->version != kProtocolVersion) {
    return unsound(name, "was made by another version of memwatch (protocol " +
                             std::to_string(header->version) + ", this one speaks " +
                             std::to_string(kProtocolVersion) + ")");
  }
  state->geometry = header->geometry;  // the copy is what is checked and used
  if (!is_sound(state->geometry, bytes)) return unsound(name, "has an impossible layout");
  // Acquire: matched by the release store in preload/session.
  if (header->ready.load(std::memory_order_acquire) != 1) return unsound(name, "is not ready yet");
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
  if (settings.injection) apply_injection(*settings.injection, target.injection);
  // Release: the settings before the switch that makes the target look at them.
  target.control.store(static_cast<std::uint32_t>(settings.control), std::memory_order_release);
}

void Segment::remove() {
  SegmentObject::remove(state_->name);
}

Result<void> Segment::keep_header_alone() {
  state_->pages.reset();
  const Result<void> mapped = state_->object.map(sizeof(SegmentHeader));
  state_->watch_pages();
  return mapped;
}

void take_charge(const Segment& segment) {
  SegmentHeader& header = segment.header();
  const auto start = procfs::process_start_ticks(getpid());
  header.collector_start_low.store(static_cast<std::uint32_t>(start.value_or(0U)),
                                   std::memory_order_relaxed);
  // Release: the start time before the number that it belongs to; matched by the acquire load in
  // collector_in_charge().
  header.collector_pid.store(static_cast<std::uint32_t>(getpid()), std::memory_order_release);
}

void release_charge(const Segment& segment) {
  // Release: what this collector did to the segment, before the next one sees that nobody is in
  // charge; matched by the acquire load in collector_in_charge().
  segment.header().collector_pid.store(0, std::memory_order_release);
}

std::uint32_t collector_in_charge(const Segment& segment) {
  const SegmentHeader& header = segment.header();
  const std::uint32_t pid = header.collector_pid.load(std::memory_order_acquire);
  if (pid == 0) return 0;
  const auto start = procfs::process_start_ticks(static_cast<pid_t>(pid));
  // One that was killed and is fetched by nobody (a container without an init) is in charge of
  // nothing.
  if (procfs::zombie_wait_status(static_cast<pid_t>(pid))) return 0;
  const std::uint32_t noted = header.collector_start_low.load(std::memory_order_relaxed);
  return start && static_cast<std::uint32_t>(*start) == noted ? pid : 0;
}

}  // namespace memwatch::intake
