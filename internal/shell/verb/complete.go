package verb

import (
	"context"
	"path"
	"sort"
	"strings"
	"time"
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

// blankEnds says that a candidate is another word behind cobra's way to bash, zsh and fish, which
// cuts off blanks at its ends.
func blankEnds(candidate string) bool { return strings.TrimSpace(candidate) != candidate }

// OneOf completes the first argument as one of some words.
func OneOf(
	words ...string,
) func(ctx context.Context, e *Env, args []string, word string) []string {
	return func(_ context.Context, _ *Env, args []string, word string) []string {
		if len(args) > 0 {
			return nil
		}
		return begun(words, word)
	}
}

// PathThenData completes the first argument as a path, and data as the file it is in: @FILE.
func PathThenData(ctx context.Context, e *Env, args []string, word string) []string {
	name, file := strings.CutPrefix(word, "@")
	if len(args) != 1 || !file {
		return FirstPath(ctx, e, args, word)
	}
	found := Files(ctx, e, nil, name)
	for i := range found {
		found[i] = "@" + found[i]
	}
	return found
}

// FirstPath completes the first argument as a path, and nothing else.
func FirstPath(ctx context.Context, e *Env, args []string, word string) []string {
	if len(args) > 0 {
		return nil
	}
	return Paths(ctx, e, args, word)
}
