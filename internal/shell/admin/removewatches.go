package admin

import (
	"context"

	"github.com/spf13/pflag"

	"quoll/client"
	"quoll/internal/shell/output"
	"quoll/internal/shell/verb"
)

// RemoveWatches is the verb removewatches.
func RemoveWatches() verb.Verb {
	var children, data, persistent, recursive, all, local bool
	return verb.Verb{
		Name: "removewatches", Args: "PATH", Min: 1, Max: 1,
		Short:   "Remove the watches that this shell has left on a node",
		Example: "removewatches -d /app",
		Flags: func(f *pflag.FlagSet) {
			f.BoolVarP(&children, "children", "c", false, "those on its children")
			f.BoolVarP(&data, "data", "d", false, "those on its data")
			f.BoolVarP(&persistent, "persistent", "p", false, "those that stay")
			f.BoolVarP(&recursive, "recursive", "r", false, "those that stay, with all below")
			f.BoolVarP(&all, "all", "a", false, "all of them; so without a flag")
			f.BoolVarP(&local, "local", "l", false, "also without a connection; always so here")
		},
		Complete: verb.FirstPath,
		Run: func(_ context.Context, e *verb.Env, args []string) error {
			path, err := e.Path(args[0])
			if err != nil {
				return err
			}
			var kinds []verb.WatchKind
			for _, k := range []struct {
				given bool
				kind  verb.WatchKind
			}{
				{children, verb.WatchChildren}, {data, verb.WatchData},
				{persistent, verb.WatchPersistent}, {recursive, verb.WatchRecursive},
			} {
				if k.given {
					kinds = append(kinds, k.kind)
				}
			}
			n := 0
			if e.Unwatch != nil {
				n = e.Unwatch(path, kinds)
			}
			if n == 0 {
				return &client.Error{Op: "removeWatches", Path: path, Err: client.ErrNoWatcher}
			}
			return e.Out.Item(&removed{Path: path, Removed: n})
		},
	}
}

type removed struct {
	Path    string `json:"path"`
	Removed int    `json:"removed"`
}

// Text is silent.
func (*removed) Text(*output.Page) {}
