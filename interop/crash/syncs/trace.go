package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// trace reads strace's output. A call that is interrupted by another thread's is told in two
// lines, its beginning and its end.
type trace struct {
	calls    map[string]int    // "call on what" -> count
	open     map[string]string // thread -> call in two lines
	batches  int               // writes to the log
	syncs    int               // flushes of the log that succeeded
	covered  int               // those that began after a write to the log had ended
	answers  int               // writes to sockets
	unproved []string          // answers when there were fewer such flushes than answers

	// The state of the log: written and not flushed; the flush that runs began after that.
	dirty    bool
	covering bool
}

func newTrace() *trace { return &trace{calls: map[string]int{}, open: map[string]string{}} }

var (
	begun   = regexp.MustCompile(`^(\d+) +(\w+)\(\d+<(.*)$`)
	resumed = regexp.MustCompile(`^(\d+) +<\.\.\. (\w+) resumed>(.*)$`)
)

func (t *trace) line(line string) {
	line = strings.TrimSpace(line)
	if m := begun.FindStringSubmatch(line); m != nil {
		what := subject(m[3])
		t.calls[m[2]+" "+what]++
		t.begin(m[2], what, line)
		if strings.HasSuffix(line, "<unfinished ...>") {
			t.open[m[1]] = what
			return
		}
		t.end(m[2], what, line)
		return
	}
	if m := resumed.FindStringSubmatch(line); m != nil {
		t.end(m[2], t.open[m[1]], line)
	}
}

// subject names what a file descriptor is, from its path or address.
func subject(text string) string {
	path, _, _ := strings.Cut(text, ">")
	switch base := path[strings.LastIndexByte(path, '/')+1:]; {
	case strings.HasPrefix(text, "TCP:") || strings.HasPrefix(text, "TCPv6:"):
		return "socket"
	case strings.Contains(path, "/version-2/log."):
		return "log"
	case strings.Contains(path, "/version-2/"):
		return strings.TrimRight(base, "0123456789.")
	}
	return "other"
}

func (t *trace) begin(call, what, line string) {
	switch {
	case what == "log" && call == "fdatasync":
		t.covering = t.dirty
	case what == "socket":
		t.answers++
		if t.covered < t.answers {
			t.unproved = append(t.unproved, line)
		}
	}
}

func (t *trace) end(call, what, line string) {
	switch {
	case what == "log" && strings.HasPrefix(call, "pwrite"):
		t.batches++
		t.dirty, t.covering = true, false
	case what == "log" && call == "fdatasync" && strings.HasSuffix(line, "= 0"):
		t.syncs++
		if t.covering {
			t.covered++
			t.dirty, t.covering = false, false
		}
	}
}

func (t *trace) print() {
	for _, key := range slices.Sorted(maps.Keys(t.calls)) {
		call, what, _ := strings.Cut(key, " ")
		if what != "other" {
			fmt.Printf("  %6d  %-16s on %s\n", t.calls[key], call, what)
		}
	}
}

// verdict says what is wrong with the trace. With one request in flight every answer needs a flush
// of its own; with more, an answer to an older batch may leave while a newer one is being flushed.
func (t *trace) verdict(writes, depth int) error {
	switch {
	case depth == 1 && len(t.unproved) > 0:
		return fmt.Errorf("%d of %d answers left before the log was flushed; the first: %s",
			len(t.unproved), t.answers, t.unproved[0])
	case depth == 1 && t.syncs < writes:
		return fmt.Errorf("%d flushes of the log for %d acknowledged batches", t.syncs, writes)
	case t.syncs < t.batches:
		return fmt.Errorf("%d flushes of the log for %d writes to it", t.syncs, t.batches)
	}
	fmt.Printf("  PASS: %d flushes of the log for %d batches", t.syncs, t.batches)
	if depth == 1 {
		fmt.Printf("; each of %d answers left after the flush", t.answers)
	}
	fmt.Println()
	return nil
}
