// Runs memwatch's command line inside the test process and gives back what it wrote and its status.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tools/cli/program.h"

namespace memwatch::testing {

struct CliRun {
  int status = 0;
  std::string out, err;
};

// A folder of its own for each test, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = ::testing::TempDir() + "memwatch-cli-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    const std::string command = "rm -rf '" + path_ + "'";
    if (std::system(command.c_str()) != 0) ADD_FAILURE() << command;
  }
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline std::string read_text(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

inline CliRun run_cli(std::vector<std::string> arguments) {
  const TemporaryFolder folder;
  arguments.insert(arguments.begin(), "memwatch");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  std::fflush(stdout);
  const int kept_out = ::dup(STDOUT_FILENO), kept_err = ::dup(STDERR_FILENO);
  const std::string out = folder.file("out"), err = folder.file("err");
  for (const auto& [path, fd] : {std::pair{out, STDOUT_FILENO}, std::pair{err, STDERR_FILENO}}) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::dup2(file, fd);
    ::close(file);
  }
  CliRun run;
  run.status = cli::run_program(static_cast<int>(arguments.size()), argv.data());
  std::fflush(stdout);
  ::dup2(kept_out, STDOUT_FILENO);
  ::dup2(kept_err, STDERR_FILENO);
  ::close(kept_out);
  ::close(kept_err);
  run.out = read_text(out);
  run.err = read_text(err);
  return run;
}

}  // namespace memwatch::testing
