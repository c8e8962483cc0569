package matrix

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"
)

// A script is a text file. Each line is one of
//
//	= name      starts a check
//	$ command   is typed into the shell
//	> regexp    waits for a line of output that matches, after the last one that did
//	@restart    restarts the server; @crash kills it first
//	# remark
//
// A check holds if every line it waits for came.

// lineWithin bounds the wait for one line of output.
const lineWithin = 20 * time.Second

var errNoLine = errors.New("no such line of output")

// converse plays a script to a shell whose output is given.
func (r *runner) converse(ctx context.Context, script string, output io.Reader) error {
	text, err := os.ReadFile(script)
	if err != nil {
		return err
	}
	lines := make(chan string, 4096)
	go func() {
		defer close(lines)
		scanner := bufio.NewScanner(output)
		scanner.Buffer(nil, 1<<20)
		for scanner.Scan() {
			r.note(scanner.Text())
			lines <- scanner.Text()
		}
	}()
	defer func() {
		go drain(lines)
	}()
	skip := false // the rest of a check that has failed
	for number, line := range strings.Split(string(text), "\n") {
		kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case kind == "" || kind == "#":
			continue
		case kind == "=":
			r.checks = append(r.checks, Check{Name: rest})
			skip = false
			continue
		case skip && kind == ">":
			continue
		}
		if err := r.play(ctx, kind, rest, lines); errors.Is(err, errNoLine) {
			last := &r.checks[len(r.checks)-1]
			last.Why = fmt.Sprintf("failed: line %d: %v", number+1, err)
			skip = true
		} else if err != nil {
			return fmt.Errorf("%s:%d: %w", script, number+1, err)
		}
	}
	return nil
}

func drain(lines <-chan string) {
	for range lines {
	}
}

func (r *runner) play(ctx context.Context, kind, rest string, lines <-chan string) error {
	switch kind {
	case "$":
		r.note("$ " + rest)
		_, err := io.WriteString(r.stdin, rest+"\n")
		return err
	case ">":
		return await(ctx, rest, lines)
	case "@restart", "@crash":
		return r.restartServer(ctx, kind == "@crash")
	}
	return fmt.Errorf("unknown word %q", kind)
}

// await skips output up to a line that matches.
func await(ctx context.Context, pattern string, lines <-chan string) error {
	want, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	timer := time.NewTimer(lineWithin)
	defer timer.Stop()
	var seen []string
	for {
		select {
		case line, ok := <-lines:
			if !ok {
				return fmt.Errorf("%w: %q, the shell ended after %q", errNoLine, pattern, seen)
			}
			if want.MatchString(line) {
				return nil
			}
			if strings.TrimSpace(line) != "" {
				seen = append(seen, line)
			}
		case <-timer.C:
			return fmt.Errorf("%w: %q, but %q", errNoLine, pattern, seen)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
