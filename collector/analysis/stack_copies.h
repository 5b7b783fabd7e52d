// A few stacks taken out of their sessions, so that they can be shown when the sessions are gone:
// the gate reads several large ones and shows ten stacks. They live in a session of their own that
// holds nothing else, so everything that renders a stack of a session renders these.
// Thread safety: none. Errors: none; an id outside of its session is the empty stack.
#pragma once

#include <unordered_map>

#include "collector/model/session.h"

namespace memwatch::analysis {

class StackCopies {
 public:
  // The id of the copy in session(). Copying a stack twice makes two.
  model::StackId copy(const model::Session& from, model::StackId stack);

  [[nodiscard]] const model::Session& session() const { return session_; }

 private:
  model::CodeAddressId copy_address(const model::Session& from, model::CodeAddressId id);
  model::ModuleId copy_module(const model::Module& module);

  model::Session session_;
  std::unordered_map<std::string, model::ModuleId> modules_;  // by path and build id
};

}  // namespace memwatch::analysis
