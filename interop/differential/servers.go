package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"quoll/interop/apache"
	"quoll/interop/differential/program"
	"quoll/interop/process"
)

// options are those of both servers. Nothing in them fires while a program runs: sessions outlive
// it, and neither containers nor TTL nodes are looked for.
func options(dir string, quota bool, log io.Writer) process.Options {
	yes := map[bool]string{true: "true", false: "false"}
	return process.Options{
		DataDir: dir,
		Log:     log,
		ExtraConfig: map[string]string{
			"minSessionTimeout": "300000", "maxSessionTimeout": "900000",
		},
		SystemProps: map[string]string{
			"zookeeper.extendedTypesEnabled":                     "true",
			"zookeeper.enforceQuota":                             yes[quota],
			"zookeeper.DigestAuthenticationProvider.superDigest": program.SuperDigest(),
			"znode.container.checkIntervalMs":                    "1000000000",
		},
	}
}

// startServer starts "apache" or "quoll", the latter from the binary, in a new directory that stop
// removes.
func startServer(
	ctx context.Context, which, binary string, quota bool, log io.Writer,
) (s *process.Server, stop func(), err error) {
	dir, err := os.MkdirTemp(fastDirectory(), "differential-")
	if err != nil {
		return nil, nil, fmt.Errorf("start %s: %w", which, err)
	}
	o := options(filepath.Join(dir, "data"), quota, log)
	if s, err = apache.StartOne(ctx, which == "apache", binary, o); err != nil {
		os.RemoveAll(dir)
		return nil, nil, fmt.Errorf("start %s: %w", which, err)
	}
	return s, func() { s.Kill(); os.RemoveAll(dir) }, nil
}

// fastDirectory is where flushing costs nothing: this program is not about disks.
func fastDirectory() string {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		return "/dev/shm"
	}
	return ""
}
