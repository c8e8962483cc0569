package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

// untilAsked returns a context that ends when a signal asks the server to stop. SIGHUP is one of
// these signals: it comes when the terminal is closed.
func untilAsked(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
}

// outliveReaders lets the server go on when the process that reads its log ends. Without it Go ends
// a process whose standard output or error is a broken pipe.
func outliveReaders() { signal.Ignore(syscall.SIGPIPE) }

// dumpEnd is the last line of a dump.
const dumpEnd = "end of the dump\n"

// dumpOnQuit writes the stacks of all goroutines whenever SIGQUIT comes, until ctx ends. The server
// goes on. A JVM does the same with its threads.
func dumpOnQuit(ctx context.Context, to io.Writer) {
	quit := make(chan os.Signal, 1)
	signal.Notify(quit, syscall.SIGQUIT)
	go func() {
		defer signal.Stop(quit)
		for {
			select {
			case <-quit:
				_, _ = to.Write(append(stacks(), dumpEnd...)) // the reader of the log may be gone
			case <-ctx.Done():
				return
			}
		}
	}()
}

// stacks returns the stacks of all goroutines.
func stacks() []byte {
	for size := 64 << 10; ; size *= 2 {
		buf := make([]byte, size)
		if n := runtime.Stack(buf, true); n < size {
			return append(buf[:n], '\n')
		}
	}
}
