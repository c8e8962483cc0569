package process

import (
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Options says what server to run. The zero value runs one in a directory of its own, on a free
// port, with ZooKeeper's defaults.
type Options struct {
	// DataDir holds the snapshots and, unless DataLogDir is set, the transaction logs. Empty:
	// a new temporary directory that Stop and Kill leave behind (see Server.DataDir).
	DataDir string
	// DataLogDir is zoo.cfg's dataLogDir; empty leaves the key out.
	DataLogDir string
	// Port is the client port; 0 picks a free one.
	Port int
	// ExtraConfig adds lines to zoo.cfg, or replaces those that this package writes.
	ExtraConfig map[string]string
	// SystemProps are Java system properties with their full names, such as
	// "zookeeper.extendedTypesEnabled". Quoll takes them as -D key=value.
	SystemProps map[string]string
	// JVM replaces the flags that Apache's JVM is started with by default. Quoll ignores it.
	JVM []string
	// Log receives the standard output and error of the server; nil drops them.
	Log io.Writer
	// ReadyWithin bounds the start; 0 is 30 seconds.
	ReadyWithin time.Duration
}

// withDefaults returns a copy of o with a directory, a port and a deadline.
func (o Options) withDefaults() (Options, error) {
	if o.ReadyWithin == 0 {
		o.ReadyWithin = 30 * time.Second
	}
	if o.Log == nil {
		o.Log = io.Discard
	}
	if o.Port == 0 {
		port, err := FreePort()
		if err != nil {
			return o, err
		}
		o.Port = port
	}
	if o.DataDir == "" {
		dir, err := os.MkdirTemp("", "zookeeper-")
		if err != nil {
			return o, fmt.Errorf("data directory: %w", err)
		}
		o.DataDir = dir
	}
	abs, err := filepath.Abs(o.DataDir)
	if err != nil {
		return o, fmt.Errorf("data directory: %w", err)
	}
	o.DataDir = abs
	if err := os.MkdirAll(o.DataDir, 0o755); err != nil {
		return o, fmt.Errorf("data directory: %w", err)
	}
	return o, nil
}

// Config returns the text of the zoo.cfg for o, one key a line, sorted.
func (o Options) Config() string {
	keys := map[string]string{
		"tickTime":                "2000",
		"dataDir":                 o.DataDir,
		"clientPort":              fmt.Sprint(o.Port),
		"clientPortAddress":       "127.0.0.1",
		"maxClientCnxns":          "0",
		"admin.enableServer":      "false",
		"4lw.commands.whitelist":  "*",
		"autopurge.purgeInterval": "0",
	}
	if o.DataLogDir != "" {
		keys["dataLogDir"] = o.DataLogDir
	}
	maps.Copy(keys, o.ExtraConfig)
	var text strings.Builder
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		fmt.Fprintf(&text, "%s=%s\n", key, keys[key])
	}
	return text.String()
}

// writeConfig puts zoo.cfg beside the data, where neither server looks for anything.
func (o Options) writeConfig() (string, error) {
	path := filepath.Join(o.DataDir, "zoo.cfg")
	if err := os.WriteFile(path, []byte(o.Config()), 0o644); err != nil {
		return "", fmt.Errorf("zoo.cfg: %w", err)
	}
	return path, nil
}

// FreePort returns a loopback TCP port that nobody listened on a moment ago.
func FreePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("free port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
