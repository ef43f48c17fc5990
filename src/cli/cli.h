/*
 * The command line face: reads flags, runs the driver, prints its messages and its error, and
 * turns the result into an exit status.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "driver/driver.h"

/* Exit status: 0, 2 after an error, or the status of a command that `pprof run` ran. */
int cli_main(int argc, char **argv, const struct driver_faces *faces);

#endif
