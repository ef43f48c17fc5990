pprof_fuzz(report ROOMS report)
