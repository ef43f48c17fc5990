/* The usage text of the command line: our own words around the lists of driver/usage.h. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "base/buf.h"

void help_usage(struct buf *out);

#endif
