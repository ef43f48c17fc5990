pprof_fuzz(cfi ROOMS unwind)
