package walk_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"quoll/client"
	"quoll/internal/shell/walk"
	"quoll/zktest"
)

// The order is that of a naive sort of paths by their parts, which is what a walk means by order.
func TestSorted(t *testing.T) {
	c := zktest.Start(t).Client()
	ctx := context.Background()
	want := []string{"/t", "/t/a", "/t/a/1", "/t/a/2", "/t/a-b", "/t/b", "/t/b/x", "/t/b/x/y", "/t/c"}
	for _, p := range []string{"/t/c", "/t/b/x/y", "/t/a-b", "/t/a/2", "/t/a/1"} {
		if _, _, err := c.Create(ctx, p, []byte(p), client.Parents); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for n, err := range walk.Sorted(ctx, c, "/t", walk.Options{Data: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if len(n.Data) > 0 && string(n.Data) != n.Path {
			t.Errorf("%s has the data %q", n.Path, n.Data)
		}
		got = append(got, n.Path)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	got = nil
	for n := range walk.Sorted(ctx, c, "/t", walk.Options{MaxDepth: 1}) {
		got = append(got, n.Path)
	}
	if want := []string{"/t", "/t/a", "/t/a-b", "/t/b", "/t/c"}; !slices.Equal(got, want) {
		t.Errorf("one deep: %v", got)
	}
	for _, err := range walk.Sorted(ctx, c, "/none", walk.Options{}) {
		if err == nil {
			t.Error("a root that is not there")
		}
	}
}

// A tree that is deep and wide makes a walk forget answers: it visits each node once all the same.
func TestForgets(t *testing.T) {
	c := zktest.Start(t).Client()
	ctx := context.Background()
	var want []string
	at := "/t"
	for range 12 {
		want = append(want, at)
		for i := range 70 {
			want = append(want, at+"/"+string(rune('b'+i%20))+string(rune('a'+i/20)))
		}
		at += "/a"
	}
	ops := make([]client.Op, len(want))
	for i, p := range want {
		ops[i] = client.OpCreate(p, []byte(p))
	}
	if _, err := c.Multi(ctx, ops...); err != nil {
		t.Fatal(err)
	}
	var got []string
	for n, err := range walk.Sorted(ctx, c, "/t", walk.Options{Data: true}) {
		if err != nil || string(n.Data) != n.Path {
			t.Fatalf("%s has the data %q, %v", n.Path, n.Data, err)
		}
		got = append(got, n.Path)
	}
	slices.SortFunc(want, func(a, b string) int {
		return slices.Compare(strings.Split(a, "/"), strings.Split(b, "/"))
	})
	if !slices.Equal(got, want) {
		t.Errorf("%d nodes, want %d", len(got), len(want))
	}
}

// A walk that begins behind a path visits what a whole walk does behind it, wherever that is.
func TestAfter(t *testing.T) {
	c := zktest.Start(t).Client()
	ctx := context.Background()
	for _, p := range []string{"/t/a/1", "/t/a/2/x", "/t/a-b/1", "/t/b", "/t/c/z"} {
		if _, _, err := c.Create(ctx, p, nil, client.Parents); err != nil {
			t.Fatal(err)
		}
	}
	paths := func(o walk.Options) (all []string) {
		for n, err := range walk.Sorted(ctx, c, "/t", o) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, n.Path)
		}
		return all
	}
	all := paths(walk.Options{})
	if !slices.IsSortedFunc(all, walk.Compare) {
		t.Errorf("not in the order of Compare: %v", all)
	}
	for i, p := range all {
		if got := paths(walk.Options{After: p}); !slices.Equal(got, all[i+1:]) {
			t.Errorf("after %s: %v, want %v", p, got, all[i+1:])
		}
	}
	if got := paths(walk.Options{After: "/t/a/1x", Skip: "/t/c"}); !slices.Equal(got, all[3:8]) {
		t.Errorf("after a node that is gone: %v", got)
	}
}
