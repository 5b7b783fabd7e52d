#include "tools/cli/find_program.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/unit/cli/run_cli.h"
#include "tools/cli/installation.h"

namespace memwatch::cli {
namespace {

void write_file(const std::string& path, mode_t mode) {
  std::ofstream(path) << "#!/bin/sh\n";
  ::chmod(path.c_str(), mode);
}

TEST(FindProgram, SearchesPathInOrderAndPrefersWhatCanBeExecuted) {
  const testing::TemporaryFolder first, second;
  write_file(first.file("tool"), 0600);
  write_file(second.file("tool"), 0700);
  const std::string path = first.file("") + ":" + second.file("");
  const auto found = find_program_along("tool", path);
  ASSERT_TRUE(found.has_value());
  // Root may execute only what has some x bit, as everybody else.
  EXPECT_EQ(*found, second.file("") + "/tool");
  EXPECT_EQ(*find_program_along("tool", first.file("")), first.file("") + "/tool");
}

TEST(FindProgram, SaysWhyItIsNotThere) {
  EXPECT_EQ(find_program_along("nosuch", "/bin").error().kind, ErrorKind::not_found);
  EXPECT_EQ(find_program_along("./nosuch", "/bin").error().why, "there is no such file");
  EXPECT_EQ(find_program_along("/tmp", "/bin").error().why, "it is a directory");
  EXPECT_FALSE(find_program_along("", "/bin").has_value());
}

TEST(Installation, LooksBesideTheProgramFirst) {
  EXPECT_EQ(preload_library_candidates("/opt/memwatch/bin").front(),
            "/opt/memwatch/lib/libmemwatch_preload.so");
}

}  // namespace
}  // namespace memwatch::cli
