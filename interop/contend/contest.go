package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"quoll/client"
	"quoll/interop/matrix"
)

// contest is one recipe with one of the others.
type contest struct {
	settings settings
	foreign  foreign
	program  matrix.Program
	recipe   string
	addr     string
	said     chan string // who is in the group, by their side
	begun    time.Time

	mu         sync.Mutex
	turns      int // of ours
	theirs     int
	counts     int // of ours, that were alone
	violations int
	last       string
}

// rounds is how many rounds a recipe has that goes in lockstep.
func (c *contest) rounds() int { return max(5, c.settings.seconds*3) }

// lockstep are the recipes whose sides wait for each other.
func (c *contest) lockstep() bool { return c.recipe == "barrier" || c.recipe == "double" }

func (c *contest) run(ctx context.Context) error {
	zk, err := client.Dial(ctx, c.addr)
	if err != nil {
		return err
	}
	defer zk.Close()
	for path, data := range map[string]string{count: "0", inside: "", had: ""} {
		if _, _, err := zk.Create(ctx, path, []byte(data), client.Parents); err != nil {
			return err
		}
	}
	amount := c.settings.seconds
	if c.lockstep() {
		amount = c.rounds()
	}
	argv := make([]string, 0, len(c.program.Argv)+2)
	for _, word := range c.program.Argv {
		argv = append(argv, strings.ReplaceAll(word, "ADDR", c.addr))
	}
	argv = append(argv, c.recipe, strconv.Itoa(amount))
	child := exec.CommandContext(ctx, argv[0], argv[1:]...)
	var noise bytes.Buffer // Curator logs whatever is interrupted at its end
	child.Stderr = &noise
	child.WaitDelay = time.Second
	out, err := child.StdoutPipe()
	if err != nil {
		return err
	}
	if err := child.Start(); err != nil {
		return err
	}
	ours, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- c.play(ours, zk) }()
	err = c.listen(out)
	if !c.lockstep() || err != nil {
		stop() // our side goes on as long as theirs
	}
	err = errors.Join(err, <-done, child.Wait(), c.tally(ctx, zk))
	if err != nil {
		_, _ = noise.WriteTo(os.Stderr)
	}
	return err
}

// listen takes what their side says, up to its end.
func (c *contest) listen(out io.Reader) error {
	lines := bufio.NewScanner(out)
	var failed error
	for lines.Scan() {
		word, rest, _ := strings.Cut(lines.Text(), " ")
		switch word {
		case "VIOLATION":
			c.violation("they say: " + rest)
		case "FAILED":
			failed = errors.New(rest)
		case "MEMBERS":
			c.said <- rest
		case "DONE":
			var err error
			c.theirs, err = strconv.Atoi(rest)
			return errors.Join(err, failed)
		}
	}
	return fmt.Errorf("their side did not come to its end: %w", errors.Join(failed, lines.Err()))
}

func (c *contest) violation(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.violations++
	c.last = what
}

// tally compares the number that all have counted in with the turns that counted: those of their
// side too, where all turns count.
func (c *contest) tally(ctx context.Context, zk *client.Client) error {
	if c.theirs == 0 || c.turns == 0 {
		return errors.New("one side had no turn")
	}
	n := 0
	switch c.recipe {
	case "lock", "election", "latch":
		data, _, err := zk.Get(ctx, count)
		if err != nil {
			return err
		}
		if n, err = strconv.Atoi(string(data)); err != nil {
			return err
		}
	case "counter":
		sum, err := c.number(zk).Get(ctx)
		if err != nil {
			return err
		}
		n = int(sum)
	case "queue":
		var err error
		if n, err = c.rest(ctx, zk); err != nil {
			return err
		}
	default:
		return nil
	}
	if n != c.counts+c.theirs {
		return fmt.Errorf("%d were counted, of %d", n, c.counts+c.theirs)
	}
	return nil
}
