/*
 * The writers of all formats: one function each, defined in the file named behind it and listed
 * in the table of report.c, which calls them with a report that has the graph the format wants.
 * Each appends to `out` and returns ERR_NOMEM, or what its comment says.
 */
#ifndef REPORT_WRITERS_H
#define REPORT_WRITERS_H

#include "base/buf.h"
#include "base/err.h"
#include "report/report.h"

typedef enum err_code report_writer(struct report *r, struct buf *out, struct err *e);

report_writer report_write_text;      /* text.c */
report_writer report_write_tree;      /* tree.c; ERR_NOT_FOUND when peek's symbol matches nothing */
report_writer report_write_traces;    /* traces.c */
report_writer report_write_tags;      /* tags.c */
report_writer report_write_raw;       /* raw.c */
report_writer report_write_comments;  /* comments.c */
report_writer report_write_list;      /* list.c; ERR_NOT_FOUND */
report_writer report_write_weblist;   /* weblist.c; ERR_NOT_FOUND */
report_writer report_write_disasm;    /* asmlist.c; ERR_NOT_FOUND, ERR_UNSUPPORTED */
report_writer report_write_dot;       /* dot.c */
report_writer report_write_callgrind; /* callgrind.c */
report_writer report_write_topproto;  /* topproto.c */
report_writer report_write_proto;     /* proto.c */
report_writer report_write_folded;    /* folded.c */
report_writer report_write_json_profile;  /* json_profile.c */
report_writer report_write_json_comments; /* json_profile.c */
report_writer report_write_json_graph;    /* json_graph.c */
report_writer report_write_json_flame;    /* json_graph.c */
report_writer report_write_json_list;     /* json_lines.c; as report_write_list */
report_writer report_write_json_disasm;   /* json_lines.c; as report_write_disasm */
report_writer report_write_json; /* json.c; of text, tree and tags; ERR_NOT_FOUND as tree */

#endif
