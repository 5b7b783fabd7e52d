#include "tools/cli/gate_baseline.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "collector/base/unique_fd.h"
#include "collector/capture/session_format.h"
#include "tools/cli/session_file.h"
#include "tools/render/output.h"

namespace memwatch::cli {
namespace {

constexpr std::size_t kLargest = std::size_t{16} << 20;

// The beginning of a file, at most `most` bytes.
Result<std::string> read_text(const std::string& path, std::size_t most) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.is_open()) {
    Error error = system_error("read the baseline", path, errno);
    if (errno == ENOENT) error.kind = ErrorKind::not_found;
    return error;
  }
  std::string text;
  std::array<char, 65536> buffer{};
  while (text.size() < most) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("read the baseline", path, errno);
    if (got == 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return text;
}

Result<gate::Baseline> from_session(const std::string& path,
                                    const std::vector<analysis::Suppression>& suppressions) {
  Result<model::Session> session = load_session(path);
  if (!session) return session.error();
  if (const int status = gate::program_status(*session); status != 0) {
    return Error{ErrorKind::damaged, "read the baseline", path,
                 fmt::format("the recorded program failed (exit {})", status),
                 "record a run that succeeds"};
  }
  symbolize_stacks(*session, all_stacks(*session));
  if (!suppressions.empty()) analysis::add_suppressions(*session, suppressions);
  gate::Measurement measurement{gate::Budget{}};
  if (auto added = measurement.add(*session, path); !added) return added.error();
  return gate::baseline_of(measurement, std::nullopt, gate::Listing::all_named);
}

}  // namespace

bool is_session_file(const std::string& path) {
  const Result<std::string> text = read_text(path, 1);
  return text && text->size() >= capture::kFileMagic.size() &&
         std::equal(capture::kFileMagic.begin(), capture::kFileMagic.end(), text->begin());
}

Result<gate::Baseline> load_baseline(const std::string& path, const std::string& remedy,
                                     const std::vector<analysis::Suppression>& suppressions) {
  if (is_session_file(path)) return from_session(path, suppressions);
  Result<gate::Baseline> baseline = gate::read_baseline(path);
  if (baseline || baseline.error().kind != ErrorKind::not_found) return baseline;
  Error error = baseline.error();
  error.remedy = "make it with: " + remedy;
  return error;
}

Result<void> check_replaceable(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return system_error("write the baseline", path, errno);
  }
  if (!S_ISREG(status.st_mode)) {
    return Error{ErrorKind::usage, "write the baseline", path, "it is no regular file", {}};
  }
  const Result<std::string> text = read_text(path, kLargest);
  if (!text) return text.error();
  if (gate::looks_like_baseline(*text)) return {};
  return Error{ErrorKind::usage, "write the baseline", path,
               "the file that is there is no memwatch baseline",
               "name another file, or remove it first"};
}

Result<Written> write_baseline(const std::string& path, const gate::Baseline& baseline) {
  const std::string text = gate::baseline_text(baseline);
  if (const Result<std::string> old = read_text(path, kLargest); old && *old == text) {
    return Written::unchanged;
  }
  // A symbolic link stays one.
  std::error_code error;
  std::string real = std::filesystem::weakly_canonical(path, error).string();
  if (error || real.empty()) real = path;
  const std::string fresh = fmt::format("{}.{}.new", real, ::getpid());
  UniqueFd fd(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!fd.is_open()) return system_error("write the baseline", path, errno);
  struct stat old_status {};
  if (::stat(real.c_str(), &old_status) == 0) {
    [[maybe_unused]] const int kept = ::fchmod(fd.get(), old_status.st_mode & 0777U);
  }
  render::FdOutput output(fd.get(), path);
  output.write(text);
  Result<void> written = output.finish();
  if (written && (::fsync(fd.get()) != 0 || ::rename(fresh.c_str(), real.c_str()) != 0)) {
    written = system_error("write the baseline", path, errno);
  }
  if (!written) {
    ::unlink(fresh.c_str());
    return written.error();
  }
  return Written::written;
}

}  // namespace memwatch::cli
