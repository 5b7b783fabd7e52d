// The program memwatch.
#include "tools/cli/program.h"

int main(int argc, char** argv) {
  return memwatch::cli::run_program(argc, argv);
}
