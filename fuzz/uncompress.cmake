pprof_fuzz(uncompress ROOMS profile)
