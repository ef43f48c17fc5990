/* The pprof program: hands the faces to each other through one table. */
#include <signal.h>

#include "cli/cli.h"
#include "shell/shell.h"
#include "web/web.h"

int main(int argc, char **argv)
{
	static const struct driver_faces faces = {
		.shell = shell_run,
		.web = web_run,
		.flame_page = web_flame_page,
	};

	/* A full quota is an error to tell, not a death that leaves a temporary file behind. */
	signal(SIGXFSZ, SIG_IGN);
	return cli_main(argc, argv, &faces);
}
