package verb

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"quoll/internal/shell/settings"
)

// Leading moves global flags that stand before the verb behind it, because only verbs know them:
// quoll --server h ls / is quoll ls / --server h.
func Leading(args []string) []string {
	s, f := settings.Default(), pflag.NewFlagSet("", pflag.ContinueOnError)
	s.ConnectionFlags(f)
	s.RunFlags(f)
	n := 0
	for n < len(args) {
		name, _, hasValue := strings.Cut(args[n], "=")
		flag := f.Lookup(strings.TrimPrefix(name, "--"))
		if name == "-o" {
			flag = f.Lookup("output")
		} else if !strings.HasPrefix(name, "--") {
			flag = nil
		}
		if flag == nil {
			break
		}
		n++
		if !hasValue && flag.NoOptDefVal == "" {
			n++
		}
	}
	n = min(n, len(args))
	flags, rest := args[:n], args[n:]
	at := slices.Index(rest, "--")
	if at < 0 {
		at = len(rest)
	}
	if len(rest) > 0 && rest[0] == "shell" {
		at = 1 // what follows may be a verb with flags of its own
	}
	return slices.Concat(rest[:at], flags, rest[at:])
}
