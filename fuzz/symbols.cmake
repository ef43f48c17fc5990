pprof_fuzz(symbols ROOMS object)
