// The program behind go_cpu.pb.gz and go_heap.pb.gz: a web server that was asked for a while. Made by
//
//	go build -trimpath -o server go_server.go && ./server go_cpu.pb.gz go_heap.pb.gz
package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"runtime/pprof"
	"sort"
	"strings"
	"sync"
	"time"
)

type entry struct {
	Name string
	Sum  string
	Tags []string
}

type store[K comparable, V any] struct {
	sync.Mutex
	m map[K]V
}

func (s *store[K, V]) put(k K, v V) {
	s.Lock()
	defer s.Unlock()
	s.m[k] = v
}

var kept = store[string, *entry]{m: map[string]*entry{}}

func digest(name string) string {
	sum := sha256.Sum256([]byte(strings.Repeat(name, 64)))
	return fmt.Sprintf("%x", sum)
}

func handle(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	e := &entry{Name: name, Sum: digest(name)}
	for i := 0; i < 40; i++ {
		e.Tags = append(e.Tags, fmt.Sprint(name, i))
	}
	sort.Slice(e.Tags, func(i, j int) bool { return e.Tags[i] > e.Tags[j] })
	kept.put(name, e)
	json.NewEncoder(w).Encode(e)
}

func ask(server *httptest.Server, until time.Time) {
	for i := 0; time.Now().Before(until); i++ {
		r, err := http.Get(fmt.Sprintf("%s/?name=n%d", server.URL, i%5000))
		if err == nil {
			var e entry
			json.NewDecoder(r.Body).Decode(&e)
			r.Body.Close()
		}
	}
}

func write(path string, fill func(*os.File) error) {
	f, err := os.Create(path)
	if err == nil {
		err = fill(f)
	}
	if err != nil {
		panic(err)
	}
	f.Close()
}

func main() {
	runtime.MemProfileRate = 4096
	server := httptest.NewServer(http.HandlerFunc(handle))
	write(os.Args[1], func(f *os.File) error {
		err := pprof.StartCPUProfile(f)
		ask(server, time.Now().Add(8*time.Second))
		pprof.StopCPUProfile()
		return err
	})
	runtime.GC()
	write(os.Args[2], func(f *os.File) error { return pprof.Lookup("heap").WriteTo(f, 0) })
}
