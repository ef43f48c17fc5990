pprof_fuzz(verdicts ROOMS driver)
