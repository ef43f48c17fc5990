/*
 * Any text as the value of any option, by name, by URL parameter and as an address to serve on.
 * Holds that a refused value changes nothing, and that what was accepted is printed in a form that
 * reads back to the same.
 */
#include <stdint.h>
#include <stdlib.h>

#include "driver/driver.h"
#include "driver/options_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print(const struct option *o, const struct config *c, struct buf *out)
{
	buf_clear(out);
	option_print(o, c, out);
}

static void one_option(const struct option *o, struct str value, struct arena *arena)
{
	struct config before;
	struct config after;
	struct buf first = { 0 };
	struct buf second = { 0 };
	struct err e;

	config_init(&before);
	after = before;
	if (option_set(o, &after, value, arena, &e) != OK) {
		if (memcmp(&before, &after, sizeof before) != 0)
			abort();
		return;
	}
	print(o, &after, &first);
	if (option_set(o, &after, buf_str(&first), arena, &e) != OK)
		abort();
	print(o, &after, &second);
	if (!str_eq(buf_str(&first), buf_str(&second)))
		abort();
	buf_clear(&first);
	config_print_query(&after, &first);
	buf_release(&first);
	buf_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	struct str value;
	struct str host;
	uint16_t port;
	struct err e;

	if (size < 1 || size > 4096)
		return 0;
	value = (struct str){ (const char *)data + 1, size - 1 };
	one_option(&config_options[data[0] % n_config_options], value, &arena);
	if (driver_http_address(value, &arena, &host, &port, &e) == OK && host.n == 0)
		abort();
	arena_release(&arena);
	return 0;
}
