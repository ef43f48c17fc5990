/* Index, cmdline, symbol; see pages.h. Called through the table in rt_routes.c. */
#include "runtime/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "runtime/rt_text.h"
#include "runtime/textform.h"

/* Listed on the index besides the profiles; sorted among them. */
static const struct entry {
	const char *name;
	const char *href;
	const char *description;
} others[] = {
	{ "cmdline", "cmdline", "The command line of this process" },
	{ "profile", "profile",
	    "CPU profile. The seconds parameter says how long (30), hz how many samples for each "
	    "second of CPU time." },
	{ "retained", "retained",
	    "Who holds the sampled blocks that are alive: globals, thread-local storage, stacks, "
	    "and the way from there. A copy of the process looks; see PPROF_RETAIN_PAUSE." },
	{ "self", "self", "The profiler's own state: samples, losses by cause, options" },
};

#define OTHERS (sizeof(others) / sizeof(others[0]))

/* Names are the program's. */
static void put_html(struct rt_bytes *out, const char *text)
{
	static const struct {
		char c;
		const char *text;
	} escapes[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '\'', "&#39;" },
		{ '"', "&#34;" } };

	for (; *text; text++) {
		const char *escape = NULL;

		for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++)
			escape = *text == escapes[i].c ? escapes[i].text : escape;
		if (escape)
			rt_text_c(out, escape);
		else
			rt_bytes_add(out, text, 1);
	}
}

static void index_row(struct rt_bytes *out, size_t count, const char *href, const char *name)
{
	rt_text_c(out, "<tr><td>");
	rt_text_u64(out, count);
	/* What is before a colon would be a scheme. */
	rt_text_c(out, strchr(href, ':') ? "</td><td><a href='./" : "</td><td><a href='");
	put_html(out, href);
	rt_text_c(out, "?debug=1'>");
	put_html(out, name);
	rt_text_c(out, "</a></td></tr>\n");
}

static void index_description(struct rt_bytes *out, const char *name, const char *text)
{
	rt_text_c(out, "<li><div class=profile-name>");
	put_html(out, name);
	rt_text_c(out, ": </div> ");
	rt_text_c(out, text);
	rt_text_c(out, "</li>\n");
}

/* Calls row or description for every entry, both lists merged by name. */
static void index_entries(struct rt_bytes *out, bool describe)
{
	const struct rt_profile_kind *profiles[RT_PROFILES_MAX];
	size_t n = rt_profiles_list(profiles), o = 0, p = 0;

	while (p < n || o < OTHERS) {
		bool profile = o == OTHERS || (p < n && str_cmp(str_c(profiles[p]->name),
							    str_c(others[o].name)) < 0);
		const char *name = profile ? profiles[p]->name : others[o].name;

		if (describe)
			index_description(
			    out, name, profile ? profiles[p]->description : others[o].description);
		else
			index_row(out, profile ? profiles[p]->count(profiles[p]) : 0,
			    profile ? name : others[o].href, name);
		if (profile)
			p++;
		else
			o++;
	}
}

void rt_pages_index(const struct rt_request *req, struct rt_bytes *out)
{
	(void)req;
	rt_text_c(out, "<!DOCTYPE html>\n<html>\n<head>\n<title>/debug/pprof/</title>\n<style>\n"
		       "body { font-family: sans-serif; }\n"
		       ".profile-name { display: inline-block; width: 6rem; }\n"
		       "</style>\n</head>\n<body>\n/debug/pprof/<br>\n"
		       "<p>Set debug=1 as a query parameter to export in text form; without it, "
		       "a profile is for <code>pprof</code>.</p>\n"
		       "Types of profiles available:\n<table>\n"
		       "<thead><td>Count</td><td>Profile</td></thead>\n");
	index_entries(out, false);
	rt_text_c(out, "</table>\n<a href=\"goroutine?debug=2\">full thread stack dump</a>\n"
		       "<p>Profile descriptions:</p>\n<ul>\n");
	index_entries(out, true);
	rt_text_c(out, "</ul>\n<p>libpprof " PPROF_VERSION "</p>\n</body>\n</html>\n");
}

void rt_pages_cmdline(const struct rt_request *req, struct rt_bytes *out)
{
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t got;

	(void)req;
	if (fd < 0)
		return;
	do {
		uint8_t *room = rt_bytes_room(out, 4096);

		got = room ? read(fd, room, 4096) : 0;
		out->n += got > 0 ? (size_t)got : 0;
	} while (got > 0 || (got < 0 && errno == EINTR));
	close(fd);
	if (out->n > 0 && out->p[out->n - 1] == '\0')
		out->n--; /* NULs separate, as in Go */
}

static void symbol_line(struct rt_bytes *out, struct str word)
{
	const char *name, *object;
	uint64_t pc, start;

	if (!str_to_u64(word, 0, &pc) || pc == 0)
		return;
	name = rt_textform_symbol(pc, &start, &object);
	if (!*name)
		return;
	rt_text_hex(out, pc);
	rt_text_c(out, " ");
	rt_text_c(out, name);
	rt_text_c(out, "\n");
}

void rt_pages_symbol(const struct rt_request *req, struct rt_bytes *out)
{
	struct str rest = str_is(req->method, "POST") ? req->body : req->query;
	struct str word;

	rt_text_c(out, "num_symbols: 1\n");
	if (!rest.p)
		return;
	while (str_split(&rest, '+', &word))
		symbol_line(out, word);
}
