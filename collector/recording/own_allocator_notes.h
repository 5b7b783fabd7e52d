// Says of a process of which no allocation was seen that its program serves itself: without that it
// passes for one that needs no memory. Internal to the recorder; one thread.
#pragma once

#include <map>
#include <string>

#include "collector/model/session.h"

namespace memwatch::recording {

class OwnAllocatorNotes {
 public:
  // Adds the note where it is due. Reads the program's file, once for each path.
  void add_to(model::Process* facts);

 private:
  const std::string& description_of(const std::string& program);

  std::map<std::string, std::string> descriptions_;  // by path; "": brings none, or is gone
};

}  // namespace memwatch::recording
