/*
 * How a room below the faces speaks to the user while it works ("Fetching profile over HTTP from
 * …"). The face decides where the line goes (stderr, a browser's message box) and how an error
 * looks. Lines come without a newline at the end; they may hold newlines inside.
 */
#ifndef BASE_UI_H
#define BASE_UI_H

#include <stdbool.h>

#include "base/buf.h"
#include "core/str.h"

struct ui {
	void *ctx;
	/* One message. is_error marks warnings and failures. Called from one thread at a time. */
	void (*line)(void *ctx, bool is_error, struct str text);
	/* What is begun now and may take long ("Finding symbols"); "" when it is done. May be NULL.
	 */
	void (*step)(void *ctx, struct str text);
};

/* A message made like printf's; dropped when memory is short or ui has no function. */
static inline void ui_printf(const struct ui *ui, bool is_error, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static inline void ui_printf(const struct ui *ui, bool is_error, const char *fmt, ...)
{
	struct buf b = { 0 };
	va_list ap;

	if (!ui || !ui->line)
		return;
	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	if (!buf_failed(&b))
		ui->line(ui->ctx, is_error, buf_str(&b));
	buf_release(&b);
}

static inline void ui_step(const struct ui *ui, struct str text)
{
	if (ui && ui->step)
		ui->step(ui->ctx, text);
}

#define ui_print(ui, ...) ui_printf((ui), false, __VA_ARGS__)
#define ui_error(ui, ...) ui_printf((ui), true, __VA_ARGS__)

#endif
