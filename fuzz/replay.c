/*
 * Runs a fuzz target over every file of a corpus folder, with any compiler and no fuzzing engine:
 * this is how the corpus is part of the tests. A missing or empty folder is an error, because a
 * replay of nothing cannot fail.
 */
#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data;
	size_t n;

	if (!f)
		return -1;
	data = malloc((size_t)1 << 24);
	if (!data) {
		fclose(f);
		return -1;
	}
	n = fread(data, 1, (size_t)1 << 24, f);
	fclose(f);
	LLVMFuzzerTestOneInput(data, n);
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	char path[PATH_MAX];
	struct dirent *entry;
	int files = 0;
	DIR *dir;

	if (argc != 2 || !(dir = opendir(argv[1]))) {
		fprintf(stderr, "usage: replay CORPUS_FOLDER (which must exist)\n");
		return 2;
	}
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
		if (replay_file(path)) {
			fprintf(stderr, "cannot read %s\n", path);
			return 1;
		}
		files++;
	}
	closedir(dir);
	printf("%d inputs replayed\n", files);
	return files ? 0 : 1;
}
