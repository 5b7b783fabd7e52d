#include "tools/notify/sound_player.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>

#include "collector/base/unique_fd.h"
#include "tools/notify/child_process.h"
#include "tools/render/printable.h"

namespace memwatch::notify {

namespace {

std::string found_in_path(const std::string& name) {
  const char* const variable = std::getenv("PATH");
  std::string_view path = variable != nullptr ? variable : "/usr/local/bin:/usr/bin:/bin";
  while (true) {
    const std::size_t end = std::min(path.find(':'), path.size());
    const std::string candidate = std::string(path.substr(0, end)) + "/" + name;
    // A relative part would depend on where the daemon was started.
    if (candidate.starts_with('/') && access(candidate.c_str(), X_OK) == 0) return candidate;
    if (end == path.size()) return {};
    path.remove_prefix(end + 1);
  }
}

// For a program that wants a path: a file that nobody else may read, gone with this object.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view content) {
    const char* const directory = std::getenv("TMPDIR");
    path_ = std::string(directory != nullptr && *directory == '/' ? directory : "/tmp") +
            "/memwatch-XXXXXX.wav";
    const UniqueFd file(mkstemps(path_.data(), 4));
    if (!file.is_open()) {
      why_ = path_ + ": " + std::strerror(errno);
      path_.clear();
      return;
    }
    while (!content.empty()) {
      const ssize_t count = write(file.get(), content.data(), content.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) {
        why_ = path_ + ": " + std::strerror(errno);
        return;
      }
      content.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (!path_.empty()) unlink(path_.c_str());
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& why() const { return why_; }  // "": it is there, and whole

 private:
  std::string path_, why_;
};

}  // namespace

Delivery SoundPlayer::play(const Sound& sound, int stop) {
  std::string tried;
  for (std::size_t i = 0; i < players_.size(); ++i) {
    const std::size_t which = (first_ + i) % players_.size();
    const SoundProgram& player = players_[which];
    const std::string path = found_in_path(player.argv.front());
    if (path.empty()) continue;
    ChildRequest request;
    request.argv = player.argv;
    request.argv.front() = path;
    std::optional<TemporaryFile> file;
    if (player.wants_a_path) {
      file.emplace(sound.wav);
      if (!file->why().empty()) return {Delivery::Result::failed, "no sound: " + file->why()};
      request.argv.push_back(file->path());
    } else {
      request.input = sound.wav;
    }
    request.timeout = sound.length + patience_;
    request.stop = stop;
    request.max_output = 300;
    request.with_errors = true;
    const ChildOutcome outcome = run_child(request);
    if (outcome.end == ChildOutcome::End::stopped) return {Delivery::Result::stopped, {}};
    if (outcome.is_success()) {
      first_ = which;
      return {Delivery::Result::done, "played by " + player.argv.front()};
    }
    const std::string said = outcome.output.substr(0, outcome.output.find('\n'));
    tried += fmt::format("{}{}: {}{}", tried.empty() ? "" : "; ", player.argv.front(),
                         outcome.describe(request.timeout),
                         said.empty() ? "" : ", and said: " + render::printable(said));
  }
  if (tried.empty()) {
    return {Delivery::Result::failed, no_sound_program()};
  }
  return {Delivery::Result::failed, "no sound: " + tried};
}

}  // namespace memwatch::notify
