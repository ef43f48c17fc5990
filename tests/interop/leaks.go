// A Go program whose heap is known: writes a series of heap profiles to the directory that it is
// given, one after each round of work. With "leak" as second argument it keeps what it should not.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
)

const (
	rounds   = 8
	perRound = 4000
	size     = 512
)

var (
	sink  []byte
	kept  = map[int][]byte{}
	cache [perRound][]byte
	table [][]byte
)

//go:noinline
func leakHere(n int) { kept[n] = make([]byte, size) }

//go:noinline
func boundedHere(n int) { cache[n%len(cache)] = make([]byte, size) }

//go:noinline
func loadedHere() { table = append(table, make([]byte, size)) }

func write(path string) {
	runtime.GC() // a profile is of the last collection
	runtime.GC()
	file, err := os.Create(path)
	if err == nil {
		err = pprof.WriteHeapProfile(file)
	}
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		panic(err)
	}
}

func main() {
	// The next sample was drawn before the rate is set: on one processor, it is soon over.
	runtime.GOMAXPROCS(1)
	runtime.MemProfileRate = 8192
	sink = make([]byte, 32<<20)
	sink = nil
	leaks := len(os.Args) > 2 && os.Args[2] == "leak"
	for i := 0; i < perRound; i++ {
		loadedHere()
	}
	for round, n := 0, 0; round < rounds; round++ {
		for i := 0; i < perRound; i++ {
			boundedHere(n)
			if leaks {
				leakHere(n)
			}
			n++
		}
		write(fmt.Sprintf("%s/heap.%02d.pb.gz", os.Args[1], round))
	}
}
