pprof_fuzz(elf ROOMS object)
