pprof_fuzz(url ROOMS net)
