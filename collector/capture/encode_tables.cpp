// Session facts, modules, code addresses, stacks and symbols: the tables all processes share.
#include <algorithm>
#include <protozero/pbf_writer.hpp>
#include <unordered_map>

#include "collector/capture/encode_strings.h"
#include "collector/capture/fields.h"
#include "collector/capture/row_block.h"
#include "collector/capture/session_encode.h"

namespace memwatch::capture {
namespace {

void encode_session_facts(const model::Session& session, Shadow& shadow, ChunkWriter& chunks) {
  std::string message;
  protozero::pbf_writer writer(message);
  add_text(writer, session_field::kVersion, session.memwatch_version);
  add_text(writer, session_field::kHost, session.host);
  writer.add_fixed64(session_field::kStartedAt, to_word(session.started_at));
  add_texts(writer, session_field::kCommand, session.command);
  writer.add_uint64(session_field::kLargeThreshold, session.large_threshold);
  writer.add_bool(session_field::kComplete, session.complete);
  add_texts(writer, session_field::kSuppressions, session.suppressions);
  const std::uint64_t hash = checksum_of(message);
  if (shadow.checkpoints != 0 && hash == shadow.session) return;
  shadow.session = hash;
  chunks.add(ChunkType::session, message);
}

void encode_modules(const model::Session& session, Shadow& shadow, ChunkWriter& chunks) {
  TableChunks out(chunks, ChunkType::modules);
  std::string message;
  shadow.modules.resize(std::max(shadow.modules.size(), session.modules.size()));
  for (std::size_t id = 1; id < session.modules.size(); ++id) {
    message.clear();
    protozero::pbf_writer writer(message);
    writer.add_uint64(module_field::kId, id);
    add_text(writer, module_field::kPath, session.modules[id].path);
    add_text(writer, module_field::kBuildId, session.modules[id].build_id);
    const std::uint64_t hash = checksum_of(message) | 1;  // never 0, the hash of "not written"
    if (shadow.modules[id] == hash) continue;
    shadow.modules[id] = hash;
    out.add(message);
  }
  out.flush();
}

// Rows from `written` to the table's end.
template <typename Row>
void encode_new_rows(ChunkType type, const std::vector<Row>& table, const TableSizes& sizes,
                     std::size_t& written, ChunkWriter& chunks) {
  TableChunks out(chunks, type);
  std::vector<std::uint32_t> indices;
  for (std::size_t i = written; i < table.size(); ++i) {
    indices.push_back(static_cast<std::uint32_t>(i));
  }
  encode_rows(0, table, indices, sizes, out);
  out.flush();
  written = std::max(written, table.size());
}

// Symbols of a run of addresses, gathered column by column. Functions and above all files repeat,
// so each string is stored once per message.
class SymbolsMessage {
 public:
  void add(std::uint32_t address, const model::Symbols& symbols) {
    protozero::add_varint_to_buffer(&addresses_, zigzag(std::uint64_t{address} - before_));
    before_ = address;
    const std::size_t frames = std::min(symbols.frames.size(), kMaxFramesPerAddress);
    protozero::add_varint_to_buffer(&frame_counts_, frames);
    std::size_t left = kMaxSymbolRowBytes;
    for (std::size_t i = 0; i < frames; ++i) {
      const model::SourceFrame& frame = symbols.frames[i];
      protozero::add_varint_to_buffer(&functions_, number_of(frame.function, left));
      protozero::add_varint_to_buffer(&files_, number_of(frame.file, left));
      protozero::add_varint_to_buffer(&lines_, frame.line);
      protozero::add_varint_to_buffer(&inlined_, frame.inlined ? 1 : 0);
    }
    ++rows_;
  }

  [[nodiscard]] bool full() const {
    return rows_ >= kRowsPerBlock || strings_.size() + 4 * functions_.size() > kChunkTargetBytes;
  }

  void move_to(TableChunks& out) {
    if (rows_ == 0) return;
    protozero::pbf_writer writer(strings_);  // the strings are the message's first fields already
    writer.add_bytes(symbols_field::kAddressDeltas, addresses_);
    writer.add_bytes(symbols_field::kFrameCounts, frame_counts_);
    writer.add_bytes(symbols_field::kFunctions, functions_);
    writer.add_bytes(symbols_field::kFiles, files_);
    writer.add_bytes(symbols_field::kLines, lines_);
    writer.add_bytes(symbols_field::kInlined, inlined_);
    out.add(strings_);
    *this = SymbolsMessage();
  }

 private:
  std::uint64_t number_of(std::string_view text, std::size_t& left) {
    text = cut_string(text);
    if (text.empty() || text.size() > left) return 0;
    left -= text.size();
    const auto [entry, added] = numbers_.try_emplace(text, numbers_.size() + 1);
    if (added) {
      protozero::pbf_writer(strings_).add_bytes(symbols_field::kStrings, text.data(), text.size());
    }
    return entry->second;
  }

  std::unordered_map<std::string_view, std::uint64_t> numbers_;  // views into the session
  std::string strings_, addresses_, frame_counts_, functions_, files_, lines_, inlined_;
  std::uint64_t before_ = 0;
  std::size_t rows_ = 0;
};

std::uint64_t symbols_hash(const model::Symbols& symbols) {
  std::uint64_t hash = symbols.frames.size();
  for (const model::SourceFrame& frame : symbols.frames) {
    const std::array<std::uint64_t, 5> words = {hash, checksum_of(frame.function),
                                                checksum_of(frame.file), frame.line,
                                                frame.inlined ? 1U : 0U};
    hash = checksum_of({reinterpret_cast<const char*>(words.data()), sizeof(words)});
  }
  return hash | 1;
}

void encode_symbols(const model::Session& session, bool thorough, Shadow& shadow,
                    ChunkWriter& chunks) {
  TableChunks out(chunks, ChunkType::symbols);
  SymbolsMessage message;
  const std::size_t count = std::min(session.symbols.size(), session.code_addresses.size());
  shadow.symbols.resize(std::max(shadow.symbols.size(), count));
  for (std::size_t id = 1; id < count; ++id) {
    const model::Symbols& symbols = session.symbols[id];
    std::uint64_t& known = shadow.symbols[id];
    if (known == 0 ? symbols.frames.empty() : !thorough) continue;
    const std::uint64_t hash = symbols_hash(symbols);
    if (hash == known) continue;
    known = hash;
    message.add(static_cast<std::uint32_t>(id), symbols);
    if (message.full()) message.move_to(out);
  }
  message.move_to(out);
  out.flush();
}

}  // namespace

void encode_tables(const model::Session& session, bool thorough, Shadow& shadow,
                   ChunkWriter& chunks) {
  const TableSizes sizes = sizes_of(session);
  encode_session_facts(session, shadow, chunks);
  encode_modules(session, shadow, chunks);
  encode_new_rows(ChunkType::code_addresses, session.code_addresses, sizes, shadow.code_addresses,
                  chunks);
  encode_new_rows(ChunkType::stacks, session.stacks, sizes, shadow.stacks, chunks);
  encode_symbols(session, thorough, shadow, chunks);
}

}  // namespace memwatch::capture
