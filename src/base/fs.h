/*
 * Files, with Go's error texts ("open X: no such file or directory"). Paths are borrowed strings;
 * only here do they become C strings.
 */
#ifndef BASE_FS_H
#define BASE_FS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "core/str.h"

/* path as a C string; false when it is too long for the system or holds a NUL. */
bool fs_path(char out[PATH_MAX], struct str path);

/* Opens for reading. "open X: …". */
enum err_code fs_open(int *fd, struct str path, struct err *e) MUST_USE;
/* Size of a regular file, else 0. */
size_t fs_size(int fd);
/* read(2) that signals do not disturb. */
ssize_t fs_read_some(int fd, void *to, size_t n);

/* Appends what is left of an open file; `path` is for errors only, else as fs_read. */
enum err_code fs_read_fd(
    int fd, struct str path, size_t limit, struct buf *out, struct err *e) MUST_USE;
/* Appends a file's contents (regular files, pipes, /proc). ERR_LIMIT above `limit` bytes. */
enum err_code fs_read(struct str path, size_t limit, struct buf *out, struct err *e) MUST_USE;

/* A file mapped read-only; p is NULL when it is empty. Changes by others may show through. */
struct fs_map {
	const char *p;
	size_t n;
};
enum err_code fs_map_open(struct fs_map *out, struct str path, struct err *e) MUST_USE;
void fs_map_close(struct fs_map *m);

/* What stat says, without an error text. */
bool fs_exists(struct str path);
bool fs_is_dir(struct str path);

/*
 * Writes a file as a whole: beside its place, then renamed, so that others see the old one or the
 * new one and a crash leaves neither half. Mode 0600. On failure path is as it was.
 */
enum err_code fs_replace(struct str path, struct str bytes, struct err *e) MUST_USE;
/* The same with bytes that lie in n parts. */
enum err_code fs_replace_parts(
    struct str path, const struct str *parts, size_t n, struct err *e) MUST_USE;
/* True for a regular file, not a link, of this user or of root. */
bool fs_is_trusted(struct str path);

/* Makes a directory and its parents with mode 0755; OK when it is there. "mkdir X: …". */
enum err_code fs_make_dirs(struct str path, struct err *e) MUST_USE;

/* Go's filepath.Base: "." for "", "/" for slashes only. Borrows from path. */
struct str fs_base(struct str path);
/* The part before the last slash, without trailing slashes; "." when there is none. */
struct str fs_dir(struct str path);

#endif
