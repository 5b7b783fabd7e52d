#include "collector/capture/session_decode.h"

#include <array>
#include <exception>
#include <protozero/exception.hpp>

#include "collector/capture/decode_messages.h"
#include "collector/capture/session_format.h"

namespace memwatch::capture {
namespace {

// A checkpoint that does not add up to what its writer had is not believed.
void check_commit(std::string_view payload, const model::Session& session) {
  const TableSizes sizes = sizes_of(session);
  const std::array<std::uint64_t, 4> actual = {sizes.modules, sizes.code_addresses, sizes.stacks,
                                               session.processes.size()};
  protozero::pbf_reader reader(payload.data(), payload.size());
  while (reader.next()) {
    if (reader.tag_and_type() == bytes_key(commit_field::kTableSizes)) {
      for_each_word(bytes_of(reader), actual.size(), [&](std::size_t i, std::uint64_t word) {
        if (actual[i] != word) throw Damage{"a checkpoint is incomplete"};
      });
    } else {
      reader.skip();
    }
  }
}

}  // namespace

std::string decode_cut_short(std::string_view payload) {
  std::string why;
  try {
    protozero::pbf_reader reader(payload.data(), payload.size());
    while (reader.next()) {
      if (reader.tag_and_type() == bytes_key(cut_short_field::kWhy)) {
        why = bytes_of(reader).substr(0, kMaxCutReasonBytes);
      } else {
        reader.skip();
      }
    }
  } catch (const std::exception&) {
    why.clear();
  }
  return why;
}

void SessionDecoder::apply_or_throw(std::uint16_t type, std::string_view payload) {
  switch (static_cast<ChunkType>(type)) {
    case ChunkType::session:
      return decode_session_facts(payload, budget_, session_);
    case ChunkType::modules:
      return decode_modules(payload, budget_, session_);
    case ChunkType::code_addresses:
      return decode_code_addresses(payload, budget_, session_);
    case ChunkType::stacks:
      return decode_stacks(payload, budget_, session_);
    case ChunkType::symbols:
      return decode_symbols(payload, budget_, session_);
    case ChunkType::processes:
      return decode_processes(payload, budget_, session_);
    case ChunkType::process_texts:
      return decode_process_texts(payload, budget_, session_);
    case ChunkType::sites:
      return decode_sites(payload, budget_, session_);
    case ChunkType::failures:
      return decode_failures(payload, budget_, session_);
    case ChunkType::large:
      return decode_large(payload, budget_, session_);
    case ChunkType::threads:
      return decode_threads(payload, budget_, session_);
    case ChunkType::timeline:
      return decode_timeline(payload, budget_, session_);
    case ChunkType::leaks:
      return decode_leaks(payload, budget_, session_);
    case ChunkType::epochs:
      return decode_epochs(payload, budget_, session_);
    case ChunkType::site_epochs:
      return decode_site_epochs(payload, budget_, session_);
    case ChunkType::commit:
      return check_commit(payload, session_);
    case ChunkType::end:
    case ChunkType::cut_short:  // the reader's: both say something of the file, not of its session
      return;
  }
}

const char* SessionDecoder::apply(std::uint16_t type, std::string_view payload) {
  try {
    apply_or_throw(type, payload);
    return nullptr;
  } catch (const Damage& damage) {
    return damage.why;
  } catch (const protozero::exception&) {
    return "a message is malformed";
  } catch (const std::bad_alloc&) {
    return "there is not enough memory";
  } catch (const std::exception&) {
    return "its contents make no sense";
  }
}

}  // namespace memwatch::capture
