// The words of the JSON contract for how a process ended and how it is recorded.
// Thread safety: pure functions. Errors: none.
#pragma once

#include <string_view>

#include "collector/model/session.h"

namespace memwatch::render {

inline std::string_view exit_kind_name(model::ExitKind kind) {
  switch (kind) {
    case model::ExitKind::running:
      return "running";
    case model::ExitKind::exited:
      return "exited";
    case model::ExitKind::signaled:
      return "signaled";
    case model::ExitKind::exec:
      return "exec";
    case model::ExitKind::lost:
      return "lost";
  }
  return "lost";
}

inline std::string_view mode_name(model::Mode mode) {
  switch (mode) {
    case model::Mode::idle:
      return "idle";
    case model::Mode::exact:
      return "exact";
    case model::Mode::sample:
      return "sample";
  }
  return "exact";
}

}  // namespace memwatch::render
