pprof_fuzz(legacy ROOMS profile)
