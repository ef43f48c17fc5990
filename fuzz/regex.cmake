pprof_fuzz(regex ROOMS base)
