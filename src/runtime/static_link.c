/*
 * In libpprof.a only, and never called: a program linked with -static-pie has the table that real.c
 * asks for, but no dynamic linker. This needs the linker, so such a link fails, with this
 * function's name. The shared libraries must not need it by its name, which other C libraries do
 * not know.
 */
extern void *__tls_get_addr(void *);

void *static_programs_have_no_next_malloc_either(void *);

void *static_programs_have_no_next_malloc_either(void *index)
{
	return __tls_get_addr(index);
}
