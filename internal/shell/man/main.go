package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"quoll/internal/shell/settings"
	"quoll/internal/shell/verb"
	"quoll/internal/shell/verbs"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: man DIRECTORY")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "man:", err)
		os.Exit(1)
	}
}

// write makes a page a command, quoll-ls.1 and so on. Its text depends on the commands alone, not
// on the day.
func write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root := &cobra.Command{
		Use:   "quoll",
		Short: "A coordination server that ZooKeeper's clients cannot tell from ZooKeeper",
		Long: "The verbs look at nodes and change them, of any ZooKeeper server. Exit codes,\n" +
			"formats and contexts are in docs/shell.md.",
		DisableAutoGenTag: true,
	}
	root.AddCommand(verb.Commands(verbs.Table(), &verb.Host{Settings: settings.Default()})...)
	day := time.Unix(0, 0).UTC()
	return doc.GenManTree(root, &doc.GenManHeader{Section: "1", Source: "quoll", Date: &day}, dir)
}
