// What the daemon sees at one moment of all that can be alerted of, and who it hands it to. Plain
// data and callbacks; the engine is the owner's.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "collector/alerts/observation.h"
#include "collector/alerts/rules.h"
#include "collector/recording/recorder.h"

namespace memwatch::daemon {

struct AlertRound {
  struct One {
    alerts::Observation seen;
    alerts::Rules rules;
  };
  std::vector<One> processes;
  std::vector<alerts::PressureObservation> pressure;
};

// Filled in by the owner of a fleet; called from its turns.
struct AlertCallbacks {
  std::function<void(const alerts::Incident&, const alerts::Rules&,
                     const std::vector<recording::Alert::Frame>&)>
      on_incident;
  std::function<void(const alerts::ProcessKey&, const std::string& why)> on_gone;
};

}  // namespace memwatch::daemon
