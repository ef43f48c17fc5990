/* The pprof program: hands the faces to each other through one table. */
#include "cli/cli.h"
#include "shell/shell.h"
#include "web/web.h"

int main(int argc, char **argv)
{
	static const struct driver_faces faces = {
		.shell = shell_run,
		.web = web_run,
	};

	return cli_main(argc, argv, &faces);
}
