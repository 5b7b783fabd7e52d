// The session file on disk as the writer needs it: bytes at an offset or no change at all, and
// replacement of the whole file in one step. Owns the descriptor; one thread.
//
// The process must ignore SIGXFSZ, or a file size limit kills it instead of failing the write.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "collector/base/result.h"
#include "collector/base/unique_fd.h"

namespace memwatch::capture {

class OutputFile {
 public:
  // Creates the file (mode 0600) or empties an existing one. Refused: what is neither a regular
  // file nor a device such as /dev/null, and a file that another recorder is writing now.
  static Result<OutputFile> create(const std::string& path);

  // Writes all of `bytes` at `offset`, the end of what counts. On an error the file is cut back to
  // `offset`, which also frees what a full disk let through.
  Result<void> write_at(std::uint64_t offset, std::string_view bytes);

  // Forgets what stands beyond `end`; nothing happens to a device.
  void cut_back(std::uint64_t end);

  // Puts a new file with these bytes, already on disk, in this one's place. On an error, or where
  // can_replace() is false, the old file stays and stays open.
  Result<void> replace_with(std::string_view head, std::string_view tail);

  // False for devices, and once the name no longer leads to this file: someone removed or replaced
  // it, and a rename would bring back or overwrite what is theirs.
  [[nodiscard]] bool can_replace() const;

  Result<void> sync();

 private:
  OutputFile(UniqueFd fd, std::string path, bool regular)
      : fd_(std::move(fd)), path_(std::move(path)), regular_(regular) {}

  UniqueFd fd_;
  std::string path_;  // absolute, without symbolic links: the target of replacement
  bool regular_ = true;
};

}  // namespace memwatch::capture
