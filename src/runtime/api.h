/* What the files with public functions share. */
#ifndef RUNTIME_API_H
#define RUNTIME_API_H

/* Makes `text` (copied) what pprof_error returns; returns -1. RT_ANY */
int rt_api_fail(const char *text);

#endif
