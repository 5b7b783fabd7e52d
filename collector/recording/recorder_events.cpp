// What single events of a process set off while its ring is read: alerts, the answer whether a call
// is to fail, news of its children.
#include "collector/recording/recorder_state.h"

namespace memwatch::recording {

Alert Recorder::State::alert_for(const ProcessRecord& record, Function function, std::uint64_t size,
                                 model::StackId stack) {
  Alert alert;
  const model::Process& process = record.tracked->live().facts;
  alert.pid = process.pid;
  alert.exe = process.exe;
  alert.function = function;
  alert.size = size;
  alert.frames = frames_of(stack);
  return alert;
}

std::vector<Alert::Frame> Recorder::State::frames_of(model::StackId stack) const {
  std::vector<Alert::Frame> frames;
  for (model::StackId at = stack; at != model::kNone && frames.size() < kAlertFrames;
       at = session.stacks[at].parent) {
    const model::CodeAddress& address = session.code_addresses[session.stacks[at].address];
    frames.push_back({session.modules[address.module], address});
  }
  return frames;
}

std::vector<Alert::Frame> Recorder::innermost_frames(model::StackId stack) const {
  return state_->frames_of(stack);
}

void Recorder::State::connect_callbacks(ProcessRecord& record) {
  ProcessRecord* at = &record;  // records live at fixed addresses
  model::LiveProcess& live = record.tracked->live();
  live.on_large = [this, at](const model::LargeAllocation& event) {
    if (on_alert == nullptr || !*on_alert) return;
    Alert alert = alert_for(*at, event.function, event.requested, event.stack);
    alert.tid = event.tid;
    alert.at = event.at;
    (*on_alert)(alert);
  };
  live.on_large_freed = [this, at](const model::LargeAllocation& event) {
    if (on_large_freed == nullptr || !*on_large_freed) return;
    Alert alert = alert_for(*at, event.function, event.requested, event.stack);
    alert.tid = event.tid;
    alert.at = event.at;
    (*on_large_freed)(alert);
  };
  live.on_failure = [this, at](const model::Failure& failure) {
    if (failure.count != 1 || on_alert == nullptr || !*on_alert) return;
    Alert alert = alert_for(*at, failure.function, failure.requested, failure.stack);
    alert.is_failure = true;
    alert.is_injected = failure.injected;
    alert.at = failure.first_at;
    alert.error_number = failure.error_number;
    (*on_alert)(alert);
  };
  live.situation = [at] { return memory_situation(*at); };
  record.tracked->on_stack_question = [this](model::StackId stack) {
    return *on_stack_question && (*on_stack_question)(session, stack);
  };
  record.tracked->on_fork = [this, at](std::uint64_t token) { parent_forked(*at, token); };
  record.tracked->on_child = [this](std::uint32_t pid, int status) { child_status(pid, status); };
}

}  // namespace memwatch::recording
