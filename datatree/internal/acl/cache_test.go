package acl

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"quoll/jute"
)

func list(n int) []jute.ACL {
	return []jute.ACL{{Perms: jute.Perms(n), ID: jute.ID{Scheme: "world", ID: "anyone"}}}
}

func table(c *Cache) (keys []int64) {
	c.Each(func(key int64, _ []jute.ACL) { keys = append(keys, key) })
	return keys
}

// TestKeysLiveAsInZooKeeper: a list has one key while some node uses it, and a new one afterwards.
func TestKeysLiveAsInZooKeeper(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := New()
		var last int64
		keys := map[int]int64{}    // by list
		used := map[int][]Handle{} // one for each use
		t.Repeat(map[string]func(*rapid.T){
			"use": func(t *rapid.T) {
				n := rapid.IntRange(0, 9).Draw(t, "list")
				h := c.InternEncoded(encode(nil, list(n)))
				if rapid.Bool().Draw(t, "decoded") {
					h = c.Intern(list(n))
					c.Drop(h)
				}
				if len(used[n]) == 0 {
					last++
					keys[n] = last
				}
				used[n] = append(used[n], h)
				if c.Key(h) != keys[n] || !slices.Equal(c.List(h), list(n)) {
					t.Fatalf("%d has the key %d, want %d", n, c.Key(h), keys[n])
				}
			},
			"drop": func(t *rapid.T) {
				n := rapid.IntRange(0, 9).Draw(t, "list")
				if len(used[n]) == 0 {
					t.Skip()
				}
				c.Drop(used[n][0])
				used[n] = used[n][1:]
			},
			"": func(t *rapid.T) {
				var want []int64
				for n, handles := range used {
					if len(handles) > 0 {
						want = append(want, keys[n])
					}
				}
				if c.Len() != len(want) {
					t.Fatalf("%d lists, want %d", c.Len(), len(want))
				}
				if last > 0 && !slices.Contains(want, last) {
					want = append(want, last)
				}
				slices.Sort(want)
				if got := table(c); !slices.Equal(got, want) {
					t.Fatalf("the table has %v, want %v", got, want)
				}
			},
		})
	})
}

func TestLoad(t *testing.T) {
	c := New()
	c.Reserve(1)
	c.Load(7, list(7))
	c.Load(3, list(3))
	c.Load(9, list(9))
	three := c.Use(3)
	seven := c.Use(7)
	c.PurgeUnused()
	if got := fmt.Sprint(table(c)); got != "[3 7 9]" {
		t.Fatal(got)
	}
	if c.Len() != 2 {
		t.Fatal("a list that nobody uses is still there")
	}
	if c.Use(OpenKey) != Open || c.Use(8) != Unknown {
		t.Fatal("keys that are not in the table")
	}
	if perms := c.List(Unknown)[0].Perms; perms != 0 {
		t.Fatalf("an unknown ACL grants %d", perms)
	}
	c.Drop(Open)
	c.Drop(Unknown)
	if h := c.Intern(list(9)); c.Key(h) != 10 {
		t.Fatalf("a key was given again: %d", c.Key(h))
	}
	c.Drop(seven)
	if h := c.Intern(list(3)); h != three {
		t.Fatal("a loaded list is not found by its text")
	}
}

func TestNullIsOpenAndEmptyIsNot(t *testing.T) {
	c := New()
	for _, intern := range []func(l []jute.ACL) Handle{
		c.Intern,
		func(l []jute.ACL) Handle { return c.InternEncoded(encode(nil, l)) },
	} {
		if h := intern(nil); h != Open || c.List(h)[0].Perms != jute.PermAll {
			t.Fatal("null")
		}
		if h := intern([]jute.ACL{}); h == Open || len(c.List(h)) != 0 {
			t.Fatal("empty")
		}
	}
}

// TestListsNeverChange: a list that was returned may be kept when its place in the cache is given
// away.
func TestListsNeverChange(t *testing.T) {
	c := New()
	h := c.Intern(list(1))
	kept := c.List(h)
	c.Drop(h)
	if c.Intern(list(2)) != h {
		t.Fatal("the place was not given again")
	}
	if !slices.Equal(kept, list(1)) {
		t.Fatal(kept)
	}
}
