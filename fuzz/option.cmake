pprof_fuzz(option ROOMS driver)
