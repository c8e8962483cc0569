package acl

import (
	"slices"

	"quoll/jute"
)

// Handle names a list in the cache. It is valid as long as some node uses the list.
type Handle = uint32

// Lists whose uses are not counted.
const (
	// Open is world:anyone with all permissions, which a null list means.
	Open Handle = 0
	// Unknown stands for a key that the snapshot's table lacks. Nobody has any permission.
	Unknown Handle = 1
)

// Keys of the lists whose uses are not counted.
const (
	OpenKey    int64 = -1
	unknownKey int64 = 0
)

type entry struct {
	key  int64
	list []jute.ACL // immutable: readers keep it
	text string     // the list encoded, by which it is found
	uses int
}

// Cache holds the lists in use. The zero Cache is not ready: call New.
type Cache struct {
	entries []entry // by handle
	free    []Handle
	byText  map[string]Handle
	byKey   map[int64]Handle
	highest int64 // the last key given
	retired entry // the list that had the highest key, when no node uses it any more
	scratch []byte
}

// New makes a cache that has given no key yet.
func New() *Cache {
	return &Cache{
		entries: []entry{
			{key: OpenKey, list: []jute.ACL{anyone(jute.PermAll)}},
			{key: unknownKey, list: []jute.ACL{anyone(0)}},
		},
		byText: map[string]Handle{},
		byKey:  map[int64]Handle{},
	}
}

func anyone(p jute.Perms) jute.ACL {
	return jute.ACL{Perms: p, ID: jute.ID{Scheme: "world", ID: "anyone"}}
}

// InternEncoded is Intern of a list as it is on the wire, null included. A list that is in use
// already costs no decoding. The bytes must decode.
func (c *Cache) InternEncoded(text []byte) Handle {
	if h, ok := c.byText[string(text)]; ok {
		c.entries[h].uses++
		return h
	}
	var list []jute.ACL
	d := jute.OwnDecoder(text)
	d.ACLs("acl", &list)
	return c.Intern(list)
}

// Intern finds or adds a list and counts one use of it. It copies the list; nil is Open.
func (c *Cache) Intern(list []jute.ACL) Handle {
	if list == nil {
		return Open
	}
	c.scratch = encode(c.scratch[:0], list)
	h, ok := c.byText[string(c.scratch)]
	if !ok {
		c.highest++
		c.retired = entry{}
		h = c.add(entry{key: c.highest, list: slices.Clone(list), text: string(c.scratch)})
	}
	c.entries[h].uses++
	return h
}

func encode(dst []byte, list []jute.ACL) []byte {
	e := jute.Encoder(dst)
	e.ACLs("acl", &list)
	return e.Bytes()
}

func (c *Cache) add(e entry) Handle {
	var h Handle
	if last := len(c.free) - 1; last >= 0 {
		h = c.free[last]
		c.free = c.free[:last]
		c.entries[h] = e
	} else {
		h = Handle(len(c.entries))
		c.entries = append(c.entries, e)
	}
	c.byText[e.text] = h
	c.byKey[e.key] = h
	return h
}

// Drop takes back one use, and forgets the list when it was the last.
func (c *Cache) Drop(h Handle) {
	if h <= Unknown {
		return
	}
	e := &c.entries[h]
	if e.uses--; e.uses <= 0 {
		c.forget(h)
	}
}

func (c *Cache) forget(h Handle) {
	e := c.entries[h]
	if e.key == c.highest {
		c.retired = e
	}
	if c.byText[e.text] == h {
		delete(c.byText, e.text)
	}
	delete(c.byKey, e.key)
	c.entries[h] = entry{}
	c.free = append(c.free, h)
}

// List is the list of a handle. It is never changed, even after it left the cache.
func (c *Cache) List(h Handle) []jute.ACL { return c.entries[h].list }

// Key is the number of a handle's list in snapshots.
func (c *Cache) Key(h Handle) int64 { return c.entries[h].key }

// Len counts the lists in use.
func (c *Cache) Len() int { return len(c.byText) }

// Each visits the lists of a snapshot's table, by key: every list in use, and the one with the
// highest key ever given, even if nobody uses it any more. A server that replays the log on top of
// the snapshot then gives the same keys as this one.
func (c *Cache) Each(visit func(key int64, list []jute.ACL)) {
	keys := make([]int64, 0, len(c.byKey))
	// order-free: the keys are sorted below
	for k := range c.byKey {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		visit(k, c.entries[c.byKey[k]].list)
	}
	if _, again := c.byText[c.retired.text]; c.retired.list != nil && !again {
		visit(c.retired.key, c.retired.list)
	}
}

// Reserve says that keys up to this one were given.
func (c *Cache) Reserve(key int64) { c.highest = max(c.highest, key) }

// Load adds a list from a snapshot's table, not used yet.
func (c *Cache) Load(key int64, list []jute.ACL) {
	if key >= c.highest {
		c.highest = key
		c.retired = entry{}
	}
	if list == nil {
		list = []jute.ACL{}
	}
	e := entry{key: key, list: slices.Clone(list), text: string(encode(nil, list))}
	if h, ok := c.byKey[key]; ok {
		c.forget(h)
	}
	c.add(e)
}

// Use counts one use of a key that Load added. Any other key is Unknown.
func (c *Cache) Use(key int64) Handle {
	if key == OpenKey {
		return Open
	}
	h, ok := c.byKey[key]
	if !ok {
		return Unknown
	}
	c.entries[h].uses++
	return h
}

// PurgeUnused ends a load: lists that no node uses are forgotten.
func (c *Cache) PurgeUnused() {
	for h := int(Unknown) + 1; h < len(c.entries); h++ {
		if e := &c.entries[h]; e.text != "" && e.uses <= 0 {
			c.forget(Handle(h))
		}
	}
}
