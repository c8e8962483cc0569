package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

// untilAsked ends with the signals that ask the server to stop; a terminal that goes away is one.
func untilAsked(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
}

// outliveReaders lets the server live when who reads its log goes away: Go ends a process that
// writes to a broken pipe as its standard output or error.
func outliveReaders() { signal.Ignore(syscall.SIGPIPE) }

// dumpEnd is the last line of a dump.
const dumpEnd = "end of the dump\n"

// dumpOnQuit writes the stacks of all goroutines whenever SIGQUIT comes, as a JVM does with its
// threads, and the server goes on; until ctx ends.
func dumpOnQuit(ctx context.Context, to io.Writer) {
	quit := make(chan os.Signal, 1)
	signal.Notify(quit, syscall.SIGQUIT)
	go func() {
		defer signal.Stop(quit)
		for {
			select {
			case <-quit:
				_, _ = to.Write(append(stacks(), dumpEnd...)) // to a log that may be gone
			case <-ctx.Done():
				return
			}
		}
	}()
}

// stacks are those of all goroutines.
func stacks() []byte {
	for size := 64 << 10; ; size *= 2 {
		buf := make([]byte, size)
		if n := runtime.Stack(buf, true); n < size {
			return append(buf[:n], '\n')
		}
	}
}
