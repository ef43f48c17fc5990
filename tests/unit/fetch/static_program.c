/* Linked statically for test_run: nothing can be preloaded into it. */
int main(void)
{
	return 0;
}
