/*
 * A server that forks, and knows nothing of profiles: `workers` forks one, `setsid`, `twice` and
 * `daemon` leave the terminal in the three ways that there are. Prints the child's process id,
 * ends with its standard input. Run by forks.sh.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void *volatile kept;

static void serve(void)
{
	char c;

	for (int i = 0; i < 100; i++)
		kept = malloc(1000);
	printf("%d\n", (int)getpid());
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		continue;
	exit(0);
}

/* By the book: the parent ends; after the second fork there is no terminal to be had again. */
static void leave(int forks)
{
	for (int i = 0; i < forks; i++) {
		pid_t pid = fork();

		if (pid < 0 || pid > 0)
			exit(pid < 0);
		if (i == 0)
			setsid();
	}
	serve();
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	int status = 1;

	if (strcmp(how, "setsid") == 0 || strcmp(how, "twice") == 0) {
		leave(how[0] == 't' ? 2 : 1);
	} else if (strcmp(how, "daemon") == 0) {
		if (daemon(1, 1) == 0)
			serve();
	} else if (strcmp(how, "workers") == 0) {
		if (fork() == 0)
			serve();
		wait(&status);
	}
	return status;
}
