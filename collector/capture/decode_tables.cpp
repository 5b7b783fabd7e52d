// Session facts, modules, code addresses, stacks and symbols: the mirror of encode_tables.cpp.
#include "collector/capture/decode_messages.h"
#include "collector/capture/session_decode.h"

namespace memwatch::capture {
namespace {

constexpr std::size_t kFirstRealRow = 1;  // entry 0 of these tables is "none" and never stored

template <typename Row>
void decode_table(std::string_view payload, const TableSizes& sizes, MemoryBudget& budget,
                  std::vector<Row>& table) {
  for_each_message(payload, [&](std::string_view message) {
    decode_rows(parse_row_block(message), kFirstRealRow, sizes, budget, table);
  });
}

// Numbered strings of a symbols message; 0 is "".
std::string_view string_number(const std::vector<std::string_view>& strings, std::uint64_t number) {
  if (number == 0) return {};
  if (number > strings.size()) throw Damage{"a symbol refers to a string that does not exist"};
  return strings[static_cast<std::size_t>(number - 1)];
}

void decode_symbols_message(std::string_view message, MemoryBudget& budget,
                            model::Session& session) {
  std::vector<std::string_view> strings;
  std::string_view addresses, frame_counts, functions, files, lines, inlined;
  protozero::pbf_reader reader(message.data(), message.size());
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case bytes_key(symbols_field::kStrings):
        strings.push_back(bytes_of(reader));
        break;
      case bytes_key(symbols_field::kAddressDeltas):
        addresses = bytes_of(reader);
        break;
      case bytes_key(symbols_field::kFrameCounts):
        frame_counts = bytes_of(reader);
        break;
      case bytes_key(symbols_field::kFunctions):
        functions = bytes_of(reader);
        break;
      case bytes_key(symbols_field::kFiles):
        files = bytes_of(reader);
        break;
      case bytes_key(symbols_field::kLines):
        lines = bytes_of(reader);
        break;
      case bytes_key(symbols_field::kInlined):
        inlined = bytes_of(reader);
        break;
      default:
        reader.skip();
    }
  }
  WordReader address_words(addresses), count_words(frame_counts), function_words(functions),
      file_words(files), line_words(lines), inlined_words(inlined);
  std::uint64_t address = 0;
  while (!address_words.done()) {
    address += unzigzag(address_words.next());
    if (address == 0 || address >= session.code_addresses.size()) {
      throw Damage{"symbols of an address that does not exist"};
    }
    if (session.symbols.size() <= address) {
      budget.charge((address + 1 - session.symbols.size()) * sizeof(model::Symbols));
      session.symbols.resize(static_cast<std::size_t>(address) + 1);
    }
    const std::uint64_t count = count_words.next();
    if (count > functions.size()) throw Damage{"more frames than the message can hold"};
    budget.charge(count * sizeof(model::SourceFrame));
    std::vector<model::SourceFrame> frames(static_cast<std::size_t>(count));
    for (model::SourceFrame& frame : frames) {
      set_text(string_number(strings, function_words.next()), budget, frame.function);
      set_text(string_number(strings, file_words.next()), budget, frame.file);
      set_word(line_words.next(), frame.line);
      set_word(inlined_words.next(), frame.inlined);
    }
    session.symbols[static_cast<std::size_t>(address)].frames = std::move(frames);
  }
}

void decode_module(std::string_view message, MemoryBudget& budget, model::Session& session) {
  std::uint64_t id = 0;
  model::Module module;
  protozero::pbf_reader reader(message.data(), message.size());
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case varint_key(module_field::kId):
        id = reader.get_uint64();
        break;
      case bytes_key(module_field::kPath):
        set_text(bytes_of(reader), budget, module.path);
        break;
      case bytes_key(module_field::kBuildId):
        set_text(bytes_of(reader), budget, module.build_id);
        break;
      default:
        reader.skip();
    }
  }
  if (id == 0 || id > session.modules.size()) throw Damage{"a module's number is out of range"};
  if (id == session.modules.size()) {
    budget.charge(sizeof(model::Module));
    session.modules.emplace_back();
  }
  session.modules[static_cast<std::size_t>(id)] = std::move(module);
}

}  // namespace

void decode_session_facts(std::string_view payload, MemoryBudget& budget, model::Session& session) {
  session.memwatch_version.clear();
  session.host.clear();
  session.command.clear();
  session.suppressions.clear();
  protozero::pbf_reader reader(payload.data(), payload.size());
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case bytes_key(session_field::kVersion):
        set_text(bytes_of(reader), budget, session.memwatch_version);
        break;
      case bytes_key(session_field::kHost):
        set_text(bytes_of(reader), budget, session.host);
        break;
      case fixed_key(session_field::kStartedAt):
        set_word(reader.get_fixed64(), session.started_at);
        break;
      case bytes_key(session_field::kCommand):
        append_text(bytes_of(reader), budget, session.command);
        break;
      case bytes_key(session_field::kSuppressions):
        append_text(bytes_of(reader), budget, session.suppressions);
        break;
      case varint_key(session_field::kLargeThreshold):
        session.large_threshold = reader.get_uint64();
        break;
      case varint_key(session_field::kComplete):
        session.complete = reader.get_uint64() != 0;
        break;
      default:
        reader.skip();
    }
  }
}

void decode_modules(std::string_view payload, MemoryBudget& budget, model::Session& session) {
  for_each_message(payload,
                   [&](std::string_view message) { decode_module(message, budget, session); });
}

void decode_code_addresses(std::string_view payload, MemoryBudget& budget,
                           model::Session& session) {
  decode_table(payload, sizes_of(session), budget, session.code_addresses);
}

void decode_stacks(std::string_view payload, MemoryBudget& budget, model::Session& session) {
  decode_table(payload, sizes_of(session), budget, session.stacks);
}

void decode_symbols(std::string_view payload, MemoryBudget& budget, model::Session& session) {
  for_each_message(
      payload, [&](std::string_view message) { decode_symbols_message(message, budget, session); });
}

}  // namespace memwatch::capture
