/* How many threads can run at once: what work that can be split asks first. */
#ifndef BASE_PROCESSORS_H
#define BASE_PROCESSORS_H

/* Processors that this process may use, at least 1. From any thread. */
unsigned processors(void);

#endif
