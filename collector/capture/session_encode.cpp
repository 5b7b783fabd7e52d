#include "collector/capture/session_encode.h"

#include <algorithm>
#include <array>
#include <protozero/pbf_writer.hpp>

#include "collector/capture/fields.h"

namespace memwatch::capture {

TableSizes sizes_of(const model::Session& session) {
  return {std::max<std::size_t>(session.modules.size(), 1),
          std::max<std::size_t>(session.code_addresses.size(), 1),
          std::max<std::size_t>(session.stacks.size(), 1)};
}

bool continues(const model::Session& session, const Shadow& shadow) {
  const TableSizes sizes = sizes_of(session);
  return sizes.modules >= shadow.modules.size() && sizes.code_addresses >= shadow.code_addresses &&
         sizes.stacks >= shadow.stacks && session.processes.size() >= shadow.processes.size();
}

void encode_changes(const model::Session& session, bool thorough, Shadow& shadow,
                    ChunkWriter& chunks) {
  encode_tables(session, thorough, shadow, chunks);
  encode_processes(session, shadow, chunks);
}

void encode_commit(const model::Session& session, Shadow& shadow, ChunkWriter& chunks) {
  const TableSizes sizes = sizes_of(session);
  const std::array<std::uint64_t, 4> words = {sizes.modules, sizes.code_addresses, sizes.stacks,
                                              session.processes.size()};
  std::string message;
  protozero::pbf_writer writer(message);
  writer.add_uint64(commit_field::kCheckpoint, ++shadow.checkpoints);
  writer.add_packed_uint64(commit_field::kTableSizes, words.begin(), words.end());
  chunks.add(ChunkType::commit, message);
}

void encode_cut_short(std::string_view why, ChunkWriter& chunks) {
  std::string message;
  protozero::pbf_writer writer(message);
  const std::string_view cut = why.substr(0, kMaxCutReasonBytes);
  writer.add_bytes(cut_short_field::kWhy, cut.data(), cut.size());
  chunks.add(ChunkType::cut_short, message);
}

}  // namespace memwatch::capture
