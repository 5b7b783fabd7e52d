#include "preload/macos/fork_handlers.h"

#include <pthread.h>

#include "preload/session.h"
#include "preload/thread_local_state.h"

namespace memwatch::preload {

namespace {

void before_fork() {
  ThreadLocalState& own = t_state;
  ++own.own_work;
  ++own.passing_through;
}

void after_fork() {
  ThreadLocalState& own = t_state;
  --own.own_work;
  --own.passing_through;
}

void after_fork_in_child() {
  notice_fork_in_child();
  after_fork();
}

}  // namespace

void register_fork_handlers() {
  pthread_atfork(before_fork, after_fork, after_fork_in_child);
}

}  // namespace memwatch::preload
