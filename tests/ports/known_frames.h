#ifndef MEMWATCH_TESTS_PORTS_KNOWN_FRAMES_H
#define MEMWATCH_TESTS_PORTS_KNOWN_FRAMES_H

void port_outer(int times, int spin);

#endif
