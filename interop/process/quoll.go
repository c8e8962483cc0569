package process

import (
	"context"
	"maps"
	"slices"
)

// StartQuoll runs `binary server zoo.cfg -D key=value ...` and waits until it answers.
func StartQuoll(ctx context.Context, binary string, o Options) (*Server, error) {
	return Start(ctx, Quoll(binary), o)
}

// Quoll is the command that runs our server.
func Quoll(binary string) Command {
	return func(config string, o Options) []string {
		argv := []string{binary, "server", config}
		for _, key := range slices.Sorted(maps.Keys(o.SystemProps)) {
			argv = append(argv, "-D", key+"="+o.SystemProps[key])
		}
		return argv
	}
}
