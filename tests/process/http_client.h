/* A blocking HTTP client of a few lines, for tests of the endpoint. */
#ifndef TESTS_PROCESS_HTTP_CLIENT_H
#define TESTS_PROCESS_HTTP_CLIENT_H

#include <stddef.h>

/* Connects to "127.0.0.1:port" or "unix:/path"; -1 when refused. */
int client_connect(const char *address);

/*
 * Sends `request` (all of it, as it is) and reads until the server closes. Returns the number of
 * bytes in out, NUL-terminated; 0 when nothing came.
 */
size_t client_exchange(const char *address, const char *request, char *out, size_t cap);

/* The same for "GET path" with the usual fields. */
size_t client_get(const char *address, const char *path, char *out, size_t cap);

/* Status code of a response; 0 when it is none. */
int client_status(const char *response);

/* What follows the head. */
const char *client_body(const char *response);

#endif
