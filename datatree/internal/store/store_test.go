package store

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestNodeIs88Bytes(t *testing.T) {
	if n := reflect.TypeFor[Node]().Size(); n != 88 {
		t.Fatal(n)
	}
}

// model is a store as a map.
type model map[string]*entry

type entry struct {
	id    ID
	data  []byte
	mark  int64
	order []ID // children as the store lists them
}

func (m model) add(t *rapid.T, s *Store, path string, data []byte) {
	at := strings.LastIndexByte(path, '/')
	parent := m[path[:at]]
	id := s.Add(parent.id, []byte(path), []byte(path[at+1:]), data)
	for p, e := range m {
		if e.id == id {
			t.Fatalf("the id %d of %q is given to %q", id, p, path)
		}
	}
	s.At(id).Ctime = int64(len(m))
	m[path] = &entry{id: id, data: bytes.Clone(data), mark: int64(len(m))}
	parent.order = append(parent.order, id)
}

func (m model) remove(s *Store, path string) {
	e := m[path]
	s.Remove(e.id, []byte(path))
	parent := m[path[:strings.LastIndexByte(path, '/')]]
	at, last := slices.Index(parent.order, e.id), len(parent.order)-1
	parent.order[at] = parent.order[last]
	parent.order = parent.order[:last]
	delete(m, path)
}

func (m model) check(t *rapid.T, s *Store) {
	if s.Len() != len(m) {
		t.Fatalf("%d nodes, want %d", s.Len(), len(m))
	}
	for path, e := range m {
		id := s.Lookup([]byte(path))
		if id != e.id || !s.Live(id) {
			t.Fatalf("%q is %d, want %d", path, id, e.id)
		}
		if got := s.Data(id); !bytes.Equal(got, e.data) || (got == nil) != (e.data == nil) {
			t.Fatalf("%q has %q, want %q", path, got, e.data)
		}
		if got := string(s.AppendPath(nil, id)); got != path {
			t.Fatalf("%q has the path %q", path, got)
		}
		below := 0
		for p := range m {
			if strings.HasPrefix(p, path+"/") {
				below++
			}
		}
		if s.Below(id) != below {
			t.Fatalf("%q has %d nodes below, want %d", path, s.Below(id), below)
		}
		if s.At(id).Ctime != e.mark {
			t.Fatalf("%q has the record of another", path)
		}
		if got := s.AppendChildIDs(nil, id); !slices.Equal(got, e.order) {
			t.Fatalf("%q has children %v, want %v", path, got, e.order)
		}
		if s.NumChildren(id) != len(e.order) {
			t.Fatalf("%q has %d children", path, s.NumChildren(id))
		}
	}
	for _, path := range []string{"/nobody", "/a/nobody", "nobody", "//", "/a/"} {
		if id := s.Lookup([]byte(path)); id != None {
			t.Fatalf("%q is %d", path, id)
		}
	}
}

func (m model) paths() []string {
	paths := make([]string, 0, len(m))
	for p := range m {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	return paths
}

func drawData(t *rapid.T) []byte {
	size := rapid.OneOf(rapid.IntRange(-1, 300), rapid.IntRange(0, 70_000)).Draw(t, "size")
	if size < 0 {
		return nil
	}
	return bytes.Repeat([]byte{byte(size)}, size)
}

func TestStoreIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := New(rapid.Uint64().Draw(t, "seed"))
		m := model{"": {id: Root, data: []byte{}}}
		pick := func(t *rapid.T) string { return rapid.SampledFrom(m.paths()).Draw(t, "path") }
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				name := rapid.StringMatching(`[a-c]{1,2}|x{300}`).Draw(t, "name")
				path := pick(t) + "/" + name
				if m[path] != nil || strings.Count(path, "/") > 6 {
					t.Skip()
				}
				m.add(t, s, path, drawData(t))
			},
			"remove": func(t *rapid.T) {
				path := pick(t)
				if path == "" || len(m[path].order) > 0 {
					t.Skip()
				}
				m.remove(s, path)
			},
			"set": func(t *rapid.T) {
				e := m[pick(t)]
				e.data = drawData(t)
				s.SetData(e.id, e.data)
			},
			"": func(t *rapid.T) { m.check(t, s) },
		})
	})
}

// TestManyChildren grows one parent through all classes of runs and into pages, and back.
func TestManyChildren(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := New(1)
		m := model{"": {id: Root, data: []byte{}}}
		peak := rapid.IntRange(1, 5000).Draw(t, "peak")
		var ids []ID
		var paths []string
		for i := range peak {
			path := fmt.Sprintf("/n%d", i)
			ids = append(ids, s.Add(Root, []byte(path), []byte(path[1:]), nil))
			paths = append(paths, path)
		}
		step := rapid.IntRange(1, peak).Draw(t, "step")
		for len(ids) > 0 {
			i := step % len(ids)
			s.Remove(ids[i], []byte(paths[i]))
			last := len(ids) - 1
			ids[i], paths[i] = ids[last], paths[last]
			ids, paths = ids[:last], paths[:last]
			if len(ids)%97 == 0 {
				if got := s.AppendChildIDs(nil, Root); !slices.Equal(got, ids) {
					t.Fatalf("%d children: %v, want %v", len(ids), got, ids)
				}
			}
			for j := range min(len(ids), 3) {
				if s.Lookup([]byte(paths[j])) != ids[j] {
					t.Fatalf("%q is lost", paths[j])
				}
			}
		}
		m.check(t, s)
	})
}

// TestFreedPlacesAreGivenAgain: making and removing the same nodes takes no more room each time.
func TestFreedPlacesAreGivenAgain(t *testing.T) {
	s := New(1)
	var after [3]int
	for round := range after {
		for i := range 3000 {
			path := fmt.Appendf(nil, "/n%d", i)
			id := s.Add(Root, path, path[1:], make([]byte, i%700))
			s.SetData(id, make([]byte, i%40_000))
		}
		for i := range 3000 {
			path := fmt.Appendf(nil, "/n%d", i)
			s.Remove(s.Lookup(path), path)
		}
		after[round] = room(s)
	}
	if after[0] != after[1] || after[1] != after[2] {
		t.Fatal(after)
	}
}

func room(s *Store) (bytes int) {
	for _, c := range s.nodes.chunks {
		bytes += 88 * len(c)
	}
	for i := range s.cells.classes {
		for _, c := range s.cells.classes[i].chunks {
			bytes += len(c)
		}
	}
	for i := range s.kids.classes {
		for _, c := range s.kids.classes[i].chunks {
			bytes += 4 * len(c)
		}
	}
	return bytes + len(s.cells.big) + len(s.kids.big)
}

func TestCellClasses(t *testing.T) {
	for size := 1; size <= maxCell; size++ {
		class := cellClass(size)
		if class >= cellClasses || cellSize(class) < size {
			t.Fatalf("%d bytes get class %d of %d", size, class, cellSize(class))
		}
		if class > 1 && cellSize(class-1) >= size {
			t.Fatalf("%d bytes get class %d, but %d would do", size, class, class-1)
		}
	}
}

// TestCollidingPaths: the index holds a hash; equal hashes must not make equal nodes.
func TestCollidingPaths(t *testing.T) {
	var x table
	for id := ID(1); id <= 100; id++ {
		x.add(7, id)
	}
	for id := 100; id >= 1; id -= 3 {
		x.remove(7, ID(id))
	}
	left := 0
	for _, e := range x.slots {
		if e != 0 {
			left++
			if ID(e)%3 == 1 {
				t.Fatalf("%d is still there", ID(e))
			}
		}
	}
	if left != 66 || x.used != 66 {
		t.Fatal(left, x.used)
	}
}

// TestAHashIsNotAPath: an entry of another path with the same hash is passed over.
func TestAHashIsNotAPath(t *testing.T) {
	s := New(1)
	a := s.Add(Root, []byte("/a"), []byte("a"), nil)
	b := s.Add(a, []byte("/a/b"), []byte("b"), nil)
	for _, path := range []string{"/c", "/a/c", "/b", "/b/b", "/a/b/b", "a", "xa", "/a/"} {
		hash := s.index.hash([]byte(path))
		s.index.of(hash).add(hash, a)
		s.index.of(hash).add(hash, b)
		if id := s.Lookup([]byte(path)); id != None {
			t.Errorf("%q is found as %q", path, s.AppendPath(nil, id))
		}
	}
}

func BenchmarkLookup(b *testing.B) {
	s := New(1)
	const n = 1 << 20
	paths := make([][]byte, n)
	for i := range paths {
		paths[i] = fmt.Appendf(nil, "/bench/n%011d", i)
	}
	top := s.Add(Root, []byte("/bench"), []byte("bench"), nil)
	for _, p := range paths {
		s.Add(top, p, p[7:], make([]byte, 100))
	}
	b.ResetTimer()
	at := uint32(1)
	for b.Loop() {
		at = at*1664525 + 1013904223
		if s.Lookup(paths[at>>12]) == None {
			b.Fatal("lost")
		}
	}
}
