pprof_fuzz(state ROOMS fetch profile)
