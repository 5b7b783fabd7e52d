#include "tools/notify/spool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>

#include "collector/base/unique_fd.h"
#include "collector/procfs/text.h"

namespace memwatch::notify {

namespace {

constexpr const char* kSuffix = ".json";

}  // namespace

std::string Spool::path_of(std::uint64_t number) const {
  return fmt::format("{}/{:020}{}", directory_, number, kSuffix);
}

std::vector<Spool::Item> Spool::load() {
  std::vector<std::uint64_t> numbers;
  std::error_code error;
  for (std::filesystem::directory_iterator at(directory_, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    std::uint64_t number = 0;
    const auto [stop, wrong] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (wrong == std::errc{} && std::string_view(stop, name.data() + name.size()) == kSuffix) {
      numbers.push_back(number);
    }
  }
  std::sort(numbers.begin(), numbers.end());
  if (!numbers.empty()) last_ = numbers.back();
  std::vector<Item> items;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    auto text = procfs::read_text(path_of(numbers[i]), kMaxBytes + 1);
    if (i + kMaxFiles < numbers.size() || !text || text->empty() || text->size() > kMaxBytes) {
      remove(numbers[i]);
    } else {
      items.push_back({numbers[i], *std::move(text)});
    }
  }
  return items;
}

Result<std::uint64_t> Spool::add(const std::string& payload) {
  constexpr const char* kAttempted = "keep an alert that waits to be sent";
  mkdir(directory_.c_str(), 0700);
  const std::uint64_t number = last_ + 1;
  const std::string path = path_of(number), temporary = path + ".new";
  const UniqueFd file(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  errno = file.is_open() ? 0 : errno;
  const bool written =
      file.is_open() &&
      write(file.get(), payload.data(), payload.size()) == static_cast<ssize_t>(payload.size()) &&
      rename(temporary.c_str(), path.c_str()) == 0;
  if (!written) {
    const Error error = system_error(kAttempted, path, errno != 0 ? errno : ENOSPC);
    unlink(temporary.c_str());
    return error;
  }
  last_ = number;
  return number;
}

void Spool::remove(std::uint64_t number) {
  unlink(path_of(number).c_str());
}

}  // namespace memwatch::notify
