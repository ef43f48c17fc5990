pprof_fuzz(decode ROOMS profile)
