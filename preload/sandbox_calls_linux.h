// Which of Linux's calls lock a program in (sandbox.h), by their arguments. Called before the call
// goes to the kernel, with what the program passes. Calls that only ask what the kernel can do lock
// nothing: libseccomp makes a dozen when it is loaded, with arguments that have to fail.
#pragma once

namespace memwatch::preload {

void prepare_for_prctl(long option, unsigned long mode, unsigned long filter);
void prepare_for_seccomp(unsigned long operation, unsigned long flags, unsigned long arguments);

}  // namespace memwatch::preload
