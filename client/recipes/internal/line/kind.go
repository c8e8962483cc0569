package line

import (
	"slices"
	"strconv"
	"strings"

	"quoll/client/recipes/internal/hold"
)

// Kind says which names a line has, and for whom a place in it waits.
type Kind struct {
	Layout hold.Layout
	Mark   string   // in the name of an own node, before the number
	Ahead  []string // the marks of those that it waits for
	Others []string // marks of the same line that it does not wait for
}

// Lock is the kind of an exclusive lock.
func Lock(l hold.Layout) Kind {
	if l == hold.Kazoo {
		return Kind{Layout: l, Mark: "__lock__", Ahead: []string{"__lock__"}}
	}
	return Kind{Mark: "lock-", Ahead: []string{"lock-"}}
}

// Latch is the kind of Curator's LeaderLatch.
func Latch() Kind { return Kind{Mark: "latch-", Ahead: []string{"latch-"}} }

// Read is the kind of the read lock of a pair.
func Read(l hold.Layout) Kind {
	write := Write(l)
	return Kind{
		Layout: l, Mark: write.Ahead[1], Ahead: []string{write.Mark},
		Others: []string{write.Ahead[1]},
	}
}

// Write is the kind of the write lock of a pair.
func Write(l hold.Layout) Kind {
	if l == hold.Kazoo {
		return Kind{Layout: l, Mark: "__lock__", Ahead: []string{"__lock__", "__rlock__"}}
	}
	return Kind{Mark: "__WRIT__", Ahead: []string{"__WRIT__", "__READ__"}}
}

// place is one child of a line.
type place struct {
	name   string
	number int32
	ahead  bool // those behind it wait for it
}

// SimpleName is the name of the one node of a simple lock.
const SimpleName = "held"

// Foreign says that a child without a place in a line belongs to another kind of recipe.
func Foreign(name string) bool {
	return numbered(name) || Simple(name)
}

// Simple says that a child is of a simple lock.
func Simple(name string) bool {
	return name == SimpleName || strings.HasPrefix(name, SimpleName+"-")
}

// digits is how long a number is at least, with its sign.
const digits = 10

// numbered says that a name ends as that of a sequential node does.
func numbered(name string) bool {
	head := strings.TrimRight(name, "0123456789")
	n := len(name) - len(head)
	return n >= digits || n == digits-1 && strings.HasSuffix(head, "-")
}

// parse finds the place of a child. The number behind a mark is all that follows.
func (k *Kind) parse(name string) (place, bool) {
	for i, mark := range slices.Concat(k.Ahead, k.Others) {
		at := strings.LastIndex(name, mark)
		if at < 0 {
			continue
		}
		rest := name[at+len(mark):]
		n, err := strconv.ParseInt(rest, 10, 32)
		if err != nil || len(rest) < digits || rest[0] == '+' {
			continue
		}
		return place{name, int32(n), i < len(k.Ahead)}, true
	}
	return place{}, false
}

// sorted has the places of a line in their order. The second result is a child of another kind.
func (k *Kind) sorted(names []string) (places []place, foreign string) {
	for _, name := range names {
		switch p, ok := k.parse(name); {
		case ok:
			places = append(places, p)
		case Foreign(name):
			foreign = name
		}
	}
	slices.SortStableFunc(places, func(a, b place) int {
		return int(a.number - b.number) // over the wrap too
	})
	return places, foreign
}
