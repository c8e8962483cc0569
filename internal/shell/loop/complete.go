package loop

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"quoll/internal/shell/lines"
	"quoll/internal/shell/verb"
)

// complete finds what the last word of a text may be: a verb, a flag,
// its value, or what the verb knows.
func (s *Shell) complete(before string) (start int, candidates []string) {
	words, word, start := lines.Cursor(before)
	var found []string
	if len(words) == 0 {
		found = s.verbNames()
	} else {
		found = s.arguments(words, word)
	}
	for _, f := range found {
		if strings.HasPrefix(f, word) {
			candidates = append(candidates, lines.Quote(f))
		}
	}
	slices.Sort(candidates)
	return start, slices.Compact(candidates)
}

// verbNames are what a line may begin with.
func (s *Shell) verbNames() []string {
	var names []string
	for _, b := range builtins() {
		names = append(names, b.names...)
	}
	for _, cmd := range s.root().Commands() {
		names = append(names, cmd.Name())
		names = append(names, cmd.Aliases...)
	}
	return names
}

// arguments finds what may follow the words of a line.
func (s *Shell) arguments(words []string, word string) []string {
	if found, ok := verb.FlagValues(s.o.Table, s.host, words, word); ok {
		return found
	}
	root := s.root()
	switch words[0] {
	case "help", "h", "?":
		return s.verbNames()
	case "printwatches":
		return []string{"on", "off"}
	case "cd":
		words = append([]string{"ls"}, words[1:]...)
	}
	cmd, rest, err := root.Find(words)
	if err != nil || cmd == root {
		return nil
	}
	switch {
	case cmd.HasSubCommands():
		var names []string
		for _, sub := range cmd.Commands() {
			names = append(names, sub.Name())
		}
		return names
	case strings.HasPrefix(word, "-"):
		return flagNames(cmd)
	case cmd.ValidArgsFunction == nil || cmd.ParseFlags(rest) != nil:
		return nil
	}
	cmd.SetContext(context.Background())
	found, _ := cmd.ValidArgsFunction(cmd, cmd.Flags().Args(), word)
	return found
}

func flagNames(cmd *cobra.Command) []string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, "--"+f.Name)
		}
	})
	return names
}
