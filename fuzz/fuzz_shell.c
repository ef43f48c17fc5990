/* Any line as a command of the shell: taken apart, never run. */
#include <stdint.h>
#include <stdlib.h>

#include "shell/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	struct shell_command command;
	struct config config;
	struct words words;
	struct err e;

	if (size > 4096)
		return 0;
	config_init(&config);
	if (words_split(&words, (struct str){ (const char *)data, size }, &arena, &e) == OK &&
	    words.n > 0 && words_parse(&command, &words, &config, &arena, &e) == OK &&
	    (!command.command || command.command->has_param != (command.param.n > 0)))
		abort();
	arena_release(&arena);
	return 0;
}
