pprof_fuzz(foreign ROOMS profile)
