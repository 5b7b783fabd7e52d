// Leak checks of processes that are sampled or run idle. What such a process had before is not
// known, so what it allocates is watched for a while, beside the recording, which goes on
// unchanged, and then that alone is judged. One watch of a process at a time; whoever asks is asked
// at each look whether it still waits. One owner, not thread-safe. Internal to the recorder.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "collector/base/result.h"
#include "collector/model/session.h"
#include "collector/recording/leak_question.h"
#include "collector/recording/process_record.h"

namespace memwatch::recording {

class LeakWatches {
 public:
  using Clock = std::chrono::steady_clock;

  // Begins a watch, `now` seconds after the session's start. Where there is one already, the
  // question is answered with that.
  void begin(ProcessRecord& record, LeakQuestion question, double now);

  // Has `judge` judge those whose time is over, answers, and forgets those whose asker is gone.
  using Judge =
      std::function<Result<model::Session>(ProcessRecord&, const reachability::HoldersWish&)>;
  void turn(const Judge& judge);

  // The process, or its recording, is over: answered with the reason.
  void give_up(const ProcessRecord& record, const std::string& why);

  [[nodiscard]] bool has_any() const { return !watches_.empty(); }

 private:
  struct Watch {
    ProcessRecord* record = nullptr;
    LeakQuestion question;
    Clock::time_point until;
  };
  std::vector<Watch> watches_;
};

}  // namespace memwatch::recording
