package lane

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/datatree/watch"
	"quoll/jute"
	"quoll/processor/tell"
)

type told []tell.Event

func (t *told) Tell(e tell.Event) { *t = append(*t, e) }

// watching is each request that sets watches on some paths.
func watching(paths []string) map[string]func(xid int32) []byte {
	one := func(op jute.OpCode) func(int32) []byte {
		return func(xid int32) (in []byte) {
			for _, path := range paths {
				body := jute.Record(&jute.PathWatch{Path: []byte(path), Watch: true})
				if op == jute.OpAddWatch {
					body = &jute.AddWatchRequest{
						Path: []byte(path), Mode: jute.AddWatchPersistent,
					}
				}
				in = append(in, request(xid, op, body)...)
			}
			return in
		}
	}
	var raw [][]byte
	for _, path := range paths {
		raw = append(raw, []byte(path))
	}
	again := func(xid int32) []byte {
		empty := [][]byte{}
		return request(xid, jute.OpSetWatches, &jute.SetWatches{
			RelativeZxid: 1000, Data: empty, Exist: raw, Child: empty,
		})
	}
	return map[string]func(int32) []byte{
		"exists": one(jute.OpExists), "addWatch": one(jute.OpAddWatch), "setWatches": again,
	}
}

// A client whose watched paths have more bytes than one client, or all clients together, may have
// is closed: there is no error for it. Clients with fewer are not touched, and the bytes are free
// again.
func TestWatchedPathsHaveALimitInBytes(t *testing.T) {
	var paths []string
	for i := range 10 {
		paths = append(paths, fmt.Sprintf("/%s%d", strings.Repeat("n", 98), i))
	}
	for name, ask := range watching(paths) {
		for kind, limits := range map[tell.Kind]watch.Limits{
			tell.WatchBytes: {Own: 999}, tell.WatchTotalBytes: {Total: 999},
		} {
			t.Run(name, func(t *testing.T) {
				l, _ := testLane(t, 0, 1)
				var events told
				l.Teller = &events
				l.Tree.LimitWatches(limits)
				good, outGood := client(l, 1)
				few := watching(paths[:1])["exists"]
				good.Input(few(1))
				s, out := client(l, 2)
				s.Input(ask(2))
				require.True(t, out.closed)
				require.Less(t, len(out.xids()), 10, "the last has no reply")
				require.Equal(t, closing, s.phase)
				require.Len(t, events, 1)
				require.Equal(t, tell.Event{
					Kind: kind, Peer: s.Peer, Session: 2, A: 999,
				}, events[0])
				require.Equal(t, int64(1), l.Counts.WatchBytesRefused.Load())
				s.Closed(nil)
				require.False(t, outGood.closed)
				good.Input(few(3))
				require.Equal(t, []int32{1, 3}, outGood.xids())
				v := l.Tree.Read()
				defer v.Release()
				require.Equal(t, int64(100), v.WatchBytes())
			})
		}
	}
}

// Watches that come with a reply count too.
func TestWatchesOfNodesThatAreThereCount(t *testing.T) {
	for op, path := range map[jute.OpCode]string{
		jute.OpGetData: "/big", jute.OpGetChildren: "/list", jute.OpGetChildren2: "/list",
		jute.OpExists: "/big",
	} {
		l, _ := testLane(t, 0, 1)
		l.Tree.LimitWatches(watch.Limits{Own: int64(len(path)) - 1})
		s, out := client(l, 1)
		s.Input(request(1, op, &jute.PathWatch{Path: []byte(path)}))
		require.False(t, out.closed, op)
		s.Input(request(2, op, &jute.PathWatch{Path: []byte(path), Watch: true}))
		require.True(t, out.closed, op)
		require.Equal(t, []int32{1}, out.xids(), op)
	}
}

// A client that comes back with half a million watches of 100 bytes is within the default.
func TestHalfAMillionWatchesComeBack(t *testing.T) {
	l, _ := testLane(t, 0, 1)
	l.Tree.LimitWatches(watch.Limits{Own: 64 << 20, Total: 128 << 20})
	s, out := client(l, 1)
	const each = 5000
	for from := 0; from < 500_000; from += each {
		var paths []string
		for i := range each {
			paths = append(paths, fmt.Sprintf("/%s%06d", strings.Repeat("n", 93), from+i))
		}
		s.Input(watching(paths)["setWatches"](int32(from + 1)))
		require.False(t, out.closed, from)
	}
	v := l.Tree.Read()
	defer v.Release()
	require.Equal(t, 500_000, v.WatchCount())
	require.Equal(t, int64(50_000_000), v.WatchBytes())
}
