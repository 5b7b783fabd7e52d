#include "collector/capture/session_writer.h"

#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "collector/capture/output_file.h"
#include "collector/capture/session_encode.h"

namespace memwatch::capture {
namespace {

constexpr std::uint64_t kCompactionSlackBytes = std::uint64_t{1} << 20;

// Tells this file's chunks from those of any other; need not be secret.
std::uint64_t make_file_id() {
  std::uint64_t id = 0;
  if (::getrandom(&id, sizeof(id), GRND_NONBLOCK) == static_cast<ssize_t>(sizeof(id))) return id;
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  return static_cast<std::uint64_t>(now) ^ (static_cast<std::uint64_t>(::getpid()) << 48);
}

}  // namespace

struct SessionWriter::State {
  State(OutputFile opened, std::string name) : file(std::move(opened)), path(std::move(name)) {}

  OutputFile file;
  std::string path;
  std::uint64_t file_id = make_file_id();
  Shadow shadow;                 // of what is committed
  ChunkPosition position;        // the end of what is committed
  std::uint64_t full_bytes = 0;  // file size after the last full snapshot, or the last try at one
  bool failing = false;          // the last checkpoint failed, and that was reported
  bool said_why = false;         // a chunk that says why it failed stands after what is committed
  bool finished = false;

  [[nodiscard]] bool outgrown() const {
    return position.offset - full_bytes > std::max(full_bytes, kCompactionSlackBytes);
  }
  // One group: all changes since `from`, commit, and the end mark if wanted. Empty: no changes.
  static void encode(const model::Session& session, bool last, Shadow& from, ChunkWriter& chunks);
  Result<void> append(const model::Session& session, bool last);
  Result<void> rewrite(const model::Session& session, bool last);
  Result<void> write(const model::Session& session, bool last);
  Result<void> write_or_say_why(const model::Session& session, bool last);
};

void SessionWriter::State::encode(const model::Session& session, bool last, Shadow& from,
                                  ChunkWriter& chunks) {
  encode_changes(session, last, from, chunks);
  if (chunks.empty() && !last) return;
  encode_commit(session, from, chunks);
  if (last) chunks.add(ChunkType::end, {});
}

Result<void> SessionWriter::State::append(const model::Session& session, bool last) {
  Shadow next = shadow;
  ChunkWriter chunks(file_id, position);
  encode(session, last, next, chunks);
  if (chunks.empty()) {
    if (std::exchange(said_why, false)) file.cut_back(position.offset);
    return {};
  }
  if (Result<void> written = file.write_at(position.offset, chunks.bytes()); !written) {
    return written;
  }
  if (shadow.checkpoints == 0) full_bytes = chunks.end().offset;
  if (std::exchange(said_why, false)) file.cut_back(chunks.end().offset);
  shadow = std::move(next);
  position = chunks.end();
  return {};
}

Result<void> SessionWriter::State::rewrite(const model::Session& session, bool last) {
  Shadow next;
  next.checkpoints = shadow.checkpoints;
  ChunkWriter chunks(file_id, ChunkPosition{});
  encode(session, last, next, chunks);
  if (Result<void> replaced = file.replace_with(make_file_header(file_id), chunks.bytes());
      !replaced) {
    return replaced;
  }
  shadow = std::move(next);
  position = chunks.end();
  full_bytes = position.offset;
  said_why = false;
  return {};
}

Result<void> SessionWriter::State::write(const model::Session& session, bool last) {
  try {
    if (!continues(session, shadow)) return rewrite(session, last);
    if (outgrown() && file.can_replace()) {
      if (rewrite(session, last)) return {};
      full_bytes = position.offset;  // no room for a copy: append, and try again much later
    }
    return append(session, last);
  } catch (const std::exception& problem) {
    return Error{ErrorKind::system, "write the session file", path, problem.what(), {}};
  }
}

// What found no room was a checkpoint, some KB; these few bytes mostly fit into the block that the
// last one ends in. Nothing is kept back for them: a reader that finds none names all causes.
Result<void> SessionWriter::State::write_or_say_why(const model::Session& session, bool last) {
  Result<void> written = write(session, last);
  if (written) return written;
  ChunkWriter chunks(file_id, position);
  encode_cut_short(written.error().why, chunks);
  said_why = file.write_at(position.offset, chunks.bytes()).has_value();
  return written;
}

SessionWriter::SessionWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
SessionWriter::SessionWriter(SessionWriter&&) noexcept = default;
SessionWriter& SessionWriter::operator=(SessionWriter&&) noexcept = default;
SessionWriter::~SessionWriter() = default;

Result<SessionWriter> SessionWriter::create(const std::string& path) {
  Result<OutputFile> file = OutputFile::create(path);
  if (!file) return file.error();
  auto state = std::make_unique<State>(std::move(*file), path);
  if (Result<void> written = state->file.write_at(0, make_file_header(state->file_id)); !written) {
    return written.error();
  }
  return SessionWriter(std::move(state));
}

Result<void> SessionWriter::checkpoint(const model::Session& session) {
  if (state_->finished) {
    return Error{ErrorKind::usage, "write the session file", state_->path, "it is finished", {}};
  }
  Result<void> written = state_->write_or_say_why(session, false);
  const bool known = state_->failing;
  state_->failing = !written;
  if (!written && known) return {};
  return written;
}

Result<void> SessionWriter::finish(const model::Session& session) {
  if (state_->finished) {
    return Error{ErrorKind::usage, "write the session file", state_->path, "it is finished", {}};
  }
  if (Result<void> written = state_->write_or_say_why(session, true); !written) return written;
  state_->finished = true;
  return state_->file.sync();
}

std::uint64_t SessionWriter::bytes_written() const {
  return state_->position.offset;
}

}  // namespace memwatch::capture
