/* The parts of a seccomp filter that kills the process for whatever is not listed:
 *   static struct sock_filter rules[] = {LOOK_AT_NUMBER, ALLOW(SYS_write), …, KILL_FOR_OTHERS}; */
#ifndef MEMWATCH_TESTS_HOSTS_SECCOMP_RULES_H
#define MEMWATCH_TESTS_HOSTS_SECCOMP_RULES_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/syscall.h>

#define LOOK_AT_NUMBER BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))
#define ALLOW(number)                                            \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)(number), 0, 1), \
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define KILL_FOR_OTHERS BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)

#endif
