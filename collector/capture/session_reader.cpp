#include "collector/capture/session_reader.h"

#include <fmt/format.h>

#include <exception>
#include <utility>

#include "collector/capture/chunk_reader.h"
#include "collector/capture/session_decode.h"

namespace memwatch::capture {
namespace {

// What a walk over the file's frames, without looking into them, found.
struct Extent {
  std::uint64_t committed_chunks = 0;  // chunks up to and including the last commit
  bool ended = false;                  // the end mark follows the last commit
  bool cut = false;                    // the bytes end inside a chunk or a group
  std::uint64_t stop_offset = 0;       // where the walk stopped
  std::string damage;                  // why, where bytes were wrong
  std::string cut_reason;              // why the writer could not write on, if it still told that
};

Extent find_extent(ByteSource& source, std::uint64_t file_id) {
  Extent extent;
  ChunkReader reader(source, file_id);
  bool after_commit = false;
  bool is_first = true;
  for (;;) {
    const ChunkReader::Status status = reader.next();
    extent.stop_offset = reader.chunk_offset();
    if (status == ChunkReader::Status::damaged) extent.damage = reader.problem();
    if (status == ChunkReader::Status::cut || status == ChunkReader::Status::end) {
      extent.cut = status == ChunkReader::Status::cut || !after_commit;
    }
    if (status != ChunkReader::Status::chunk) return extent;
    if (reader.type() == static_cast<std::uint16_t>(ChunkType::end) && after_commit) {
      extent.ended = true;
      extent.stop_offset = reader.position().offset;
      return extent;
    }
    const bool at_start = std::exchange(is_first, false);
    if (reader.type() == static_cast<std::uint16_t>(ChunkType::cut_short) &&
        (after_commit || at_start)) {
      std::string_view payload;
      if (reader.payload(payload)) extent.cut_reason = decode_cut_short(payload);
      continue;  // in the place of a group, and none is torn
    }
    after_commit = reader.type() == static_cast<std::uint16_t>(ChunkType::commit);
    if (after_commit) extent.committed_chunks = reader.position().sequence;
  }
}

struct Decoded {
  model::Session session;
  const char* problem = nullptr;  // why the chunk at problem_offset makes no sense
  std::uint64_t problem_offset = 0;
  std::uint64_t committed_before = 0;  // chunks up to the last commit before the problem
};

Decoded decode_chunks(ByteSource& source, std::uint64_t file_id, std::uint64_t chunks) {
  Decoded decoded;
  SessionDecoder decoder(source.size());
  ChunkReader reader(source, file_id);
  while (reader.position().sequence < chunks && decoded.problem == nullptr) {
    std::string_view payload;
    if (reader.next() != ChunkReader::Status::chunk) {
      decoded.problem = "it changed while it was read";
    } else if (!reader.payload(payload)) {
      decoded.problem = reader.problem();
    } else {
      decoded.problem = decoder.apply(reader.type(), payload);
    }
    decoded.problem_offset = reader.chunk_offset();
    if (decoded.problem == nullptr &&
        reader.type() == static_cast<std::uint16_t>(ChunkType::commit)) {
      decoded.committed_before = reader.position().sequence;
    }
  }
  if (decoded.problem == nullptr) decoded.session = decoder.take();
  return decoded;
}

Error nothing_intact(std::uint64_t offset, std::string_view problem,
                     const std::string& cut_reason = {}) {
  if (!cut_reason.empty()) {
    return Error{ErrorKind::damaged,
                 "read the session",
                 {},
                 "nothing is in it: its recorder could not write to it: " + cut_reason,
                 {}};
  }
  std::string why =
      problem.empty()
          ? fmt::format("cut off at byte {} before the first complete checkpoint", offset)
          : fmt::format("damaged at byte {} before the first complete checkpoint: {}", offset,
                        problem);
  return Error{ErrorKind::damaged, "read the session", {}, std::move(why), {}};
}

void warn(std::vector<std::string>* warnings, std::string sentence) {
  if (warnings != nullptr) warnings->push_back(std::move(sentence));
}

void warn_about_extent(const Extent& extent, std::uint64_t size,
                       std::vector<std::string>* warnings) {
  if (!extent.damage.empty()) {
    warn(warnings, fmt::format("the session is damaged at byte {} of {} ({}); what follows is its "
                               "last intact checkpoint before that",
                               extent.stop_offset, size, extent.damage));
  } else if (!extent.ended && !extent.cut_reason.empty()) {
    warn(warnings, fmt::format("the session has no end: its recorder could not write on ({}); "
                               "what follows is its last checkpoint",
                               extent.cut_reason));
  } else if (!extent.ended) {
    warn(warnings,
         fmt::format("the session has no end: its recorder was killed, found no room to write on "
                     "(a full disk) or is still running{}; what follows is its last checkpoint",
                     extent.cut ? ", and the last bytes are a torn checkpoint" : ""));
  } else if (extent.stop_offset < size) {
    warn(warnings, fmt::format("{} bytes after the end of the session were ignored",
                               size - extent.stop_offset));
  }
}

Result<model::Session> read_source(ByteSource& source, std::vector<std::string>* warnings) {
  Result<std::uint64_t> file_id = read_file_header(source);
  if (!file_id) return file_id.error();
  const Extent extent = find_extent(source, *file_id);
  if (extent.committed_chunks == 0) {
    return nothing_intact(extent.stop_offset, extent.damage, extent.cut_reason);
  }

  Decoded decoded = decode_chunks(source, *file_id, extent.committed_chunks);
  bool complete = extent.ended;
  if (decoded.problem == nullptr) {
    warn_about_extent(extent, source.size(), warnings);
  } else {
    // Sound frames around senseless contents: no disk does that, but the session before it stands.
    if (decoded.committed_before == 0) {
      return nothing_intact(decoded.problem_offset, decoded.problem);
    }
    warn(warnings, fmt::format("the session is damaged at byte {} of {} ({}); what follows is its "
                               "last intact checkpoint before that",
                               decoded.problem_offset, source.size(), decoded.problem));
    complete = false;
    decoded = decode_chunks(source, *file_id, decoded.committed_before);
    if (decoded.problem != nullptr) return nothing_intact(decoded.problem_offset, decoded.problem);
  }
  decoded.session.complete = decoded.session.complete && complete;
  return std::move(decoded.session);
}

Result<model::Session> read_guarded(ByteSource& source, std::vector<std::string>* warnings) {
  try {
    return read_source(source, warnings);
  } catch (const std::exception& problem) {
    return Error{ErrorKind::system, "read the session", {}, problem.what(), {}};
  }
}

}  // namespace

Result<model::Session> read_session(const std::string& path, std::vector<std::string>* warnings) {
  Result<FileSource> source = FileSource::open(path);
  if (!source) return source.error();
  Result<model::Session> session = read_guarded(*source, warnings);
  if (session) return session;
  Error error = session.error();
  error.subject = path;
  return error;
}

Result<model::Session> read_session_bytes(std::span<const std::byte> bytes,
                                          std::vector<std::string>* warnings) {
  MemorySource source(bytes);
  return read_guarded(source, warnings);
}

}  // namespace memwatch::capture
