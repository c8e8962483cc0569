package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"quoll/client/wire"
	"quoll/interop/ensemble/history"
	"quoll/interop/ensemble/logs"
	"quoll/interop/ensemble/members"
	"quoll/interop/tree"
)

type member = members.Member

// shown is how many violations of a round are printed, answerWithin bounds a look at the tree.
const (
	shown        = 12
	answerWithin = 2 * time.Second
)

// verify ends the load and judges everything.
func (s *stage) verify(ctx context.Context) error {
	if err := s.load.Finish(ctx); err != nil {
		return err
	}
	if err := s.leaversGone(ctx); err != nil {
		return err
	}
	ids := s.Up()
	at, err := s.WaitEqual(ctx, ids...)
	if err != nil {
		return err
	}
	trees, err := s.trees(ctx, ids)
	if err != nil {
		return err
	}
	digests, err := s.digests(ctx, ids)
	if err != nil {
		return err
	}
	h := &history.History{Root: s.root, Sessions: s.load.Sessions(), Tree: nodes(trees[0], s.root)}
	u, err := s.logs(ids)
	if err != nil {
		return err
	}
	if h.Log, err = u.Below(s.root); err != nil {
		return err
	}
	r := history.Check(h)
	s.say("%d writes acknowledged, %d without an answer, %d reads, %d events, %d sessions with %d "+
		"moves; %d nodes on %d members at %v, %d digests compared, %d nodes unsure",
		r.Writes, r.Unanswered, r.Reads, r.Watches, r.Sessions, r.Moves, len(trees[0]), len(ids),
		at, digests, r.Unsure)
	if len(r.Violations) == 0 {
		return nil
	}
	text := new(strings.Builder)
	if dump, err := os.Create(filepath.Join(s.dir, "history.txt")); err == nil {
		err = errors.Join(h.Dump(dump), dump.Close())
		fmt.Fprintf(text, "\n  history: %s %v", dump.Name(), err)
	}
	for _, v := range r.Violations[:min(shown, len(r.Violations))] {
		fmt.Fprintf(text, "\n  %v", v)
		if v.Zxid != 0 {
			fmt.Fprintf(text, " (in the logs of members %v)", u.Members(v.Zxid))
		}
	}
	return fmt.Errorf("%d violations %v%s", len(r.Violations), r.Counts(), text.String())
}

// leaversGone waits until the ephemeral nodes of sessions that were left are gone.
func (s *stage) leaversGone(ctx context.Context) error {
	return s.Wait(ctx, "abandoned sessions to end", func(ctx context.Context) bool {
		leader := s.Leader(ctx)
		if leader == 0 {
			return false
		}
		ctx, cancel := context.WithTimeout(ctx, answerWithin)
		defer cancel()
		c, err := wire.Dial(ctx, s.Member(leader).Addr(), wire.Options{})
		if err != nil {
			return false
		}
		defer c.Close(ctx)
		names, _, err := c.Children(ctx, s.root+"/ephemeral", false)
		return err == nil && !slices.ContainsFunc(names, func(name string) bool {
			return strings.HasPrefix(name, "leaver-")
		})
	})
}

// trees reads the tree of each member and compares it with the first one's.
func (s *stage) trees(ctx context.Context, ids []int) (all []tree.Tree, err error) {
	var problems []error
	for i, id := range ids {
		t, err := tree.Read(ctx, s.Member(id).Addr())
		if err != nil {
			return nil, fmt.Errorf("tree of member %d: %w", id, err)
		}
		// The configuration is each member's own, and quota statistics are not in the digest.
		maps.DeleteFunc(t, func(path string, _ *tree.Node) bool {
			return strings.HasPrefix(path, "/zookeeper/")
		})
		all = append(all, t)
		if err := all[0].Compare(t); i > 0 && err != nil {
			problems = append(problems, fmt.Errorf("member %d differs from member %d: %w", id,
				ids[0], err))
		}
	}
	return all, errors.Join(problems...)
}

// digests compares what members remember at equal zxids.
func (s *stage) digests(ctx context.Context, ids []int) (compared int, err error) {
	first := map[int64]int64{}
	var problems []error
	for _, id := range ids {
		for zxid, digest := range s.Digests(ctx, id) {
			was, known := first[int64(zxid)]
			if !known {
				first[int64(zxid)] = digest
				continue
			}
			compared++
			if was != digest {
				problems = append(problems, fmt.Errorf("member %d has digest %d at %v, another "+
					"has %d", id, digest, zxid, was))
			}
		}
		// Apache compares digests in the fuzzy range of a SNAP too.
		n := s.Figures(ctx, id)["zk_digest_mismatches_count"]
		if s.Member(id).Kind == members.Quoll && n != "0" && n != "" {
			problems = append(problems, fmt.Errorf("member %d: %s mismatches of digests", id, n))
		}
	}
	return compared, errors.Join(problems...)
}

// logs joins the transaction logs of all members.
func (s *stage) logs(ids []int) (*logs.Union, error) {
	u := logs.NewUnion()
	for _, id := range ids {
		if err := u.Read(id, s.Member(id).Home); err != nil {
			return nil, err
		}
	}
	if len(u.Differing) > 0 {
		return nil, fmt.Errorf("logs differ: %s", strings.Join(u.Differing[:min(shown,
			len(u.Differing))], "; "))
	}
	var ours []int
	for _, id := range ids {
		if s.Member(id).Kind == members.Quoll {
			ours = append(ours, id)
		}
	}
	for i := 1; i < len(ours); i++ {
		if lacks := u.Lacks(ours[0], ours[i]); len(lacks) > 0 {
			return nil, fmt.Errorf("of members %d and %d only one has %v in its log", ours[0],
				ours[i], lacks[:min(shown, len(lacks))])
		}
	}
	return u, nil
}

// nodes are those of a tree below a root, as the history knows them.
func nodes(t tree.Tree, root string) map[string]history.Node {
	all := map[string]history.Node{}
	for path, n := range t {
		if path == root || strings.HasPrefix(path, root+"/") {
			all[path] = history.Node{Value: string(n.Data), Stat: n.Stat}
		}
	}
	return all
}
