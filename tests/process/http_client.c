/* HTTP for tests; see http_client.h. */
#include "process/http_client.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int client_connect(const char *address)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int is_unix = strncmp(address, "unix:", 5) == 0;
	int fd = socket(is_unix ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int failed;

	if (is_unix) {
		snprintf(un.sun_path, sizeof(un.sun_path), "%s", address + 5);
		failed = connect(fd, (struct sockaddr *)&un, sizeof(un));
	} else {
		in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		in.sin_port = htons((unsigned short)atoi(strrchr(address, ':') + 1));
		failed = connect(fd, (struct sockaddr *)&in, sizeof(in));
	}
	if (!failed)
		return fd;
	close(fd);
	return -1;
}

size_t client_exchange(const char *address, const char *request, char *out, size_t cap)
{
	int fd = client_connect(address);
	size_t n = 0;
	ssize_t got = 1;

	if (fd < 0)
		return 0;
	/* The server may have refused and closed before all is sent. */
	if (send(fd, request, strlen(request), MSG_NOSIGNAL) < 0)
		got = 1;
	while (n + 1 < cap && (got = read(fd, out + n, cap - 1 - n)) > 0)
		n += (size_t)got;
	out[n] = '\0';
	close(fd);
	return n;
}

size_t client_get(const char *address, const char *path, char *out, size_t cap)
{
	char request[1024];

	snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
	return client_exchange(address, request, out, cap);
}

int client_status(const char *response)
{
	return strncmp(response, "HTTP/1.1 ", 9) == 0 ? atoi(response + 9) : 0;
}

const char *client_body(const char *response)
{
	const char *end = strstr(response, "\r\n\r\n");

	return end ? end + 4 : "";
}
