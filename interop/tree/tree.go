package tree

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"quoll/client/wire"
	"quoll/jute"
)

// Node is what a client can see of a node.
type Node struct {
	Data []byte
	Stat jute.Stat
	ACL  []jute.ACL
}

// Tree is what a client can see of a tree, by path.
type Tree map[string]*Node

// window is how many requests are in flight while a tree is read.
const window = 500

// Read fetches the whole tree below the root. The client is who the digest proofs say, such as
// "name:password".
func Read(ctx context.Context, addr string, proofs ...string) (Tree, error) {
	c, err := wire.Dial(ctx, addr, wire.Options{})
	if err != nil {
		return nil, err
	}
	defer c.Close(ctx)
	for _, proof := range proofs {
		if err := c.AddAuth(ctx, "digest", []byte(proof)); err != nil {
			return nil, err
		}
	}
	all := Tree{}
	level := []string{"/"}
	for len(level) > 0 {
		var below []string
		for part := range slices.Chunk(level, window) {
			names, err := all.fetch(ctx, c, part)
			if err != nil {
				return nil, err
			}
			below = append(below, names...)
		}
		level = below
	}
	return all, nil
}

// fetch reads some nodes and lists their children.
func (t Tree) fetch(ctx context.Context, c *wire.Conn, paths []string) ([]string, error) {
	type asked struct{ data, acl, children *wire.Future }
	asks := make([]asked, len(paths))
	for i, p := range paths {
		asks[i] = asked{
			data:     c.Send(jute.OpGetData, &jute.PathWatch{Path: []byte(p)}),
			acl:      c.Send(jute.OpGetACL, &jute.PathOnly{Path: []byte(p)}),
			children: c.Send(jute.OpGetChildren, &jute.PathWatch{Path: []byte(p)}),
		}
	}
	var below []string
	for i, p := range paths {
		var data jute.DataStat
		var acl jute.ACLStat
		var names jute.Names
		if _, err := asks[i].data.Into(ctx, &data); err != nil {
			return nil, fmt.Errorf("getData %s: %w", p, err)
		}
		if _, err := asks[i].acl.Into(ctx, &acl); err != nil {
			return nil, fmt.Errorf("getACL %s: %w", p, err)
		}
		if _, err := asks[i].children.Into(ctx, &names); err != nil {
			return nil, fmt.Errorf("getChildren %s: %w", p, err)
		}
		t[p] = &Node{Data: data.Data, Stat: data.Stat, ACL: acl.ACL}
		for _, name := range names.Names {
			below = append(below, strings.TrimSuffix(p, "/")+"/"+string(name))
		}
	}
	return below, nil
}

// Compare names the first differences between two trees.
func (t Tree) Compare(now Tree) error {
	var differences []string
	for _, path := range slices.Sorted(maps.Keys(t)) {
		was, is := t[path], now[path]
		switch {
		case is == nil:
			differences = append(differences, path+" is gone")
		case !bytes.Equal(was.Data, is.Data) || (was.Data == nil) != (is.Data == nil):
			differences = append(differences,
				fmt.Sprintf("%s: data %q, was %q", path, short(is.Data), short(was.Data)))
		case was.Stat != is.Stat:
			differences = append(differences,
				fmt.Sprintf("%s: stat\n  is  %+v\n  was %+v", path, is.Stat, was.Stat))
		case !slices.Equal(was.ACL, is.ACL):
			differences = append(differences,
				fmt.Sprintf("%s: acl %v, was %v", path, is.ACL, was.ACL))
		}
	}
	for _, path := range slices.Sorted(maps.Keys(now)) {
		if t[path] == nil {
			differences = append(differences, path+" is new")
		}
	}
	if len(differences) == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d nodes differ:\n%s", len(differences), len(t),
		strings.Join(differences[:min(len(differences), 10)], "\n"))
}

func short(b []byte) []byte { return b[:min(len(b), 40)] }
