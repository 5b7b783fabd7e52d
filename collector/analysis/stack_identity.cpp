#include "collector/analysis/stack_identity.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "collector/analysis/noise_frames.h"
#include "collector/analysis/program_start.h"

namespace memwatch::analysis {
namespace {

constexpr std::string_view kArrow = " <- ";
constexpr std::string_view kCutOff = "...";
constexpr std::size_t kLongestText = 600, kKeptHead = 400, kKeptTail = 120;

std::uint64_t hash_of(std::string_view text) {
  return XXH3_64bits(text.data(), text.size());
}

bool all_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80;
}

std::string cut_in_the_middle(const std::string& text) {
  std::size_t head = kKeptHead, tail = text.size() - kKeptTail;
  while (head > 0 && is_continuation(text[head])) --head;
  while (tail < text.size() && is_continuation(text[tail])) ++tail;
  return fmt::format("{} ... {} #{:016x}", text.substr(0, head), text.substr(tail), hash_of(text));
}

// "? x17" for seventeen frames in a row that have no name and one module.
std::vector<std::string> counted_unknowns(const std::vector<std::string>& texts) {
  std::vector<std::string> counted;
  for (std::size_t i = 0; i < texts.size();) {
    std::size_t end = i + 1;
    if (texts[i].starts_with('?')) {
      while (end < texts.size() && texts[end] == texts[i]) ++end;
    }
    counted.push_back(end - i == 1 ? texts[i] : fmt::format("{} x{}", texts[i], end - i));
    i = end;
  }
  return counted;
}

}  // namespace

std::string module_identity(std::string_view path) {
  constexpr std::string_view kDeleted = " (deleted)";
  if (path.ends_with(kDeleted)) path.remove_suffix(kDeleted.size());
  std::string_view name = base_name(path);
  const std::size_t version = name.find(".so.");
  if (version != std::string_view::npos) name = name.substr(0, version + 3);
  return std::string(name);
}

std::string_view function_identity(std::string_view function) {
  constexpr auto kCopies = std::to_array<std::string_view>(
      {".constprop.", ".isra.", ".part.", ".cold.", ".lto_priv.", ".llvm."});
  while (true) {
    const std::size_t clone = function.rfind(" [clone .");
    if (clone != std::string_view::npos && function.ends_with(']')) {
      function = function.substr(0, clone);
      continue;
    }
    if (function.ends_with(".cold")) {
      function.remove_suffix(5);
      continue;
    }
    const auto copy = std::find_if(kCopies.begin(), kCopies.end(), [&](std::string_view suffix) {
      const std::size_t at = function.rfind(suffix);
      return at != std::string_view::npos && at > 0 &&
             all_digits(function.substr(at + suffix.size()));
    });
    if (copy == kCopies.end()) return function;
    function = function.substr(0, function.rfind(*copy));
  }
}

std::string program_identity(const model::Session& session) {
  if (session.processes.empty()) return {};
  const model::Process* last = &session.processes.front();
  for (const model::Process& process : session.processes) {
    if (process.pid == last->pid && last->exit_kind == model::ExitKind::exec) last = &process;
  }
  return module_identity(last->exe);
}

ModuleNames same_builds(const model::Session& a, const model::Session& b) {
  // Of several modules with one name, as after a library was replaced, none is certain.
  const auto builds = [](const model::Session& session) {
    std::map<std::string, std::string> found;
    for (const model::Module& module : session.modules) {
      const auto [entry, is_new] = found.try_emplace(module_identity(module.path), module.build_id);
      if (!is_new && entry->second != module.build_id) entry->second.clear();
    }
    return found;
  };
  ModuleNames names;
  const auto of_b = builds(b);
  for (const auto& [name, build_id] : builds(a)) {
    const auto other = of_b.find(name);
    if (!build_id.empty() && other != of_b.end() && other->second == build_id) names.insert(name);
  }
  return names;
}

StackIdentities::StackIdentities(const model::Session& session, ModuleNames same_builds)
    : session_(session),
      same_builds_(std::move(same_builds)),
      program_(program_identity(session)),
      facts_(session.code_addresses.size()) {}

std::string StackIdentities::frame_text(const Frame& frame) const {
  const std::string module = module_identity(frame.module);
  std::string_view function = function_identity(frame.function);
  if (is_runtime_library(frame.module)) {
    constexpr std::string_view kAlias = "__GI_";
    if (function.starts_with(kAlias)) function.remove_prefix(kAlias.size());
    while (function.starts_with('_')) function.remove_prefix(1);
  }
  std::string text(function);
  if (text.empty()) {
    text = same_builds_.count(module) > 0 ? fmt::format("+0x{:x}", frame.offset) : "?";
  }
  if (!module.empty() && module != program_) text += "@" + module;
  return text;
}

StackIdentities::FrameFacts StackIdentities::facts_of(const Frame& frame) const {
  FrameFacts facts;
  facts.hash = hash_of(frame_text(frame)) | 1U;
  if (is_noise(frame)) facts.plumbing_of = hash_of(module_identity(frame.module)) | 1U;
  return facts;
}

StackIdentities::FrameFacts StackIdentities::remembered_facts(const Frame& frame) {
  std::vector<FrameFacts>& known = facts_[frame.address];
  if (known.size() <= frame.level) known.resize(frame.level + 1);
  FrameFacts& facts = known[frame.level];
  if (facts.hash == 0) facts = facts_of(frame);
  return facts;
}

std::uint64_t StackIdentities::of(model::StackId stack) {
  const std::vector<Frame> frames = without_program_start(frames_of(session_, stack));
  std::vector<std::uint64_t> hashes;
  hashes.reserve(frames.size() + 1);
  std::uint64_t plumbing = 0;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    // The outermost may have been given the name "main", which its address does not have.
    const bool last = i + 1 == frames.size();
    const FrameFacts facts = last ? facts_of(frames[i]) : remembered_facts(frames[i]);
    if (facts.plumbing_of != 0 && facts.plumbing_of == plumbing) hashes.pop_back();
    hashes.push_back(facts.hash);
    plumbing = facts.plumbing_of;
  }
  if (is_truncated(session_, stack)) hashes.push_back(hash_of(kCutOff));
  return XXH3_64bits(hashes.data(), hashes.size() * sizeof hashes[0]);
}

std::string StackIdentities::text_of(model::StackId stack) const {
  std::vector<std::string> texts;
  std::uint64_t plumbing = 0;
  for (const Frame& frame : without_program_start(frames_of(session_, stack))) {
    const FrameFacts facts = facts_of(frame);
    if (facts.plumbing_of != 0 && facts.plumbing_of == plumbing) texts.pop_back();
    texts.push_back(frame_text(frame));
    plumbing = facts.plumbing_of;
  }
  if (is_truncated(session_, stack)) texts.emplace_back(kCutOff);
  if (texts.empty()) return "(no stack)";
  const std::string text = fmt::format("{}", fmt::join(counted_unknowns(texts), kArrow));
  return text.size() > kLongestText ? cut_in_the_middle(text) : text;
}

}  // namespace memwatch::analysis
