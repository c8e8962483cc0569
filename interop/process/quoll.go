package process

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
)

// StartQuoll runs `binary server zoo.cfg -D key=value ...` and waits until it answers.
func StartQuoll(ctx context.Context, binary string, o Options) (*Server, error) {
	return Start(ctx, Quoll(binary), o)
}

// Quoll is the command that runs our server. The server has its data directory as its own one, so
// that a relative path of the binary would mean another one there.
func Quoll(binary string) Command {
	if abs, err := filepath.Abs(binary); err == nil {
		binary = abs
	}
	return func(config string, o Options) []string {
		argv := []string{binary, "server", config}
		for _, key := range slices.Sorted(maps.Keys(o.SystemProps)) {
			argv = append(argv, "-D", key+"="+o.SystemProps[key])
		}
		return argv
	}
}
