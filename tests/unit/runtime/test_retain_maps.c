/* The list of a program's memory: of one moment, also when it is long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/mman.h>

#include "runtime/retain_maps.h"
#include "runtime/saferead.h"

#define PAGE     ((size_t)4096)
#define HUGE     ((size_t)1 << 30)
/* Their lines do not fit the room that is made for most programs. */
#define MAPPINGS 20000

static struct retain_input in;

/* Every other page can be used: as many lines as pages. */
static uint8_t *make_mappings(void)
{
	uint8_t *p = mmap(NULL, 2 * MAPPINGS * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(p, MAP_FAILED);
	for (size_t i = 0; i < MAPPINGS; i++)
		assert_return_code(mprotect(p + 2 * i * PAGE, PAGE, PROT_READ | PROT_WRITE), 0);
	return p;
}

static void a_long_list_has_nothing_that_is_gone(void **state)
{
	uint8_t *p = make_mappings();
	struct retain_maps m;
	size_t found = 0;

	(void)state;
	assert_true(retain_maps_read(&m, &in));
	for (size_t i = 0; i < retain_maps_count(&m); i++) {
		const struct retain_region *r = retain_maps_at(&m, i);

		found += r->start >= (uintptr_t)p && r->end <= (uintptr_t)p + 2 * MAPPINGS * PAGE;
		if (r->end - r->start > HUGE) /* a sanitizer's own */
			continue;
		for (uintptr_t at = r->start; at < r->end; at += PAGE)
			assert_true(rt_saferead_probe(at));
	}
	assert_int_equal(found, MAPPINGS);
	munmap(p, 2 * MAPPINGS * PAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_long_list_has_nothing_that_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
