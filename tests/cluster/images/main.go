// labprog is the one program inside the images that hold no shell.
//
//	labprog pause          sleep until SIGTERM or SIGINT, reap orphans (pod sandbox)
//	labprog serve [ADDR]   tiny HTTP server, logs one line per request
//	labprog work [N] [MS]  HTTP server that does N requests at once, each for so many milliseconds
//	labprog call URL RATE POOL
//	                       calls that URL so often in a second through a pool of so many connections,
//	                       and is ready (GET /ready on :8080) while calls come through
//	labprog segv           die by a real SIGSEGV (exit code 139)
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

func main() {
	mode := "pause"
	if len(os.Args) > 1 {
		mode = os.Args[1]
	}
	switch mode {
	case "pause":
		pause()
	case "serve":
		addr := ":8080"
		if len(os.Args) > 2 {
			addr = os.Args[2]
		}
		serve(addr)
	case "work":
		work(number(2, 4), time.Duration(number(3, 200))*time.Millisecond)
	case "call":
		call(os.Args[2], number(3, 20), number(4, 10))
	case "segv":
		segv()
	default:
		fmt.Fprintf(os.Stderr, "labprog: unknown mode %q\n", mode)
		os.Exit(64)
	}
}

func pause() {
	c := make(chan os.Signal, 4)
	signal.Notify(c, syscall.SIGTERM, syscall.SIGINT, syscall.SIGCHLD)
	for s := range c {
		if s != syscall.SIGCHLD {
			return
		}
		for {
			pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
			if pid <= 0 || err != nil {
				break
			}
		}
	}
}

func serve(addr string) {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		log.Printf("%s %s", r.Method, r.URL.Path)
		fmt.Fprintln(w, "ok")
	})
	log.Printf("listening on %s", addr)
	log.Fatal(http.ListenAndServe(addr, nil))
}

// number gives a word of the command line as a number.
func number(at, otherwise int) int {
	if len(os.Args) > at {
		if n, err := strconv.Atoi(os.Args[at]); err == nil {
			return n
		}
	}
	return otherwise
}

// work serves so many requests at once; others wait, as at a server with that many threads.
func work(atOnce int, each time.Duration) {
	threads := make(chan struct{}, atOnce)
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		threads <- struct{}{}
		defer func() { <-threads }()
		time.Sleep(each)
		fmt.Fprintln(w, "ok")
	})
	log.Printf("listening on :8080")
	log.Fatal(http.ListenAndServe(":8080", nil))
}

// call sends requests through a pool of connections. One that waits a second for a connection fails.
func call(url string, rate, size int) {
	pool := make(chan struct{}, size)
	// A connection is made for each request, so that a Service spreads them.
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	var good atomic.Int64
	good.Store(time.Now().Unix())
	go func() {
		for range time.Tick(time.Second / time.Duration(rate)) {
			go func() {
				select {
				case pool <- struct{}{}:
				case <-time.After(time.Second):
					log.Printf("ERROR connection pool exhausted: %d of %d connections to %s in use, waited 1s", len(pool), size, url)
					return
				}
				defer func() { <-pool }()
				answer, err := client.Get(url)
				if err != nil {
					log.Printf("ERROR %v", err)
					return
				}
				answer.Body.Close()
				good.Store(time.Now().Unix())
			}()
		}
	}()
	var refused atomic.Int64
	http.HandleFunc("/ready", func(w http.ResponseWriter, r *http.Request) {
		if len(pool) == size && refused.Add(1) > 1 || time.Now().Unix()-good.Load() > 5 {
			http.Error(w, "no connection left", http.StatusServiceUnavailable)
			return
		}
		if len(pool) < size {
			refused.Store(0)
		}
		fmt.Fprintln(w, "ok")
	})
	log.Printf("INFO calling %s, %d connections", url, size)
	log.Fatal(http.ListenAndServe(":8080", nil))
}

// segv takes the Go runtime's SIGSEGV handler away and then reads address 0,
// so that the kernel, not the runtime, ends the process.
func segv() {
	fmt.Println("processing batch 17: decoding frame")
	runtime.LockOSThread()
	var action [4]uintptr // handler SIG_DFL, flags, restorer, mask
	syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(syscall.SIGSEGV),
		uintptr(unsafe.Pointer(&action)), 0, 8, 0, 0)
	var p *byte
	fmt.Println(*p)
}
