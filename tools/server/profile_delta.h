// What changed in a recorded process between two moments, as a profile shows it: the sums of each
// stack then and now. What was live may have become less: the difference of a figure is taken
// modulo 2^64, which a profile's signed numbers show as negative.
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "collector/model/session.h"

namespace memwatch::server {

struct ProfileStart {
  double session_start = 0;  // tells one recording from another
  std::uint32_t pid = 0;
  double at = 0;  // seconds since it
  std::unordered_map<model::StackId, model::Site> sites;
};

// Of a session with one process.
ProfileStart start_of(const model::Session& session);

// The first process of `session` becomes what changed since. False: it is another recording.
bool subtract(const ProfileStart& start, model::Session& session);

}  // namespace memwatch::server
