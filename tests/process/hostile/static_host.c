/* A program that nothing can be preloaded into. */
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
	char *volatile p = malloc(1000000);

	free(p);
	puts("static");
	return p ? 3 : 1;
}
