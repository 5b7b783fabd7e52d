// Is a stack one of those that --inject-failure means? Asked by the recorder while the program
// waits, so names are looked up at once, each code address once. Thread safety: none. Errors:
// create() refuses a bad pattern.
#pragma once

#include <functional>
#include <memory>

#include "collector/base/result.h"
#include "collector/model/session.h"
#include "collector/recording/injection.h"

namespace memwatch::cli {

using StackQuestion = std::function<bool(const model::Session& session, model::StackId stack)>;

// Null where the conditions are not about stacks. Of one recording: it remembers what it saw.
Result<StackQuestion> stack_question_for(const recording::Injection& injection);

}  // namespace memwatch::cli
