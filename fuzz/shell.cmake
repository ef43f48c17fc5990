pprof_fuzz(shell ROOMS shell)
