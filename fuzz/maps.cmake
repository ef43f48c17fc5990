pprof_fuzz(maps ROOMS core)
