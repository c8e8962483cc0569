package watch

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

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

// TestDeletedIsToldOnce: data watchers hear of it first, and not again as child watchers.
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

// TestBytes: whatever is set, fires, is removed or dropped, the bytes that count are those of the
// watches that are there. Each watcher has its own count; in all, each path of a table counts once.
func TestBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := NewManager()
		own := map[Watcher]int64{}
		path := rapid.Custom(func(t *rapid.T) []byte {
			return []byte("/" + strings.Repeat("p", rapid.IntRange(1, 4).Draw(t, "path")))
		})
		who := rapid.Map(rapid.IntRange(1, 3), func(n int) Watcher { return Watcher(n) })
		t.Repeat(map[string]func(*rapid.T){
			"data":  func(t *rapid.T) { m.WatchData(path.Draw(t, "p"), who.Draw(t, "w")) },
			"child": func(t *rapid.T) { m.WatchChildren(path.Draw(t, "p"), who.Draw(t, "w")) },
			"add": func(t *rapid.T) {
				m.Add(path.Draw(t, "p"), who.Draw(t, "w"), Mode(rapid.IntRange(1, 2).Draw(t, "mode")))
			},
			"fire": func(t *rapid.T) {
				ev := Event{Path: path.Draw(t, "p")}
				m.FireDeleted(nil, ev, nil)
			},
			"remove": func(t *rapid.T) {
				m.Remove(path.Draw(t, "p"), jute.WatcherAny, who.Draw(t, "w"))
			},
			"drop": func(t *rapid.T) { m.Drop(who.Draw(t, "w")) },
			"": func(t *rapid.T) {
				clear(own)
				total := int64(0)
				for _, table := range []*table{&m.data, &m.child} {
					for p := range table.numbers {
						total += int64(len(p))
					}
					for pair := range table.pairs {
						own[pair.who] += int64(len(table.paths.at(pair.path).path))
					}
				}
				if m.Bytes() != total {
					t.Fatalf("%d bytes in all, want %d", m.Bytes(), total)
				}
				for w := Watcher(1); w <= 3; w++ {
					m.Limit(Limits{Own: own[w], Total: total})
					if got := m.Exceeded(w); got != (Limits{}) {
						t.Fatalf("%d is beyond %+v of %+v", w, got, m.limit)
					}
					m.Limit(Limits{Own: own[w] - 1})
					if got := m.Exceeded(w); got.Own != max(own[w]-1, 0) {
						t.Fatalf("%d has %d, and is not beyond %d", w, own[w], own[w]-1)
					}
					m.Limit(Limits{Total: total - 1})
					if got := m.Exceeded(w); got.Total != max(total-1, 0) {
						t.Fatalf("there are %d, and nobody is beyond %d", total, total-1)
					}
				}
			},
		})
	})
}
