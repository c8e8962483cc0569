package verb

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"quoll/internal/shell/contexts"
	"quoll/internal/shell/output"
)

// values finds what the value of a flag may be: one of a few words, or what its help calls it, a
// FILE or the PATH of a node.
func (e *Env) values(
	ctx context.Context, v *Verb, f *pflag.Flag, word string,
) (found []string, file bool) {
	words, few := v.Values[f.Name]
	what, _ := pflag.UnquoteUsage(f)
	switch {
	case few:
	case f.Name == "output":
		words = output.Formats()
	case f.Name == "color":
		words = []string{"auto", "always", "never"}
	case f.Name == "context":
		words = ContextNames(e)
	case what == "FILE":
		return Files(ctx, e, nil, word), true
	case what == "PATH" && e.resolve(v) == nil:
		defer e.close()
		return Paths(ctx, e, nil, word), false
	}
	return begun(words, word), false
}

// begun are the words that begin with one.
func begun(words []string, word string) (found []string) {
	for _, w := range words {
		if strings.HasPrefix(w, word) {
			found = append(found, w)
		}
	}
	return found
}

// ContextNames are the names of all contexts.
func ContextNames(e *Env) []string {
	f, err := contexts.Load(contexts.Path(e.Getenv))
	if err != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(f.Contexts))
}

// Files completes every argument as the name of a file.
func Files(_ context.Context, _ *Env, _ []string, word string) []string {
	dir, begin := filepath.Split(word)
	entries, err := os.ReadDir(filepath.Clean(dir)) // sorted
	if err != nil {
		return nil
	}
	var found []string
	for _, entry := range entries {
		name := entry.Name()
		hidden := strings.HasPrefix(name, ".") && begin == ""
		if hidden || !strings.HasPrefix(name, begin) || len(found) == maxCandidates {
			continue
		}
		if entry.IsDir() {
			name += "/"
		}
		found = append(found, dir+name)
	}
	return found
}

// CompleteFlags lets cobra complete the flags that all verbs have, of a command that is no verb.
func CompleteFlags(cmd *cobra.Command, h *Host) {
	e := &Env{Host: h, Set: h.Settings, given: cmd.Flags().Changed}
	e.completeFlags(cmd, &Verb{})
}

// completeFlags lets cobra complete the values of flags. Whoever presses Tab for the name of a file
// gets what their own shell finds. It is not for ours, which makes its commands anew for each line:
// cobra would keep all of them for good.
func (e *Env) completeFlags(cmd *cobra.Command, v *Verb) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.NoOptDefVal != "" {
			return // it has no value
		}
		// An error says that it is registered already: nobody does that.
		_ = cmd.RegisterFlagCompletionFunc(f.Name, func(
			cmd *cobra.Command, _ []string, word string,
		) ([]string, cobra.ShellCompDirective) {
			ctx, cancel := patiently(cmd.Context())
			defer cancel()
			found, file := e.values(ctx, v, f, word)
			if file {
				return nil, cobra.ShellCompDirectiveDefault
			}
			return found, cobra.ShellCompDirectiveNoFileComp
		})
	})
}

// patiently is a context for whoever waits for Tab. A command that cobra did not run has none.
func patiently(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx == nil {
		ctx = context.Background()
	}
	return context.WithTimeout(ctx, patience)
}

// FlagValues finds what the word at the cursor of a line of the shell may be, if it is the value of
// a flag of the line's verb.
func FlagValues(table []Maker, h *Host, words []string, word string) (found []string, ok bool) {
	v := find(table, words)
	if v == nil {
		return nil, false
	}
	e := &Env{Host: h, Set: h.Settings}
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	if v.Flags != nil {
		v.Flags(flags)
	}
	global := pflag.NewFlagSet("", pflag.ContinueOnError)
	globalFlags(&e.Set, h, global)
	flags.AddFlagSet(global)
	f, before := flagAt(flags, words, word)
	if f == nil {
		return nil, false
	}
	ctx, cancel := patiently(context.Background())
	defer cancel()
	values, _ := e.values(ctx, v, f, word[len(before):])
	for _, value := range values {
		found = append(found, before+value)
	}
	return found, true
}

// flagAt is the flag whose value the word is; nil if it is none's. before is what stands before the
// value in the word: --flag= or -f.
func flagAt(flags *pflag.FlagSet, words []string, word string) (f *pflag.Flag, before string) {
	if slices.Contains(words, "--") {
		return nil, ""
	}
	if name, _, ok := strings.Cut(word, "="); ok && strings.HasPrefix(name, "--") {
		return flags.Lookup(name[2:]), name + "="
	}
	if f, n := withValue(flags, word); f != nil && n < len(word) {
		return f, word[:n]
	}
	if last := words[len(words)-1]; len(words) > 1 {
		if f, n := withValue(flags, last); f != nil && n == len(last) {
			return f, ""
		}
	}
	return nil, ""
}

// withValue is the flag of a word that takes a value, which begins at its byte n or is the next
// word; nil if there is none.
func withValue(flags *pflag.FlagSet, word string) (f *pflag.Flag, n int) {
	if strings.HasPrefix(word, "--") {
		if f = flags.Lookup(word[2:]); f != nil && f.NoOptDefVal == "" {
			return f, len(word)
		}
		return nil, 0
	}
	if !strings.HasPrefix(word, "-") {
		return nil, 0
	}
	for i := 1; i < len(word); i++ {
		if f = flags.ShorthandLookup(word[i : i+1]); f == nil {
			return nil, 0
		}
		if f.NoOptDefVal == "" {
			return f, i + 1
		}
	}
	return nil, 0
}

// find is the verb of a line; nil if there is none.
func find(table []Maker, words []string) *Verb {
	if len(words) == 0 {
		return nil
	}
	for _, maker := range table {
		v := maker()
		group, name, sub := strings.Cut(v.Name, " ")
		known := slices.Contains(v.Aliases, words[0]) || slices.Contains(v.ShellAliases, words[0])
		if known || v.Name == words[0] || sub && len(words) > 1 && group == words[0] &&
			name == words[1] {
			return &v
		}
	}
	return nil
}
