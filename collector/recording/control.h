// What a target is told to do, by the mode in which it is recorded. Pure: any thread, no errors.
#pragma once

#include "collector/model/session.h"
#include "shared/segment_layout.h"

namespace memwatch::recording {

// `is_watched`: a leak check watches it (leak_watches.h), and is told of every allocation and free.
constexpr protocol::Control control_for(model::Mode mode, bool is_watched = false) {
  using protocol::Control;
  switch (mode) {
    case model::Mode::idle:
      return is_watched ? Control::idle_watched : Control::idle;
    case model::Mode::sample:
      return is_watched ? Control::sample_watched : Control::sample;
    case model::Mode::exact:
      break;
  }
  return Control::exact;
}

}  // namespace memwatch::recording
