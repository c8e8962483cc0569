package verb

import (
	"context"
	"maps"
	"path"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"quoll/internal/shell/contexts"
	"quoll/internal/shell/output"
)

const (
	// patience is how long Tab may take.
	patience = 100 * time.Millisecond
	// maxCandidates is how many are shown at most.
	maxCandidates = 1000
)

// Paths completes every argument as the path of a node.
func Paths(ctx context.Context, e *Env, _ []string, word string) []string {
	at := strings.LastIndexByte(word, '/') + 1
	typed, begin := word[:at], word[at:]
	dir := path.Join(e.Dir, typed)
	if strings.HasPrefix(typed, "/") {
		dir = path.Clean(typed)
	}
	names, err := e.children(ctx, dir)
	if err != nil {
		return nil
	}
	var found []string
	for _, name := range names {
		if strings.HasPrefix(name, begin) {
			found = append(found, typed+name)
		}
	}
	sort.Strings(found)
	return found[:min(len(found), maxCandidates)]
}

func (e *Env) children(ctx context.Context, path string) ([]string, error) {
	if e.Children != nil {
		return e.Children(ctx, path)
	}
	c, err := e.Client(ctx)
	if err != nil {
		return nil, err
	}
	names, _, err := c.Children(ctx, path)
	return names, err
}

// completeFlags completes the values of global flags that are one of a few. It is not for the
// shell, which makes its commands anew for each line: cobra would keep all of them for good.
func completeFlags(cmd *cobra.Command, h *Host) {
	values := map[string]func() []string{
		"output": output.Formats,
		"color":  func() []string { return []string{"auto", "always", "never"} },
		"context": func() []string {
			f, err := contexts.Load(contexts.Path(h.Getenv))
			if err != nil {
				return nil
			}
			return slices.Sorted(maps.Keys(f.Contexts))
		},
	}
	for flag, all := range values {
		// An error says that the flag is not there: a verb's own one has taken its place.
		_ = cmd.RegisterFlagCompletionFunc(flag, func(
			*cobra.Command, []string, string,
		) ([]string, cobra.ShellCompDirective) {
			return all(), cobra.ShellCompDirectiveNoFileComp
		})
	}
}

// OneOf completes the first argument as one of some words.
func OneOf(
	words ...string,
) func(ctx context.Context, e *Env, args []string, word string) []string {
	return func(_ context.Context, _ *Env, args []string, word string) []string {
		var found []string
		for _, w := range words {
			if len(args) == 0 && strings.HasPrefix(w, word) {
				found = append(found, w)
			}
		}
		return found
	}
}

// FirstPath completes the first argument as a path, and nothing else.
func FirstPath(ctx context.Context, e *Env, args []string, word string) []string {
	if len(args) > 0 {
		return nil
	}
	return Paths(ctx, e, args, word)
}
