package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	if err := run(ctx, filepath.Join("jute", "ensemble", "testdata", "quorum.hex")); err != nil {
		fmt.Fprintln(os.Stderr, "wiretap:", err)
		os.Exit(1)
	}
}

// run writes what the servers said in the script, if nothing is missing.
func run(ctx context.Context, file string) error {
	dir, err := os.MkdirTemp("", "quoll-wiretap-")
	if err != nil {
		return fmt.Errorf("directory: %w", err)
	}
	defer os.RemoveAll(dir)
	t := newTape()
	if err := play(ctx, dir, t); err != nil {
		return err
	}
	if err := complete(t.calls); err != nil {
		return err
	}
	var text bytes.Buffer
	if err := t.dump(&text); err != nil {
		return err
	}
	return os.WriteFile(file, text.Bytes(), 0o644)
}
