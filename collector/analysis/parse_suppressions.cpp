#include <array>
#include <charconv>

#include "collector/analysis/glob.h"
#include "collector/analysis/suppressions.h"

namespace memwatch::analysis {

namespace {

constexpr auto kAllocators = std::to_array<std::string_view>(
    {"malloc", "calloc", "realloc", "reallocarray", "memalign", "posix_memalign", "aligned_alloc",
     "valloc", "pvalloc", "_Znwm", "_Znam", "_ZnwmSt11align_val_t", "_ZnamSt11align_val_t",
     "_ZnwmRKSt9nothrow_t", "_ZnamRKSt9nothrow_t", "operator new(unsigned long)",
     "operator new[](unsigned long)"});

std::uint32_t bit(model::LeakKind kind) {
  return 1U << static_cast<unsigned>(kind);
}
std::uint32_t leaked_kinds() {
  return bit(model::LeakKind::definite) | bit(model::LeakKind::indirect) |
         bit(model::LeakKind::possible) | bit(model::LeakKind::unclassified);
}
std::uint32_t all_kinds() {
  return leaked_kinds() | bit(model::LeakKind::reachable);
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

class Parser {
 public:
  Parser(std::string_view text, const std::string& file, const Demangle& demangle)
      : rest_(text), file_(file), demangle_(demangle) {}

  Result<std::vector<Suppression>> parse() {
    std::vector<Suppression> list;
    std::string_view line;
    while (next(line)) {
      if (line == "{") {
        const Result<bool> wanted = parse_entry(&list);
        if (!wanted) return wanted.error();
        continue;
      }
      constexpr std::string_view kLeak = "leak:";
      if (!line.starts_with(kLeak) || line.size() == kLeak.size()) {
        return mistake(
            "expected leak:PATTERN, or { at the beginning of an entry in Valgrind's "
            "syntax",
            line);
      }
      Suppression suppression;
      suppression.name = std::string(line);
      suppression.anywhere = std::string(trim(line.substr(kLeak.size())));
      suppression.kinds = leaked_kinds();
      list.push_back(std::move(suppression));
    }
    return list;
  }

 private:
  // The next line that is neither empty nor a comment.
  bool next(std::string_view& line) {
    while (!rest_.empty()) {
      ++number_;
      const std::size_t end = rest_.find('\n');
      line = trim(rest_.substr(0, end));
      rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
      if (!line.empty() && line.front() != '#') return true;
    }
    return false;
  }

  [[nodiscard]] Error mistake(const std::string& expected, std::string_view found) const {
    std::string why = expected;
    if (!found.empty()) why += ", found \"" + std::string(found.substr(0, 60)) + "\"";
    return Error{ErrorKind::damaged,
                 "read suppressions",
                 file_ + ":" + std::to_string(number_),
                 std::move(why),
                 {}};
  }

  // An entry after its "{".
  Result<bool> parse_entry(std::vector<Suppression>* list) {
    Suppression suppression;
    std::string_view line;
    if (!next(line) || line == "}") return mistake("expected a name for the entry", "");
    suppression.name = std::string(line);
    if (!next(line)) return mistake("expected a kind of error, as Memcheck:Leak", "");
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) {
      return mistake("expected a kind of error, as Memcheck:Leak", line);
    }
    const bool is_leak = line.substr(colon + 1) == "Leak" &&
                         line.substr(0, colon).find("Memcheck") != std::string_view::npos;
    suppression.kinds = all_kinds();
    skipped_allocator_ = false;
    while (true) {
      if (!next(line)) return mistake("expected } at the end of the entry", "");
      if (line == "}") break;
      if (!is_leak) continue;
      const Result<void> taken = parse_entry_line(line, &suppression);
      if (!taken) return taken.error();
    }
    if (!is_leak) return false;
    if (suppression.frames.empty() && !skipped_allocator_) {
      return mistake("expected at least one frame (fun:, obj:, src: or ...) before", "}");
    }
    list->push_back(std::move(suppression));
    return true;
  }

  Result<void> parse_entry_line(std::string_view line, Suppression* suppression) {
    using What = Suppression::FramePattern::What;
    constexpr std::string_view kKinds = "match-leak-kinds:";
    if (line.starts_with(kKinds)) return parse_kinds(line.substr(kKinds.size()), suppression);
    if (line == "...") {
      suppression->frames.push_back({What::any_frames, {}, 0});
      return {};
    }
    const std::string_view value = line.substr(std::min<std::size_t>(line.size(), 4));
    if (!value.empty() && line.starts_with("fun:")) {
      // Stands for the call itself, which is no frame here.
      if (suppression->frames.empty() && !skipped_allocator_ && is_allocator(value)) {
        skipped_allocator_ = true;
        return {};
      }
      std::string name(value);
      if (name.starts_with("_Z") && name.find_first_of("*?") == std::string::npos && demangle_) {
        name = demangle_(name);
      }
      suppression->frames.push_back({What::function, std::move(name), 0});
      return {};
    }
    if (!value.empty() && line.starts_with("obj:")) {
      suppression->frames.push_back({What::object, std::string(value), 0});
      return {};
    }
    if (!value.empty() && line.starts_with("src:")) {
      Suppression::FramePattern pattern{What::source, std::string(value), 0};
      const std::size_t colon = value.rfind(':');
      if (colon != std::string_view::npos) {
        const std::string_view number = value.substr(colon + 1);
        const auto [end, error] =
            std::from_chars(number.data(), number.data() + number.size(), pattern.line);
        if (error != std::errc{} || end != number.data() + number.size()) {
          return mistake("expected src:FILE or src:FILE:LINE", line);
        }
        pattern.pattern = std::string(value.substr(0, colon));
      }
      suppression->frames.push_back(std::move(pattern));
      return {};
    }
    return mistake("expected fun:, obj:, src:, ..., match-leak-kinds: or }", line);
  }

  Result<void> parse_kinds(std::string_view kinds, Suppression* suppression) {
    suppression->kinds = 0;
    while (!kinds.empty()) {
      const std::size_t comma = kinds.find(',');
      const std::string_view kind = trim(kinds.substr(0, comma));
      if (kind == "definite") {
        suppression->kinds |= bit(model::LeakKind::definite);
      } else if (kind == "indirect") {
        suppression->kinds |= bit(model::LeakKind::indirect);
      } else if (kind == "possible") {
        suppression->kinds |= bit(model::LeakKind::possible);
      } else if (kind == "reachable") {
        suppression->kinds |= bit(model::LeakKind::reachable);
      } else if (kind == "all") {
        suppression->kinds |= all_kinds();
      } else if (kind != "none") {
        return mistake("expected definite, indirect, possible, reachable, all or none", kind);
      }
      kinds.remove_prefix(comma == std::string_view::npos ? kinds.size() : comma + 1);
    }
    return {};
  }

  static bool is_allocator(std::string_view pattern) {
    for (const std::string_view name : kAllocators) {
      if (matches_glob(pattern, name, true)) return true;
    }
    return false;
  }

  std::string_view rest_;
  const std::string& file_;
  const Demangle& demangle_;
  std::size_t number_ = 0;
  bool skipped_allocator_ = false;
};

}  // namespace

Result<std::vector<Suppression>> parse_suppressions(std::string_view text, const std::string& file,
                                                    const Demangle& demangle) {
  return Parser(text, file, demangle).parse();
}

}  // namespace memwatch::analysis
