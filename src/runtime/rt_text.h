/* Text appended to a growing byte array, without stdio. For the endpoint's pages. RT_ANY */
#ifndef RUNTIME_RT_TEXT_H
#define RUNTIME_RT_TEXT_H

#include "core/fmt.h"
#include "core/str.h"
#include "runtime/mem.h"

void rt_text_str(struct rt_bytes *out, struct str s);
void rt_text_c(struct rt_bytes *out, const char *s);
/* In quotes, as Go's strconv.Quote writes bytes that are plain text; others as \xNN. */
void rt_text_quoted(struct rt_bytes *out, struct str s);
void rt_text_u64(struct rt_bytes *out, uint64_t v);
void rt_text_i64(struct rt_bytes *out, int64_t v);
/* "0x" and lower-case digits, as Go's %#x. */
void rt_text_hex(struct rt_bytes *out, uint64_t v);
/* What `print` writes, up to 16 KiB. */
void rt_text_from(struct rt_bytes *out, void (*print)(struct fmt_buf *));

#endif
