/* Says that it runs, then waits to be killed: for the test that looks for a running program. */
#include <unistd.h>

int main(void)
{
	if (write(1, "r", 1) != 1)
		return 1;
	alarm(60);
	for (;;)
		pause();
}
