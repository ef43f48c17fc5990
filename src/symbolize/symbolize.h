/*
 * Names for addresses: which mappings need them, where their binaries are, what was answered.
 * Local first (object/), then the server the profile came from (/symbol), then demangling. The
 * driver calls this once per load. A struct symbolizer keeps binaries open for reports that come
 * back for code and inlined frames.
 */
#ifndef SYMBOLIZE_SYMBOLIZE_H
#define SYMBOLIZE_SYMBOLIZE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/ui.h"
#include "core/str.h"
#include "net/http_client.h"
#include "net/mapping_source.h"
#include "object/demangle.h"
#include "object/object.h"
#include "profile/profile.h"

/* What the words of -symbolize ask for. */
struct symbolize_mode {
	bool none; /* neither names nor demangling */
	bool local;
	bool fast; /* symbol tables only */
	bool remote;
	bool force; /* also what already has names */
	enum demangle_mode demangle;
};

/* Reads a mode text ("local:demangle=none"); an unknown word is said through ui and skipped. */
struct symbolize_mode symbolize_parse_mode(struct str text, const struct ui *ui);

/*
 * Gives p's locations their lines. Failures per binary are said through ui and are no error; a
 * failed remote request is one. urls may be NULL (nothing remote). tls may be NULL.
 */
enum err_code symbolize_profile(struct profile *p, struct str mode,
    const struct mapping_sources *urls, const struct http_tls *tls, const struct ui *ui,
    struct err *e) MUST_USE;

/* The parts, for tests and for callers that want one. */
enum err_code symbolize_local(struct profile *p, const struct symbolize_mode *mode,
    const struct ui *ui, struct err *e) MUST_USE;
enum err_code symbolize_remote(struct profile *p, bool force, const struct mapping_sources *urls,
    const struct http_tls *tls, const struct ui *ui, struct err *e) MUST_USE;
/* Demangles function names; force starts again from the system names. */
enum err_code symbolize_demangle(
    struct profile *p, bool force, enum demangle_mode mode, struct err *e) MUST_USE;

/*
 * Appends, for each mapping of p (as it came, not yet looked up), the places its binary and debug
 * file were looked for and why each was refused. search_path as find_binary's.
 */
enum err_code symbolize_explain(const struct profile *p, struct str search_path,
    const struct ui *ui, struct buf *out, struct err *e) MUST_USE;

/* True for mappings that have no file to open: "[vdso]", "linux-vdso…", "//anon", "/memfd:…". */
bool symbolize_is_special(struct str file);

/*
 * Open binaries by path and build id, for reports: one per driver, not thread safe. get returns a
 * borrowed object and the base of mapping m for an address in it, or an error with google/pprof's
 * reason.
 */
struct symbolizer;
enum err_code symbolizer_new(struct symbolizer **out, struct err *e) MUST_USE;
void symbolizer_free(struct symbolizer *s);
enum err_code symbolizer_get(struct symbolizer *s, const struct profile *p, const struct mapping *m,
    uint64_t address, struct object **object, uint64_t *base, struct err *e) MUST_USE;

/*
 * Remembers when the newest binary of p's mappings was written, so that symbolizer_check_source can
 * say through ui (kept: must outlive s) that a source file was changed after it. What it says may
 * be untrue only of a file that was touched without a change.
 */
void symbolizer_note_binaries(struct symbolizer *s, const struct profile *p, const struct ui *ui);
/* A source file is about to be shown: warns, once a file, when its lines may have moved. */
void symbolizer_check_source(struct symbolizer *s, struct str path);

#endif
