pprof_fuzz(dwarf ROOMS object)
