// The shim reads /proc/self/environ, so each case is a process of its own.
#include "preload/options.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace memwatch::preload {
namespace {

std::string seen_with(const std::vector<std::string>& environment) {
  int ends[2];
  if (pipe(ends) != 0) return "no pipe";
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    std::vector<char*> list;
    for (const std::string& entry : environment) list.push_back(const_cast<char*>(entry.c_str()));
    list.push_back(nullptr);
    char name[] = "options_probe";
    char* arguments[] = {name, nullptr};
    execve(OPTIONS_PROBE, arguments, list.data());
    _exit(127);
  }
  close(ends[1]);
  std::string output;
  char piece[512];
  for (ssize_t got = 0; (got = read(ends[0], piece, sizeof piece)) > 0;) {
    output.append(piece, static_cast<std::size_t>(got));
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? output : "crashed";
}

TEST(Options, AnEmptyEnvironmentMeansFollowAndNobodyToTell) {
  EXPECT_EQ(seen_with({}), "socket=[] follow=1 variable=[] preload=[]");
}

TEST(Options, SocketAndFollowAreRead) {
  EXPECT_EQ(seen_with({"A=b", "MEMWATCH_OPTIONS=socket=/run/x:follow=0", "LD_PRELOAD="}),
            "socket=[/run/x] follow=0 variable=[MEMWATCH_OPTIONS=socket=/run/x:follow=0] "
            "preload=[LD_PRELOAD=]");
}

TEST(Options, FollowIsOnUnlessItIsExactlyZero) {
  for (const char* value : {"1", "", "00", "no"}) {
    const std::string entry = std::string("MEMWATCH_OPTIONS=follow=") + value;
    EXPECT_NE(seen_with({entry}).find("follow=1"), std::string::npos) << value;
  }
}

TEST(Options, UnknownAndMalformedPartsArePassedOver) {
  EXPECT_EQ(
      seen_with({"MEMWATCH_OPTIONS=:x=1::=:follow:socket=/a::"}),
      "socket=[/a] follow=1 variable=[MEMWATCH_OPTIONS=:x=1::=:follow:socket=/a::] preload=[]");
}

TEST(Options, NamesThatOnlyBeginAlikeAreOthers) {
  EXPECT_EQ(seen_with({"MEMWATCH_OPTIONS2=socket=/a", "MEMWATCH_OPTION=socket=/b",
                       "LD_PRELOADED=/c", "XMEMWATCH_OPTIONS=socket=/d"}),
            "socket=[] follow=1 variable=[] preload=[]");
}

TEST(Options, ASocketPathThatDoesNotFitIsLeftOut) {
  const std::string fits(107, 's');
  EXPECT_NE(seen_with({"MEMWATCH_OPTIONS=socket=" + fits}).find("socket=[" + fits + "]"),
            std::string::npos);
  EXPECT_NE(seen_with({"MEMWATCH_OPTIONS=socket=" + fits + "s"}).find("socket=[]"),
            std::string::npos);
}

TEST(Options, HugeVariablesAroundThemDoNoHarm) {
  const std::string huge(100'000, 'x');
  const std::string seen = seen_with({"HUGE=" + huge, "MEMWATCH_OPTIONS=socket=/run/x",
                                      "LD_PRELOAD=" + huge, "MEMWATCH_OPTIONS2=" + huge});
  EXPECT_EQ(seen, "socket=[/run/x] follow=1 variable=[MEMWATCH_OPTIONS=socket=/run/x] preload=[]");
}

}  // namespace
}  // namespace memwatch::preload
