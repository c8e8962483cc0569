package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"quoll/interop/apache"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	if err := run(ctx, "."); err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

// run writes the files below the root of the repository.
func run(ctx context.Context, root string) error {
	classPath, err := apache.ClassPath(ctx)
	if err != nil {
		return err
	}
	bytes := filepath.Join(root, "jute", "testdata")
	between := filepath.Join(root, "jute", "ensemble", "testdata")
	texts := filepath.Join(root, "datatree", "internal", "quota", "testdata")
	members := filepath.Join(root, "quorum", "config", "testdata")
	source := filepath.Join(root, "interop", "record")
	for _, argv := range [][]string{
		{filepath.Join(source, "Recorder.java"), bytes, between, texts},
		{filepath.Join(source, "Ensemble.java"), members},
	} {
		argv = append([]string{"-cp", classPath, "-Xmx256m", "-XX:+UseSerialGC",
			"-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=off"}, argv...)
		out, err := exec.CommandContext(ctx, "java", argv...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
	}
	file, err := os.Create(filepath.Join(bytes, "frames.hex"))
	if err != nil {
		return err
	}
	if err := frames(ctx, file); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	if file, err = os.Create(filepath.Join(members, "reconfig.hex")); err != nil {
		return err
	}
	if err := reconfigs(ctx, file); err != nil {
		return err
	}
	return file.Close()
}
