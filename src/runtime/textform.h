/*
 * The debug=1 text of a heap profile, and what other profiles' texts share with it: Go's legacy
 * form, which people read and pprof parses, with names from the dynamic linker and the memory map.
 */
#ifndef RUNTIME_TEXTFORM_H
#define RUNTIME_TEXTFORM_H

#include "runtime/snapshot.h"

/* Appends the text to *out; failure is out->failed. Reorders the rows. RT_ANY */
void rt_textform_heap(struct rt_snapshot *s, struct rt_bytes *out);

/* Appends a row's stack: its addresses to the end of the line, then its labels and a line for each
 * frame. RT_ANY */
void rt_textform_stack(struct rt_bytes *out, const struct rt_snapshot *s, const struct rt_row *row);
/* Appends a frame: what stands between "#\t" and the end of the line. RT_ANY */
void rt_textform_frame(struct rt_bytes *out, uint64_t pc);
/* Appends the memory map, which lets pprof name addresses, under its form's title. RT_ANY */
void rt_textform_map(struct rt_bytes *out, const char *title);

/* The name of the function that holds pc, as the dynamic linker knows it, with its start; "" when
 * it does not. The text lives as long as the object stays loaded. RT_ANY */
const char *rt_textform_symbol(uint64_t pc, uint64_t *start, const char **object);

#endif
