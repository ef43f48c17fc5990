pprof_fuzz(retained ROOMS symbolize LIBS Threads::Threads)
