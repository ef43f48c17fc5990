/*
 * Scenarios: libraries that come and go. Two of them, so that one lies where the other was; what
 * is remembered about code at an address must not be believed of other code.
 */
#include "process/hostile/hostile.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef void *(*plugin_function)(size_t n);

static plugin_function function_of(void *library)
{
	plugin_function call;
	void *f = dlsym(library, "hostile_plugin_allocate");

	memcpy(&call, &f, sizeof(call));
	return f ? call : NULL;
}

/* HOSTILE_PLUGIN_1 and _2 are set by the build. */
static const char *plugin_path(int i)
{
	return i % 2 ? HOSTILE_PLUGIN_1 : HOSTILE_PLUGIN_2;
}

static int use_library(int i, int flags)
{
	void *library = dlopen(plugin_path(i), flags);
	plugin_function call = library ? function_of(library) : NULL;
	void *p;

	if (!call)
		return hostile_fail(dlerror(), 0, 1);
	p = call(6100);
	memset(p, 1, 6100);
	HOSTILE_CHECK(dlclose(library), 0);
	/* Made by code that is gone. */
	free(p);
	return 0;
}

static int load_in_a_loop(void)
{
	for (int i = 0; i < 200; i++)
		HOSTILE_CHECK(use_library(i / 3, i % 3 ? RTLD_NOW : RTLD_LAZY), 0);
	HOSTILE_CHECK(hostile_in_use(6100, 0), 0);
	return 0;
}

static _Atomic int stop;

static void *allocate_meanwhile(void *arg)
{
	while (!stop)
		free(hostile_block(6200));
	return arg;
}

static void *read_profiles_meanwhile(void *arg)
{
	while (!stop) {
		struct reader_profile p;

		if (hostile_profile(&p))
			reader_close(&p);
		usleep(1000);
	}
	return arg;
}

static int load_beside_threads(void)
{
	pthread_t threads[3];

	for (int i = 0; i < 3; i++)
		pthread_create(
		    &threads[i], NULL, i ? allocate_meanwhile : read_profiles_meanwhile, NULL);
	for (int i = 0; i < 100; i++)
		HOSTILE_CHECK(use_library(i, RTLD_NOW), 0);
	stop = 1;
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

/* A library that binds past every preloaded one frees what we have seen made, and the reverse. */
static int deep_bound(void)
{
	void *library = dlopen(HOSTILE_PLUGIN_1, RTLD_NOW | RTLD_DEEPBIND);
	plugin_function call = library ? function_of(library) : NULL;
	void (*release)(void *);
	void *f = library ? dlsym(library, "hostile_plugin_free") : NULL;

	if (!call || !f)
		return 1;
	memcpy(&release, &f, sizeof(release));
	for (int i = 0; i < 2000; i++) {
		release(hostile_block(6300));
		free(call(6301));
	}
	HOSTILE_CHECK(dlclose(library), 0);
	return 0;
}

/* Another namespace has a C library of its own, and a malloc that nobody has interposed. */
static int other_namespace(void)
{
	void *library = dlmopen(LM_ID_NEWLM, HOSTILE_PLUGIN_1, RTLD_NOW);
	plugin_function call = library ? function_of(library) : NULL;

	if (!call)
		return hostile_fail(dlerror(), 0, 1);
	for (int i = 0; i < 100; i++)
		memset(call(6400), 1, 6400);
	HOSTILE_CHECK(dlclose(library), 0);
	return 0;
}

/* Errors of the dynamic linker are the program's, before and after ours. */
static int loader_errors(void)
{
	HOSTILE_CHECK(dlopen("/nonexistent/library.so", RTLD_NOW) == NULL, 1);
	free(hostile_block(200000));
	puts(dlerror());
	HOSTILE_CHECK(dlerror() == NULL, 1);
	HOSTILE_CHECK(dlsym(RTLD_DEFAULT, "no_such_function") == NULL, 1);
	free(hostile_block(200000));
	HOSTILE_CHECK(dlerror() != NULL, 1);
	return 0;
}

const struct hostile_scenario hostile_libraries[] = {
	{ "load_in_a_loop", load_in_a_loop },
	{ "load_beside_threads", load_beside_threads },
	{ "deep_bound", deep_bound },
	{ "other_namespace", other_namespace },
	{ "loader_errors", loader_errors },
	{ NULL, NULL },
};
