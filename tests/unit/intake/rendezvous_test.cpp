// The collector's socket, with a fake shim on the other end.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <optional>
#include <vector>

#include "collector/intake/rendezvous_server.h"
#include "tests/unit/intake/segment_builder.h"

namespace memwatch::intake {
namespace {

using protocol::Hello;
using protocol::Welcome;

UniqueFd connect_to(const std::string& path) {
  UniqueFd socket_fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  if (connect(socket_fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return UniqueFd();
  }
  return socket_fd;
}

void send_bytes(const UniqueFd& to, const void* bytes, std::size_t size,
                const std::vector<int>& descriptors = {}) {
  iovec part{const_cast<void*>(bytes), size};
  alignas(cmsghdr) char control[CMSG_SPACE(16 * sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(descriptors.size() * sizeof(int));
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(descriptors.size() * sizeof(int));
    std::memcpy(CMSG_DATA(head), descriptors.data(), descriptors.size() * sizeof(int));
  }
  ASSERT_EQ(sendmsg(to.get(), &message, MSG_NOSIGNAL), static_cast<ssize_t>(size));
}

Hello honest_hello() {
  Hello hello{};
  hello.magic = protocol::kHelloMagic;
  hello.version = protocol::kProtocolVersion;
  hello.pid = static_cast<std::uint32_t>(getpid());
  hello.start_time = 42;
  hello.address_space_limit = ~0ULL;
  return hello;
}

struct Answer {
  ssize_t bytes = -1;
  Welcome welcome{};
  UniqueFd segment;
};

Answer receive(const UniqueFd& from) {
  Answer answer;
  iovec part{&answer.welcome, sizeof answer.welcome};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  answer.bytes = recvmsg(from.get(), &message, MSG_CMSG_CLOEXEC);
  if (const cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr) {
    int descriptor = -1;
    std::memcpy(&descriptor, CMSG_DATA(head), sizeof descriptor);
    answer.segment.reset(descriptor);
  }
  return answer;
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

ino_t inode(int descriptor) {
  struct stat status {};
  return fstat(descriptor, &status) == 0 ? status.st_ino : 0;
}

class Rendezvous : public testing::Test {
 protected:
  void SetUp() override {
    auto server = RendezvousServer::create();
    ASSERT_TRUE(server) << server.error().to_line();
    server_.emplace(*std::move(server));
  }
  std::optional<RendezvousServer> server_;
};

TEST_F(Rendezvous, TheSocketIsTheUsersAloneAndGoesWithTheServer) {
  const std::string path = server_->path();
  EXPECT_LT(path.size(), protocol::kMaxRendezvousPath);
  EXPECT_EQ(path.find(':'), std::string::npos);  // it travels in MEMWATCH_OPTIONS
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_TRUE(S_ISSOCK(status.st_mode));
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  const auto directory = std::filesystem::path(path).parent_path();
  ASSERT_EQ(stat(directory.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 077, 0U);
  server_.reset();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(Rendezvous, NobodyThereIsNobodyAndTakesNoTime) {
  EXPECT_FALSE(server_->accept_visitor());
}

TEST_F(Rendezvous, AMovedServerGoesOnAndCleansUpOnce) {
  RendezvousServer moved = std::move(*server_);
  server_.reset();
  EXPECT_TRUE(std::filesystem::exists(moved.path()));
  EXPECT_TRUE(connect_to(moved.path()).is_open());
}

TEST_F(Rendezvous, AVisitorIsWhoTheKernelSaysAndBringsItsDescriptors) {
  const UniqueFd shim = connect_to(server_->path());
  ASSERT_TRUE(shim.is_open());
  const UniqueFd maps(open("/proc/self/maps", O_RDONLY | O_CLOEXEC));
  const UniqueFd memory(open("/dev/null", O_RDONLY | O_CLOEXEC));
  Hello hello = honest_hello();
  hello.pid = 1;  // its own word does not count
  hello.descriptors = 2;
  hello.fork_token = 77;
  send_bytes(shim, &hello, sizeof hello, {maps.get(), memory.get()});
  auto visitor = server_->accept_visitor();
  ASSERT_TRUE(visitor);
  EXPECT_EQ(visitor->pid, getpid());
  EXPECT_EQ(visitor->hello.fork_token, 77U);
  EXPECT_EQ(visitor->hello.start_time, 42U);
  EXPECT_EQ(inode(visitor->maps.get()), inode(maps.get()));
  EXPECT_EQ(inode(visitor->memory.get()), inode(memory.get()));
  EXPECT_NE(fcntl(visitor->maps.get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(Rendezvous, HandingOverGivesTheSegmentItself) {
  const UniqueFd shim = connect_to(server_->path());
  const Hello hello = honest_hello();
  send_bytes(shim, &hello, sizeof hello);
  auto visitor = server_->accept_visitor();
  ASSERT_TRUE(visitor);
  intake_testing::SegmentBuilder builder;
  const Segment segment = builder.take();
  hand_over(std::move(*visitor), segment);
  const Answer answer = receive(shim);
  ASSERT_EQ(answer.bytes, static_cast<ssize_t>(sizeof(Welcome)));
  EXPECT_EQ(answer.welcome.magic, protocol::kWelcomeMagic);
  EXPECT_EQ(answer.welcome.version, protocol::kProtocolVersion);
  EXPECT_EQ(answer.welcome.verdict, static_cast<std::uint32_t>(protocol::Verdict::record));
  EXPECT_EQ(answer.welcome.segment_bytes, segment.bytes());
  EXPECT_EQ(answer.welcome.path, "/dev/shm/" + segment.name());
  ASSERT_TRUE(answer.segment.is_open());
  void* mapped = mmap(nullptr, segment.bytes(), PROT_READ, MAP_SHARED, answer.segment.get(), 0);
  ASSERT_NE(mapped, MAP_FAILED);
  EXPECT_EQ(static_cast<const protocol::SegmentHeader*>(mapped)->segment_id,
            segment.header().segment_id);
  munmap(mapped, segment.bytes());
  EXPECT_EQ(receive(shim).bytes, 0);  // and the connection is closed
}

TEST_F(Rendezvous, DecliningSaysSo) {
  const UniqueFd shim = connect_to(server_->path());
  const Hello hello = honest_hello();
  send_bytes(shim, &hello, sizeof hello);
  auto visitor = server_->accept_visitor();
  ASSERT_TRUE(visitor);
  decline(std::move(*visitor));
  const Answer answer = receive(shim);
  EXPECT_EQ(answer.welcome.verdict, static_cast<std::uint32_t>(protocol::Verdict::decline));
  EXPECT_FALSE(answer.segment.is_open());
}

TEST_F(Rendezvous, NonsenseIsTurnedAwayWithoutAnAnswer) {
  Hello wrong_magic = honest_hello();
  wrong_magic.magic ^= 1;
  Hello wrong_version = honest_hello();
  ++wrong_version.version;
  const std::vector<char> noise(5000, 'x');
  const auto turned_away = [&](const void* bytes, std::size_t size) {
    const UniqueFd shim = connect_to(server_->path());
    send_bytes(shim, bytes, size);
    EXPECT_FALSE(server_->accept_visitor());
    EXPECT_LE(receive(shim).bytes, 0);
  };
  turned_away(&wrong_magic, sizeof wrong_magic);
  turned_away(&wrong_version, sizeof wrong_version);
  turned_away(&wrong_version, 1);
  turned_away(&wrong_version, sizeof(Hello) - 1);
  turned_away(noise.data(), noise.size());
}

TEST_F(Rendezvous, APeerThatSaysNothingOrLeavesDoesNotHoldUpTheOthers) {
  const UniqueFd silent = connect_to(server_->path());
  connect_to(server_->path());  // gone again
  const UniqueFd shim = connect_to(server_->path());
  const Hello hello = honest_hello();
  send_bytes(shim, &hello, sizeof hello);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(server_->accept_visitor());
  EXPECT_FALSE(server_->accept_visitor());
  EXPECT_TRUE(server_->accept_visitor());
  // A tenth of a second is promised; the rest is for machines with other things to do.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

TEST_F(Rendezvous, ManyWaitInLineAndAllAreSeen) {
  std::vector<UniqueFd> shims;
  for (unsigned i = 0; i < 200; ++i) {
    shims.push_back(connect_to(server_->path()));
    ASSERT_TRUE(shims.back().is_open()) << i;
    Hello hello = honest_hello();
    hello.fork_token = i;
    send_bytes(shims.back(), &hello, sizeof hello);
  }
  for (unsigned i = 0; i < 200; ++i) {
    const auto visitor = server_->accept_visitor();
    ASSERT_TRUE(visitor);
    EXPECT_EQ(visitor->hello.fork_token, i);
  }
  EXPECT_FALSE(server_->accept_visitor());
}

TEST_F(Rendezvous, DescriptorsNobodyAskedForAreClosed) {
  const UniqueFd something(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const Hello hello = honest_hello();
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 5; ++i) {
    const UniqueFd shim = connect_to(server_->path());
    send_bytes(shim, &hello, sizeof hello, std::vector<int>(12, something.get()));
    EXPECT_TRUE(server_->accept_visitor());
    const UniqueFd liar = connect_to(server_->path());
    send_bytes(liar, "nonsense", 8, std::vector<int>(5, something.get()));
    EXPECT_FALSE(server_->accept_visitor());
  }
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace memwatch::intake
