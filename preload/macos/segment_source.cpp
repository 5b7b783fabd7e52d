// macOS has no sockets that keep messages apart between processes of one machine: hello and welcome
// go through a stream, whole, for their sizes are fixed. Runs in the shim's constructor and in
// forked children, with signals blocked, and in a question of the program's own.
#include "preload/segment_source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "preload/kernel.h"
#include "preload/macos/errno_kept.h"
#include "preload/macos/text.h"
#include "shared/rendezvous.h"
#include "shared/segment_names_macos.h"

namespace memwatch::preload {

namespace {

using namespace protocol;

SegmentHeader* map_segment(int fd, std::uint64_t bytes) {
  void* const at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  return at == MAP_FAILED ? nullptr : static_cast<SegmentHeader*>(at);
}

// Who listens there: this process's user or root? (as in segment_source_linux)
bool is_listener_trusted(int fd) {
  uid_t user = 0;
  gid_t group = 0;
  return getpeereid(fd, &user, &group) == 0 && (user == 0 || user == geteuid());
}

// A connected socket, or −1 and errno.
int connect_to(const char* path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t size = std::strlen(path);
  if (size == 0 || size >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  std::memcpy(address.sun_path, path, size);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0) return -1;
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
  const bool is_connected =
      connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  if (is_connected && is_listener_trusted(fd)) return fd;
  const int error = is_connected ? EPERM : errno;
  close(fd);
  errno = error;
  return -1;
}

// No descriptors of /proc go along: the collector has other ways here, or none.
bool send_hello(int fd, const Introduction& introduction) {
  Hello hello = hello_of(introduction);
  hello.address_space_limit = ~0ULL;
  return send(fd, &hello, sizeof hello, 0) == static_cast<ssize_t>(sizeof hello);
}

// The first piece brings the descriptor. −1: there is none.
int take_descriptor(const msghdr& message) {
  int descriptor = -1;
  const cmsghdr* const head = CMSG_FIRSTHDR(&message);
  if (head != nullptr && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
      head->cmsg_len >= CMSG_LEN(sizeof(int))) {
    std::memcpy(&descriptor, CMSG_DATA(head), sizeof descriptor);
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  }
  return descriptor;
}

// All of the welcome, in as many pieces as it comes, until the time is over.
bool receive(int fd, Welcome* welcome, int* descriptor) {
  const std::uint64_t end = monotonic_ms() + kWelcomeTimeoutMs;
  std::size_t got = 0;
  while (got < sizeof *welcome) {
    const std::uint64_t now = monotonic_ms();
    pollfd waiting{fd, POLLIN, 0};
    if (now >= end || poll(&waiting, 1, static_cast<int>(end - now)) != 1) return false;
    iovec part{reinterpret_cast<char*>(welcome) + got, sizeof *welcome - got};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t piece = recvmsg(fd, &message, 0);
    if (piece <= 0) return false;
    if (got == 0) *descriptor = take_descriptor(message);
    got += static_cast<std::size_t>(piece);
  }
  return true;
}

Answer answer_in(const Welcome& welcome, int descriptor, SegmentHeader** segment, char (&path)[128],
                 Unrecorded* why) {
  if (welcome.magic != kWelcomeMagic || welcome.version != kProtocolVersion) {
    return Answer::unreachable;
  }
  if (welcome.verdict == static_cast<std::uint32_t>(Verdict::decline)) return Answer::declined;
  if (welcome.verdict != static_cast<std::uint32_t>(Verdict::record)) return Answer::unreachable;
  *why = descriptor < 0 ? Unrecorded::no_descriptor : Unrecorded::no_memory;
  if (descriptor >= 0) *segment = map_segment(descriptor, welcome.segment_bytes);
  if (*segment == nullptr) return Answer::unreachable;
  std::memcpy(path, welcome.path, sizeof path);
  path[sizeof path - 1] = '\0';
  return Answer::segment;
}

// Makes sure of the user's list of segments: a directory that nobody else can enter.
bool has_private_list(const char* path) {
  if (mkdir(path, 0700) != 0 && errno != EEXIST) return false;
  struct stat status {};
  return lstat(path, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
         (status.st_mode & 077) == 0;
}

// The name of the shared memory object of a segment, by the path of its file.
bool object_name_of(const char* path, char (&name)[kMaxObjectName + 1]) {
  const std::size_t size = std::strlen(path);
  if (size < kRandomDigits) return false;
  Text(name).append(kObjectPrefix).append(path + size - kRandomDigits);
  return true;
}

// An exec leaves the old image's segment behind: same pid, same start time, another random part.
void remove_segments_of_earlier_images(const char* list, const char* prefix) {
  DIR* const directory = opendir(list);  // allocates; the thread passes through
  if (directory == nullptr) return;
  while (const dirent* const entry = readdir(directory)) {
    if (std::strncmp(entry->d_name, prefix, std::strlen(prefix)) != 0) continue;
    char path[256];
    if (std::strlen(list) + std::strlen(entry->d_name) + 2 > sizeof path) continue;
    Text(path).append(list).append("/").append(entry->d_name);
    remove_segment(path);
  }
  closedir(directory);
}

// The object, of the right size and mapped; nullptr, and nothing is left of it.
SegmentHeader* make_object(const char* name, std::uint64_t bytes) {
  const int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
  if (fd < 0) return nullptr;
  SegmentHeader* segment = nullptr;
  if (ftruncate(fd, static_cast<off_t>(bytes)) == 0) segment = map_segment(fd, bytes);
  close(fd);
  if (segment == nullptr) shm_unlink(name);
  return segment;
}

void fill_in_creators_part(SegmentHeader* segment, const Geometry& geometry) {
  segment->magic = kSegmentMagic;
  segment->version = kProtocolVersion;
  segment->header_bytes = sizeof(SegmentHeader);
  segment->segment_id = random_word();
  segment->geometry = geometry;
  segment->control.store(static_cast<std::uint32_t>(Control::idle), std::memory_order_relaxed);
  segment->on_full.store(static_cast<std::uint32_t>(OnFull::drop), std::memory_order_relaxed);
  segment->large_bytes.store(kUnattendedLargeBytes, std::memory_order_relaxed);
}

}  // namespace

Answer segment_from_collector(const char* socket_path, const Introduction& introduction,
                              SegmentHeader** segment, char (&path)[128], Unrecorded* why) {
  const ErrnoKept errno_kept;
  *why = Unrecorded::no_answer;
  const int fd = connect_to(socket_path);
  if (fd < 0) {
    *why = reason_for(errno);
    return Answer::unreachable;
  }
  Answer answer = Answer::unreachable;
  Welcome welcome{};
  int descriptor = -1;
  if (send_hello(fd, introduction) && receive(fd, &welcome, &descriptor)) {
    answer = answer_in(welcome, descriptor, segment, path, why);
  }
  if (descriptor >= 0) close(descriptor);
  close(fd);
  return answer;
}

SegmentHeader* segment_of_our_own(const Introduction& introduction, char (&path)[128]) {
  const ErrnoKept errno_kept;
  const Geometry geometry = ordinary_geometry();
  path[0] = '\0';
  char list[64];
  Text(list).append(kSegmentListPrefix).append_decimal(geteuid());
  if (!has_private_list(list)) return nullptr;
  char name[128];
  Text name_so_far(name);
  name_so_far.append(kSegmentPrefix).append_decimal(geteuid()).append(".");
  name_so_far.append_decimal(introduction.pid).append(".");
  name_so_far.append_decimal(introduction.start_time).append(".");
  // A forked child has no earlier image, and its parent's threads may have been in malloc.
  if (!introduction.is_fork_child) remove_segments_of_earlier_images(list, name);
  name_so_far.append_hex16(random_word());
  Text(path).append(list).append("/").append(name);

  char object[kMaxObjectName + 1];
  SegmentHeader* const segment =
      object_name_of(path, object) ? make_object(object, geometry.segment_bytes) : nullptr;
  const int file =
      segment != nullptr ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600) : -1;
  if (file < 0) {  // what cannot be found is of no use
    if (segment != nullptr) {
      shm_unlink(object);
      munmap(segment, geometry.segment_bytes);
    }
    path[0] = '\0';
    return nullptr;
  }
  close(file);
  fill_in_creators_part(segment, geometry);
  return segment;
}

// macOS does not enforce such limits.
bool is_address_space_limited() {
  return false;
}

void wake_collector(const char* socket_path) {
  const ErrnoKept errno_kept;
  const int fd = connect_to(socket_path);
  if (fd >= 0) close(fd);
}

void remove_segment(const char* path) {
  const ErrnoKept errno_kept;
  char object[kMaxObjectName + 1];
  if (object_name_of(path, object)) shm_unlink(object);
  unlink(path);
}

}  // namespace memwatch::preload
