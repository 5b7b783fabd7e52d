#include <errno.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>

#include "preload/backed_memory.h"
#include "preload/kernel.h"
#include "preload/raw_syscalls_linux.h"
#include "preload/segment_source.h"
#include "shared/rendezvous.h"

namespace memwatch::preload {

namespace {

using namespace protocol;

std::uint64_t limit_of(int resource) {
  rlimit limit{RLIM_INFINITY, RLIM_INFINITY};
  raw_syscall(SYS_prlimit64, 0, resource, 0, as_word(&limit));
  return limit.rlim_cur;
}

SegmentHeader* map_segment(long fd, std::uint64_t bytes) {
  const long at = raw_mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
  return is_raw_error(at) ? nullptr : reinterpret_cast<SegmentHeader*>(at);
}

// Who listens there: this process's user or root? The directory may have been removed with its
// collector while the path lives on in environments, and in one such as /tmp anybody may have made
// it again: our memory is not for them, nor their segment for us.
bool is_listener_trusted(long fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return raw_syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, as_word(&peer), as_word(&size)) ==
             0 &&
         (peer.uid == 0 || peer.uid == effective_user());
}

long connect_to(const char* path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t size = std::strlen(path);
  if (size == 0 || size >= sizeof address.sun_path) return -ENAMETOOLONG;
  std::memcpy(address.sun_path, path, size);
  const long fd = raw_syscall(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (is_raw_error(fd)) return fd;
  long result = raw_syscall(SYS_connect, fd, as_word(&address), sizeof address);
  if (result == 0 && !is_listener_trusted(fd)) result = -EPERM;
  if (result != 0) {
    raw_close(fd);
    return result;
  }
  return fd;
}

bool send_hello(long fd, const Introduction& introduction) {
  Hello hello = hello_of(introduction);
  hello.address_space_limit = limit_of(RLIMIT_AS);

  long attached[2] = {raw_open("/proc/self/maps", O_RDONLY | O_CLOEXEC),
                      raw_open("/proc/self/mem", O_RDONLY | O_CLOEXEC)};
  int count = 0;
  if (!is_raw_error(attached[0])) count = is_raw_error(attached[1]) ? 1 : 2;
  hello.descriptors = static_cast<std::uint32_t>(count);

  iovec part{&hello, sizeof hello};
  alignas(cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (count > 0) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(static_cast<std::size_t>(count) * sizeof(int));
    auto* head = reinterpret_cast<cmsghdr*>(control);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(static_cast<std::size_t>(count) * sizeof(int));
    for (int i = 0; i < count; ++i) {
      const int descriptor = static_cast<int>(attached[i]);
      std::memcpy(CMSG_DATA(head) + static_cast<std::size_t>(i) * sizeof(int), &descriptor,
                  sizeof descriptor);
    }
  }
  const long sent = raw_syscall(SYS_sendmsg, fd, as_word(&message), MSG_NOSIGNAL);
  for (const long descriptor : attached) {
    if (!is_raw_error(descriptor)) raw_close(descriptor);
  }
  return sent == static_cast<long>(sizeof hello);
}

// Waits at most until the deadline; a signal does not cut the wait short (they are blocked).
bool wait_readable(long fd, int timeout_ms) {
  pollfd waiting{static_cast<int>(fd), POLLIN, 0};
  const timespec limit{timeout_ms / 1000, (timeout_ms % 1000) * 1000000L};
  return raw_syscall(SYS_ppoll, as_word(&waiting), 1, as_word(&limit), 0, 8) == 1;
}

// The collector's answer, and the descriptor of the segment that comes with it: −1 where the
// process has none to spare for it. Answer::segment: it is not mapped yet.
Answer receive_welcome(long fd, Welcome* welcome, long* segment) {
  if (!wait_readable(fd, kWelcomeTimeoutMs)) return Answer::unreachable;
  iovec part{welcome, sizeof *welcome};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const long got = raw_syscall(SYS_recvmsg, fd, as_word(&message), MSG_CMSG_CLOEXEC);
  const auto* head = reinterpret_cast<const cmsghdr*>(control);
  if (got > 0 && message.msg_controllen >= CMSG_LEN(sizeof(int)) &&
      head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS) {
    int descriptor = -1;
    std::memcpy(&descriptor, CMSG_DATA(head), sizeof descriptor);
    *segment = descriptor;
  }
  if (got != static_cast<long>(sizeof *welcome) || welcome->magic != kWelcomeMagic ||
      welcome->version != kProtocolVersion) {
    return Answer::unreachable;
  }
  if (welcome->verdict == static_cast<std::uint32_t>(Verdict::decline)) return Answer::declined;
  return welcome->verdict == static_cast<std::uint32_t>(Verdict::record) ? Answer::segment
                                                                         : Answer::unreachable;
}

// By its name, once the socket is closed: for a process that has one descriptor to spare. What
// somebody else put there is not believed, nor waited for.
long open_segment(const char* path, std::uint64_t bytes) {
  const long fd = raw_open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (is_raw_error(fd)) return fd;
  struct stat status {};
  const bool is_genuine = raw_syscall(SYS_fstat, fd, as_word(&status)) == 0 &&
                          S_ISREG(status.st_mode) && (status.st_mode & 077) == 0 &&
                          status.st_uid == effective_user() &&
                          static_cast<std::uint64_t>(status.st_size) >= bytes;
  if (is_genuine) return fd;
  raw_close(fd);
  return -EPERM;
}

char* append_text(char* to, const char* text) {
  while (*text != '\0') *to++ = *text++;
  return to;
}

char* append_decimal(char* to, std::uint64_t value) {
  char digits[20];
  int count = 0;
  do {
    digits[count++] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  while (count > 0) *to++ = digits[--count];
  return to;
}

char* append_hex16(char* to, std::uint64_t value) {
  for (int shift = 60; shift >= 0; shift -= 4) *to++ = "0123456789abcdef"[(value >> shift) & 15];
  return to;
}

constexpr char kDirectory[] = "/dev/shm/";

// An exec leaves the old image's segment behind: same pid, same start time, another random part.
void remove_segments_of_earlier_images(const char* prefix) {
  const long fd = raw_open(kDirectory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (is_raw_error(fd)) return;
  struct Entry {
    std::uint64_t inode;
    std::int64_t offset;
    std::uint16_t length;
    std::uint8_t type;
    char name[1];
  };
  alignas(Entry) char entries[4096] = {};
  for (;;) {
    const long got = raw_syscall(SYS_getdents64, fd, as_word(entries), sizeof entries);
    if (got <= 0) break;
    for (long at = 0; at < got;) {
      const auto* entry = reinterpret_cast<const Entry*>(entries + at);
      const char* name = entries + at + offsetof(Entry, name);
      if (std::strncmp(name, prefix, std::strlen(prefix)) == 0) {
        raw_syscall(SYS_unlinkat, fd, as_word(name), 0);
      }
      at += entry->length;
    }
  }
  raw_close(fd);
}

}  // namespace

Answer segment_from_collector(const char* socket_path, const Introduction& introduction,
                              SegmentHeader** segment, char (&path)[128], Unrecorded* why) {
  *why = Unrecorded::no_answer;
  const long fd = connect_to(socket_path);
  if (is_raw_error(fd)) {
    *why = reason_for(static_cast<int>(-fd));
    return Answer::unreachable;
  }
  Welcome welcome{};
  long descriptor = -1;
  const Answer answer = send_hello(fd, introduction) ? receive_welcome(fd, &welcome, &descriptor)
                                                     : Answer::unreachable;
  raw_close(fd);
  welcome.path[sizeof welcome.path - 1] = '\0';
  if (answer == Answer::segment && descriptor < 0) {
    descriptor = open_segment(welcome.path, welcome.segment_bytes);
    if (is_raw_error(descriptor)) {
      *why = reason_for(static_cast<int>(-descriptor));
      return Answer::unreachable;
    }
  }
  if (answer == Answer::segment) *segment = map_segment(descriptor, welcome.segment_bytes);
  if (descriptor >= 0) raw_close(descriptor);
  if (answer != Answer::segment) return answer;
  if (*segment == nullptr) {
    *why = Unrecorded::no_memory;
    return Answer::unreachable;
  }
  std::memcpy(path, welcome.path, sizeof path);
  return Answer::segment;
}

SegmentHeader* segment_of_our_own(const Introduction& introduction, char (&path)[128]) {
  const bool limited =
      limit_of(RLIMIT_AS) != RLIM_INFINITY || limit_of(RLIMIT_FSIZE) != RLIM_INFINITY;
  const Geometry geometry = limited ? compact_geometry() : ordinary_geometry();
  // A file longer than RLIMIT_FSIZE would be answered with SIGXFSZ.
  if (limit_of(RLIMIT_FSIZE) < geometry.segment_bytes) return nullptr;

  std::uint64_t random[2] = {};
  raw_syscall(SYS_getrandom, as_word(random), sizeof random, 1 /* GRND_NONBLOCK */);
  path[0] = '\0';
  char* at = append_text(path, kDirectory);
  char* name = at;
  at = append_text(at, kSegmentPrefix);
  at = append_decimal(at, static_cast<std::uint64_t>(raw_syscall(SYS_geteuid)));
  *at++ = '.';
  at = append_decimal(at, introduction.pid);
  *at++ = '.';
  at = append_decimal(at, introduction.start_time);
  *at++ = '.';
  *at = '\0';
  remove_segments_of_earlier_images(name);
  at = append_hex16(at, random[0]);
  *at = '\0';

  const long fd = raw_open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (is_raw_error(fd)) {
    path[0] = '\0';
    return nullptr;
  }
  SegmentHeader* segment = nullptr;
  if (raw_syscall(SYS_ftruncate, fd, static_cast<long>(geometry.segment_bytes)) == 0) {
    segment = map_segment(fd, geometry.segment_bytes);
  }
  raw_close(fd);
  if (segment != nullptr && !back_pages(segment, sizeof *segment)) {
    raw_munmap(segment, geometry.segment_bytes);
    segment = nullptr;
  }
  if (segment == nullptr) {
    remove_segment(path);
    path[0] = '\0';
    return nullptr;
  }
  segment->magic = kSegmentMagic;
  segment->version = kProtocolVersion;
  segment->header_bytes = sizeof(SegmentHeader);
  segment->segment_id = random[1];
  segment->geometry = geometry;
  segment->control.store(static_cast<std::uint32_t>(Control::idle), std::memory_order_relaxed);
  segment->on_full.store(static_cast<std::uint32_t>(OnFull::drop), std::memory_order_relaxed);
  segment->large_bytes.store(kUnattendedLargeBytes, std::memory_order_relaxed);
  return segment;
}

bool is_address_space_limited() {
  return limit_of(RLIMIT_AS) != RLIM_INFINITY || limit_of(RLIMIT_DATA) != RLIM_INFINITY;
}

void wake_collector(const char* socket_path) {
  const long fd = connect_to(socket_path);
  if (!is_raw_error(fd)) raw_close(fd);
}

void remove_segment(const char* path) {
  raw_syscall(SYS_unlinkat, AT_FDCWD, as_word(path), 0);
}

}  // namespace memwatch::preload
