#include "collector/procfs/program_kind.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "tests/unit/procfs/fake_files.h"

namespace memwatch::procfs {
namespace {

TEST(ProgramKind, AProgramIsItself) {
  const Result<ProgramKind> kind = inspect_program("/proc/self/exe");
  ASSERT_TRUE(kind);
  EXPECT_EQ(kind->format, ProgramFormat::elf);
  EXPECT_TRUE(kind->may_execute);
  EXPECT_TRUE(kind->interpreters.empty());
  EXPECT_FALSE(kind->gains_privileges);
}

TEST(ProgramKind, AScriptIsItsInterpreter) {
  const procfs_testing::FakeFiles files;
  files.add("/inner", "#! /bin/sh -e\necho\n");
  files.add("/outer", "#!" + files.root() + "/inner\n");
  const Result<ProgramKind> kind = inspect_program(files.root() + "/outer");
  ASSERT_TRUE(kind);
  EXPECT_FALSE(kind->may_execute) << "mode 0644";
  EXPECT_EQ(kind->interpreters, (std::vector<std::string>{files.root() + "/inner", "/bin/sh"}));
  EXPECT_EQ(kind->program, "/bin/sh");
  EXPECT_EQ(kind->format, ProgramFormat::elf);
}

TEST(ProgramKind, ScriptsInACircleAndMissingInterpretersAreErrors) {
  const procfs_testing::FakeFiles files;
  files.add("/a", "#!" + files.root() + "/b\n");
  files.add("/b", "#!" + files.root() + "/a\n");
  files.add("/c", "#!" + files.root() + "/missing\n");
  EXPECT_FALSE(inspect_program(files.root() + "/a"));
  const Result<ProgramKind> missing = inspect_program(files.root() + "/c");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::not_found);
  EXPECT_EQ(missing.error().subject, files.root() + "/missing");
}

TEST(ProgramKind, TextWithoutAnInterpreterLineIsOther) {
  const procfs_testing::FakeFiles files;
  files.add("/text", "echo hello\n");
  const Result<ProgramKind> kind = inspect_program(files.root() + "/text");
  ASSERT_TRUE(kind);
  EXPECT_EQ(kind->format, ProgramFormat::other);
}

TEST(ProgramKind, ASetuidProgramOfAnotherUserGainsPrivileges) {
  const procfs_testing::FakeFiles files;
  std::ifstream in(STATIC_PROGRAM, std::ios::binary);
  files.add("/program", std::string(std::istreambuf_iterator<char>(in), {}));
  const std::string path = files.root() + "/program";
  ASSERT_EQ(::chmod(path.c_str(), 04755), 0);
  Result<ProgramKind> kind = inspect_program(path);
  ASSERT_TRUE(kind);
  EXPECT_TRUE(kind->is_setuid);
  EXPECT_FALSE(kind->gains_privileges) << "it is our own: nothing changes";
  if (::chown(path.c_str(), 12345, static_cast<gid_t>(-1)) != 0) {
    GTEST_SKIP() << "only root can give a file away";
  }
  ASSERT_EQ(::chmod(path.c_str(), 04755), 0);
  kind = inspect_program(path);
  ASSERT_TRUE(kind);
  EXPECT_TRUE(kind->gains_privileges);
}

TEST(ProgramKind, InterpreterLinesAreReadAsTheKernelDoes) {
  EXPECT_EQ(parse_script_interpreter("#!/bin/sh\n"), "/bin/sh");
  EXPECT_EQ(parse_script_interpreter("#!  /usr/bin/env  python3 -u\nx"), "/usr/bin/env");
  EXPECT_EQ(parse_script_interpreter("#!/no/newline"), "/no/newline");
  EXPECT_EQ(parse_script_interpreter("#!\n/bin/sh"), "");
  EXPECT_EQ(parse_script_interpreter("#!   "), "");
  EXPECT_EQ(parse_script_interpreter(" #!/bin/sh"), "");
  EXPECT_EQ(parse_script_interpreter(""), "");
  EXPECT_LE(parse_script_interpreter("#!" + std::string(5000, 'x')).size(), 254U);
}

}  // namespace
}  // namespace memwatch::procfs
