package watches

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
)

var errOver = errors.New("over")

// newRegistry makes a registry and notes what is taken off the server.
func newRegistry() (*Registry, *[]string) {
	off := new([]string)
	return NewRegistry(func(path string, g Group) {
		*off = append(*off, fmt.Sprint(path, g))
	}), off
}

func (r *Registry) watch(path string, g Group) *Watch {
	w := New(path, g)
	r.Expect(w)
	r.Settle(w, true, true, false)
	return w
}

// told are the events that a watch has, without waiting.
func told(t *testing.T, w *Watch) (kinds []Kind) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for {
		e, err := w.Next(ctx)
		if err != nil {
			return kinds
		}
		kinds = append(kinds, e.Kind)
	}
}

// Which group hears which event, and which of them forget the watch.
func TestWhoHearsWhat(t *testing.T) {
	for _, c := range []struct {
		group Group
		kind  Kind
		hears bool
	}{
		{Data, Created, true}, {Data, DataChanged, true}, {Data, Deleted, true},
		{Data, ChildrenChanged, false},
		{Child, Created, false}, {Child, DataChanged, false}, {Child, Deleted, true},
		{Child, ChildrenChanged, true},
		{Persistent, Created, true}, {Persistent, DataChanged, true}, {Persistent, Deleted, true},
		{Persistent, ChildrenChanged, true},
		{Recursive, Created, true}, {Recursive, DataChanged, true}, {Recursive, Deleted, true},
		{Recursive, ChildrenChanged, false},
	} {
		r, off := newRegistry()
		w := r.watch("/a", c.group)
		r.Deliver(c.kind, "/a", 5)
		r.Deliver(c.kind, "/b", 6)
		r.Deliver(c.kind, "/", 6)
		want := []Kind(nil)
		if c.hears {
			want = []Kind{c.kind}
		}
		require.Equal(t, want, told(t, w), "%v %v", c.group, c.kind)
		_, err := w.Next(canceled())
		if c.hears && c.group.OneShot() {
			require.Equal(t, io.EOF, err)
			require.Zero(t, r.Count())
		} else {
			require.ErrorIs(t, err, context.Canceled)
			require.Equal(t, 1, r.Count())
		}
		require.Empty(t, *off)
	}
}

func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func TestRecursiveHearsWhatIsBelow(t *testing.T) {
	r, _ := newRegistry()
	root, a := r.watch("/", Recursive), r.watch("/a", Recursive)
	for _, path := range []string{"/", "/a", "/a/b/c", "/ab", "/b"} {
		r.Deliver(Created, path, 1)
	}
	require.Len(t, told(t, root), 5)
	require.Len(t, told(t, a), 2)
}

// A watch is taken off when nobody stands for it and nobody is about to.
func TestTakeOff(t *testing.T) {
	r, off := newRegistry()
	one, two := r.watch("/a", Data), r.watch("/a", Data)
	r.Close(one, errOver)
	require.Empty(t, *off)
	coming := New("/a", Data)
	r.Expect(coming)
	r.Close(two, errOver)
	require.Empty(t, *off, "a request is under way that leaves it again")
	r.Settle(coming, true, false, false)
	require.Len(t, *off, 1, "its caller has left")
	r.Close(two, errOver)
	require.Len(t, *off, 1)

	failed := New("/b", Child)
	r.Expect(failed)
	r.Settle(failed, false, true, false)
	require.Len(t, *off, 1, "the server has no watch")

	fired := r.watch("/c", Data)
	r.Deliver(DataChanged, "/c", 1)
	r.Close(fired, errOver)
	require.Len(t, *off, 1, "the server has forgotten it already")
	require.Zero(t, r.Count())
}

func TestRearm(t *testing.T) {
	r, _ := newRegistry()
	r.watch("/d", Data)
	absent := New("/x", Data)
	r.Expect(absent)
	r.Settle(absent, true, true, true)
	r.watch("/c", Child)
	requests := r.Rearm(7, 1000)
	require.Len(t, requests, 1)
	s := requests[0]
	require.False(t, s.Two, "servers before 3.6 know setWatches only")
	require.Equal(t, jute.Zxid(7), s.RelativeZxid)
	require.Equal(t, [][]byte{[]byte("/d")}, s.Data)
	require.Equal(t, [][]byte{[]byte("/x")}, s.Exist)
	require.Equal(t, [][]byte{[]byte("/c")}, s.Child)

	stays, below := r.watch("/p", Persistent), r.watch("/r", Recursive)
	requests = r.Rearm(7, 1000)
	require.True(t, requests[0].Two)
	require.Equal(t, [][]byte{[]byte("/p")}, requests[0].Persistent)
	require.Equal(t, [][]byte{[]byte("/r")}, requests[0].PersistentRecursive)
	r.Rearm(8, 1000)
	require.Equal(t, []Kind{Resync}, told(t, stays), "two that follow each other are one")
	require.Equal(t, []Kind{Resync}, told(t, below))
}

// Each request is below the limit, and together they have every watch once.
func TestRearmInChunks(t *testing.T) {
	r, _ := newRegistry()
	var want []string
	for i := range 200 {
		path := fmt.Sprintf("/%d%s", i, strings.Repeat("x", i))
		want = append(want, path)
		r.watch(path, Group(i%4))
	}
	var got []string
	for _, s := range r.Rearm(1, 300) {
		bytes := 0
		for _, paths := range [][][]byte{s.Data, s.Exist, s.Child, s.Persistent,
			s.PersistentRecursive} {
			for _, path := range paths {
				got = append(got, string(path))
				bytes += len(path) + bytesAPath
			}
		}
		require.LessOrEqual(t, bytes, 300)
	}
	slices.Sort(got)
	slices.Sort(want)
	require.Equal(t, want, got)
}

func TestLimits(t *testing.T) {
	r, _ := newRegistry()
	for g, limit := range map[Group]int{Persistent: MaxEvents, Recursive: MaxRecursiveEvents} {
		w := r.watch(fmt.Sprint("/", g), g)
		for range limit {
			r.Deliver(DataChanged, w.Path(), 1)
		}
		r.Deliver(Deleted, w.Path(), 2)
		r.Deliver(Created, w.Path(), 3)
		require.Equal(t, []Kind{Overflow, Created}, told(t, w))
		for range limit {
			r.Deliver(DataChanged, w.Path(), 1)
		}
		require.Len(t, told(t, w), limit)
	}
}

func TestEnds(t *testing.T) {
	r, off := newRegistry()
	once, stays := r.watch("/", Child), r.watch("/", Persistent)
	r.EndOneShots(errOver)
	_, err := once.Next(context.Background())
	require.Equal(t, errOver, err)
	r.Deliver(DataChanged, "/", 1)
	r.EndAll(errOver)
	e, err := stays.Next(context.Background())
	require.NoError(t, err, "what was told before the end can be read")
	require.Equal(t, DataChanged, e.Kind)
	_, err = stays.Next(context.Background())
	require.Equal(t, errOver, err)
	require.Empty(t, *off)
	require.Zero(t, r.Count())
}

func TestFired(t *testing.T) {
	r, _ := newRegistry()
	w := r.watch("/", Persistent)
	open := func() bool {
		select {
		case <-w.Fired():
			return false
		default:
			return true
		}
	}
	require.True(t, open())
	before := w.Fired()
	r.Deliver(DataChanged, "/", 1)
	<-before
	require.False(t, open())
	told(t, w)
	require.True(t, open())
	r.EndAll(errOver)
	require.False(t, open())
	told(t, w)
	require.False(t, open())
}
