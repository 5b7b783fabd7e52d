/* Functions of libc that return memory of malloc: they count as malloc, with libc as the caller. */
#include <stdlib.h>
#include <string.h>

#include "tests/hosts/host.h"

int main(int argc, char** argv) {
  char* const whole = keep(strdup("twelve bytes"));
  char* const part = keep(strndup("twelve bytes", 6));
  char* formatted = NULL;
  require(argc > 0 && asprintf(&formatted, "%s and %d", whole, 7) > 0, "asprintf failed");
  char* line = NULL;
  size_t capacity = 0;
  FILE* const self = fopen(argv[0], "r");
  require(self != NULL && getline(&line, &capacity, self) > 0, "getline failed");
  fclose(self);
  say("%s, %s, %s\n", whole, part, formatted);
  free(line);
  free(formatted);
  free(part);
  free(whole);
  return 0;
}
