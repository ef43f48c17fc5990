pprof_fuzz(http1 ROOMS core)
