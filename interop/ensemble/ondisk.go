package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"quoll/interop/apache"
	"quoll/interop/ensemble/members"
	"quoll/interop/process"
	"quoll/interop/tree"
)

// onDisk stops all members and starts a server alone on a copy of each directory: on ours one of
// Apache's, and our own on each. All must have the tree that the ensemble had.
func (s *stage) onDisk(ctx context.Context) error {
	ids := s.All()
	if _, err := s.WaitEqual(ctx, ids...); err != nil {
		return err
	}
	trees, err := s.trees(ctx, ids[:1])
	if err != nil {
		return err
	}
	if _, err := s.WaitEqual(ctx, ids...); err != nil {
		return err
	}
	if err := s.Stop(ids...); err != nil {
		return err
	}
	alone := map[string]func(context.Context, process.Options) (*process.Server, error){
		"Quoll": func(ctx context.Context, o process.Options) (*process.Server, error) {
			return process.StartQuoll(ctx, s.settings.quoll, o)
		},
	}
	if _, err := apache.ClassPath(ctx); err == nil {
		alone["Apache"] = apache.Start
	}
	var problems []error
	for _, m := range s.Members {
		for name, start := range alone {
			if m.Kind == members.Apache && name == "Apache" {
				continue
			}
			if err := s.readAlone(ctx, m, name, start, trees[0]); err != nil {
				problems = append(problems, fmt.Errorf("directory of member %d, read by %s: %w",
					m.ID, name, err))
			}
		}
	}
	if len(problems) == 0 {
		s.say("the directories have the tree of %d nodes, read by Quoll and, ours, by Apache",
			len(trees[0]))
	}
	return errors.Join(problems...)
}

// readAlone starts a server on a copy of a member's directory and compares the tree.
func (s *stage) readAlone(
	ctx context.Context, m *member, name string,
	start func(context.Context, process.Options) (*process.Server, error), want tree.Tree,
) error {
	home := filepath.Join(s.dir, fmt.Sprintf("%d-read-by-%s", m.ID, name))
	if err := os.RemoveAll(home); err != nil {
		return err
	}
	err := os.CopyFS(filepath.Join(home, "version-2"), os.DirFS(filepath.Join(m.Home, "version-2")))
	if err != nil {
		return err
	}
	log, err := os.Create(home + ".log")
	if err != nil {
		return err
	}
	defer log.Close()
	server, err := start(ctx, process.Options{DataDir: home, Log: log,
		SystemProps: m.Props})
	if err != nil {
		return err
	}
	defer server.Kill()
	have, err := tree.Read(ctx, server.Addr())
	if err != nil {
		return err
	}
	for path := range have {
		if strings.HasPrefix(path, "/zookeeper/") {
			delete(have, path)
		}
	}
	return want.Compare(have)
}
