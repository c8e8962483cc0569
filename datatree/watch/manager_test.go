package watch

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"quoll/jute"
)

// told keeps what was delivered as text.
type told struct{ lines []string }

func (s *told) Deliver(ev Event, acl []jute.ACL, to []Watcher) {
	s.lines = append(s.lines, fmt.Sprintf("%v %s %v", ev.Type, ev.Path, to))
}

func (s *told) take() string {
	text := strings.Join(s.lines, "; ")
	s.lines = nil
	return text
}

func expect(t *testing.T, what, want, got string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func deleted(path string) Event { return Event{Type: jute.EventDeleted, Path: []byte(path)} }

// TestDeletedIsToldOnce: data watchers hear it first, and not again as child watchers.
func TestDeletedIsToldOnce(t *testing.T) {
	m, s := NewManager(), &told{}
	path := []byte("/a")
	for _, w := range []Watcher{3, 1} {
		m.WatchData(path, w)
	}
	for _, w := range []Watcher{2, 3, 4} {
		m.WatchChildren(path, w)
	}
	m.FireDeleted(s, deleted("/a"), nil)
	expect(t, "first", "NodeDeleted /a [1 3]; NodeDeleted /a [2 4]", s.take())
	m.FireDeleted(s, deleted("/a"), nil)
	expect(t, "second", "", s.take())
	if m.Count() != 0 {
		t.Error(m.Count())
	}
}

// TestModesAtOnePath: one event for all modes of a watcher; only the standard one is used up.
func TestModesAtOnePath(t *testing.T) {
	m, s := NewManager(), &told{}
	path := []byte("/a/b")
	m.WatchData(path, 1)
	m.Add(path, 1, Persistent)
	m.Add(path, 1, PersistentRecursive)
	m.Add([]byte("/a"), 1, PersistentRecursive)
	m.Add([]byte("/"), 2, PersistentRecursive)
	m.Add([]byte("/a"), 3, Persistent)
	for range 2 {
		m.FireData(s, Event{Type: jute.EventDataChanged, Path: path}, nil)
		expect(t, "data", "NodeDataChanged /a/b [1 2]", s.take())
	}
	m.FireChild(s, Event{Type: jute.EventChildrenChanged, Path: path}, nil)
	expect(t, "children", "NodeChildrenChanged /a/b [1]", s.take())
	if m.Has(path, jute.WatcherData, 1) || !m.Has(path, jute.WatcherAny, 1) {
		t.Error("modes after firing")
	}
	if m.data.recursive != 3 {
		t.Error(m.data.recursive, "recursive watches")
	}
	if !m.Remove(path, jute.WatcherAny, 1) || m.Has(path, jute.WatcherAny, 1) {
		t.Error("remove any")
	}
	m.FireData(s, Event{Type: jute.EventDataChanged, Path: path}, nil)
	expect(t, "from above", "NodeDataChanged /a/b [1 2]", s.take())
	m.FireData(s, Event{Type: jute.EventDataChanged, Path: []byte("/ab")}, nil)
	expect(t, "not a namesake", "NodeDataChanged /ab [2]", s.take())
	m.FireData(s, Event{Type: jute.EventDataChanged, Path: []byte("/")}, nil)
	expect(t, "root", "NodeDataChanged / [2]", s.take())
	m.Drop(1)
	m.Drop(2)
	if m.data.recursive != 0 {
		t.Error(m.data.recursive, "recursive watches are left")
	}
}

// TestSummary: a watcher whose watches have fired is still counted, one that removed them is not.
func TestSummary(t *testing.T) {
	m, s := NewManager(), &told{}
	m.WatchData([]byte("/a"), 1)
	m.WatchData([]byte("/b"), 1)
	m.WatchData([]byte("/a"), 2)
	m.WatchChildren([]byte("/c"), 3)
	m.FireData(s, Event{Path: []byte("/b")}, nil)
	m.FireData(s, Event{Path: []byte("/a")}, nil)
	if got := m.Summary(); got != (Summary{Watchers: 2}) {
		t.Errorf("%+v", got)
	}
	m.WatchData([]byte("/d"), 1)
	m.WatchData([]byte("/d"), 4)
	m.WatchData([]byte("/e"), 4)
	if got := m.Summary(); got != (Summary{Watchers: 3, Paths: 2, Total: 3}) {
		t.Errorf("%+v", got)
	}
	var lines []string
	m.WatchData([]byte("/gone"), 5)
	m.Drop(5)
	var c Cursor
	for more := true; more; {
		before := len(lines)
		more = m.WalkData(&c, 1, func(p string, w Watcher) { lines = append(lines, fmt.Sprint(p, w)) })
		if len(lines) > before+1 {
			t.Error("more than one a time")
		}
	}
	slices.Sort(lines)
	expect(t, "walk", "/d1; /d4; /e4", strings.Join(lines, "; "))
	for w, want := range []bool{false, true, true, false, true} {
		if m.HasData(Watcher(w)) != want {
			t.Errorf("%d has data watches: %v", w, !want)
		}
	}
	m.Remove([]byte("/d"), jute.WatcherData, 1)
	m.Drop(4)
	if got := m.Summary(); got != (Summary{Watchers: 1}) {
		t.Errorf("%+v", got)
	}
	if m.Count() != 1 {
		t.Error(m.Count(), "watches: the child watch is counted")
	}
}

func TestNoSink(t *testing.T) {
	m := NewManager()
	m.WatchData([]byte("/a"), 1)
	m.FireData(nil, Event{Path: []byte("/a")}, nil)
	if m.Count() != 0 {
		t.Error("a watch that fired is still there")
	}
}

// TestBytesPerWatch prints what a watch costs, for many watchers of few paths and for few watchers
// of many paths.
func TestBytesPerWatch(t *testing.T) {
	for _, c := range []struct{ watchers, paths, most int }{{500, 200, 64}, {100, 1000, 64}, {1, 100_000, 160}} {
		before := heap()
		m := NewManager()
		for p := range c.paths {
			path := fmt.Appendf(nil, "/watched/path/n%06d", p)
			for w := range c.watchers {
				m.WatchData(path, Watcher(w))
			}
		}
		per := (heap() - before) / (c.paths * c.watchers)
		t.Logf("%d watchers of %d paths: %d bytes a watch", c.watchers, c.paths, per)
		if per > c.most {
			t.Errorf("more than %d", c.most)
		}
		runtime.KeepAlive(m)
	}
}

func heap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
