/*
 * The boring half of both servers: arguments, the libmicrohttpd daemon, waiting for SIGTERM, and
 * answers in plain text.
 */
#ifndef EXAMPLES_SERVE_H
#define EXAMPLES_SERVE_H

#include <microhttpd.h>
#include <stdbool.h>

#include "table.h"

/* argv[i] as a number from 0 to max, or `otherwise` when there is none; ends the program on junk.
 */
int serve_argument(int argc, char **argv, int i, int otherwise, int max);
/*
 * Serves on 127.0.0.1:port (0: any free one), prints "listening on http://127.0.0.1:PORT/", and
 * returns the exit status after SIGTERM or SIGINT.
 */
int serve_until_signal(int port, MHD_AccessHandlerCallback handler);
/*
 * False while a request is still arriving: the handler then returns MHD_YES and is called again.
 * An answer before that would make libmicrohttpd close the connection.
 */
bool serve_whole_request(size_t *upload_size, void **state);
/* Queues a text/plain answer in printf style. */
enum MHD_Result serve_text(struct MHD_Connection *connection, unsigned status, const char *format,
    ...) __attribute__((format(printf, 3, 4)));
/* Fills a fresh, zeroed entry with the request's metadata and a number of its own. */
void serve_describe(struct MHD_Connection *connection, struct entry *entry);
/* What both servers answer beside /process: "/" and "/stats"; anything else is 404. */
enum MHD_Result serve_common(struct MHD_Connection *connection, const char *url);

#endif
