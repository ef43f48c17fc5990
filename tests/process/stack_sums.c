/* Sums by function; see stack_sums.h. */
#include "process/stack_sums.h"

#include <dlfcn.h>
#include <string.h>

#include "process/heap_sums.h"

/* Pseudo frames have a function in the profile itself. */
static const char *name_of(const struct reader_profile *p, uint64_t location)
{
	const struct reader_location *l = &p->locations[location - 1];
	Dl_info info;

	if (l->function)
		return p->strings[p->functions[l->function - 1]];
	if (!dladdr((void *)(uintptr_t)l->address, &info) || !info.dli_sname)
		return "";
	return info.dli_sname;
}

struct stack_sums stack_sums_of(const struct reader_profile *p, const char *function)
{
	struct stack_sums sums = { { 0, 0 } };

	for (size_t i = 0; i < p->n_samples; i++) {
		const struct reader_sample *s = &p->samples[i];

		if (function && strcmp(name_of(p, s->locations[0]), function) != 0)
			continue;
		for (size_t v = 0; v < 2 && v < s->n_values; v++)
			sums.values[v] += s->values[v];
	}
	return sums;
}

struct stack_sums stack_sums(const char *name, const char *function)
{
	struct reader_profile p;
	struct stack_sums sums;

	profile_named(name, &p);
	sums = stack_sums_of(&p, function);
	reader_close(&p);
	return sums;
}
