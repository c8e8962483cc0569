package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"quoll/client"
)

// fenced is the node that holders write to.
const fenced = "/fenced"

// stopOne lets a child process hold something, stops it, takes the thing itself, writes, and lets
// the child go on.
func stopOne(ctx context.Context, addr string, r recipe) error {
	c, err := client.Dial(ctx, addr, client.WithSessionTimeout(session))
	if err != nil {
		return err
	}
	defer c.Close()
	_, _, err = c.Create(ctx, fenced, nil)
	if err != nil && !errors.Is(err, client.ErrNodeExists) {
		return err
	}
	child := exec.CommandContext(ctx, os.Args[0], "-hold", r.name, "-addr", addr)
	child.Stderr = os.Stderr
	in, err := child.StdinPipe()
	if err != nil {
		return err
	}
	out, err := child.StdoutPipe()
	if err != nil {
		return err
	}
	if err := child.Start(); err != nil {
		return err
	}
	err = converse(ctx, c, r, child.Process, in, bufio.NewScanner(out))
	if err != nil {
		_ = child.Process.Kill()
	}
	return errors.Join(err, child.Wait())
}

// converse is what parent and child do, step by step.
func converse(
	ctx context.Context, c *client.Client, r recipe, child *os.Process, in io.Writer,
	out *bufio.Scanner,
) error {
	var token int64
	if err := expect(out, "HELD", &token); err != nil {
		return err
	}
	if err := child.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	begun := time.Now()
	h, err := r.take(ctx, c)
	if err != nil {
		return fmt.Errorf("while the holder is stopped: %w", err)
	}
	if waited := time.Since(begun); waited < session/2 {
		return fmt.Errorf("it was taken %v after its holder was stopped", waited)
	}
	if int64(h.Token()) <= token {
		return fmt.Errorf("token %d behind %d", h.Token(), token)
	}
	if err := write(ctx, c, h.Check(), "parent"); err != nil {
		return err
	}
	if err := child.Signal(syscall.SIGCONT); err != nil {
		return err
	}
	if _, err := io.WriteString(in, "go on\n"); err != nil {
		return err
	}
	if err := expect(out, "REFUSED", nil); err != nil {
		return err
	}
	if err := expect(out, "LOST", nil); err != nil {
		return err
	}
	data, _, err := c.Get(ctx, fenced)
	if err == nil && string(data) != "parent" {
		err = fmt.Errorf("%q was written by who held it no more", data)
	}
	return errors.Join(err, h.Release(ctx))
}

// expect reads the child's next line.
func expect(out *bufio.Scanner, word string, number *int64) error {
	if !out.Scan() {
		return fmt.Errorf("the child ended before %s: %w", word, out.Err())
	}
	line := out.Text()
	if !strings.HasPrefix(line, word) {
		return fmt.Errorf("the child says %q, not %s", line, word)
	}
	if number != nil {
		_, err := fmt.Sscan(strings.TrimPrefix(line, word), number)
		return err
	}
	return nil
}

func write(ctx context.Context, c *client.Client, check client.Op, who string) error {
	_, err := c.Multi(ctx, check, client.OpSet(fenced, []byte(who), client.AnyVersion))
	return err
}

// beStopped is the child: it takes, is stopped, and believes to hold when it goes on.
func beStopped(ctx context.Context, s settings) error {
	i := slices.IndexFunc(all(), func(r recipe) bool { return r.name == s.hold })
	if i < 0 {
		return fmt.Errorf("no recipe %q", s.hold)
	}
	c, err := client.Dial(ctx, s.addr, client.WithSessionTimeout(session))
	if err != nil {
		return err
	}
	defer c.Close()
	h, err := all()[i].take(ctx, c)
	if err != nil {
		return err
	}
	fmt.Println("HELD", int64(h.Token()))
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return err
	}
	// The client may hear of the loss before or after this; a write that was sent is refused, or
	// never answered because the session is over.
	if err := write(ctx, c, h.Check(), "child"); err == nil {
		fmt.Println("WRITTEN")
		return nil
	}
	fmt.Println("REFUSED")
	select {
	case <-h.Lost():
		fmt.Println("LOST")
	case <-time.After(session):
		fmt.Println("NOT LOST")
	}
	return nil
}
