/*
 * The files of -tls_cert, -tls_key and -tls_ca, looked at before a request is made: libcurl says of
 * all mistakes that it "could not load" something. Used by http_client.c.
 */
#ifndef NET_TLS_FILES_H
#define NET_TLS_FILES_H

#include "net/http_client.h"

/* What every error of a certificate and its key begins with. */
#define TLS_PAIR "could not load certificate/key pair specified by -tls_cert and -tls_key"

#endif
