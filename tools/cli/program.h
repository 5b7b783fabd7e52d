// memwatch from its arguments to its exit status: parse, dispatch, and make every mistake one line.
// Callers: main. Errors: printed here, nothing escapes.
#pragma once

namespace memwatch::cli {

int run_program(int argc, char** argv);

}  // namespace memwatch::cli
