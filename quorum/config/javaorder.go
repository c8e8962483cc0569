package config

import "unicode/utf16"

// Apache prints what its hash maps hand out, so their order is part of the text. A table is such a
// map: keys in buckets by hash, doubled when it is three quarters full.
//
//	java.util.Properties          a ConcurrentHashMap of names, 16 buckets at first
//	members, groups, weights      a HashMap<Long, ...>, 16 buckets at first, or made for a copy
//
// The order is that of Java 9 to 18: Properties was another map before, and copies are sized in
// another way since. Both show only where two members share a bucket. Not followed: nine keys in
// one of 64 buckets become a tree, which takes nine members whose numbers differ by 64.
type table[K comparable] struct {
	buckets [][]entry[K]
	size    int
	most    int // keys before it is doubled
	// names: a ConcurrentHashMap, which doubles when it has most, and turns buckets.
	names bool
}

type entry[K comparable] struct {
	key  K
	hash uint32
}

// crowded is how many keys of a bucket make a HashMap of less than 64 buckets double at the next.
const crowded = 8

func newNames() *table[string] {
	return &table[string]{buckets: make([][]entry[string], 16), most: 12, names: true}
}

func newNumbers() *table[int64] {
	return &table[int64]{buckets: make([][]entry[int64], 16), most: 12}
}

// copyOf is the HashMap that is made from another one.
func copyOf(keys []int64) *table[int64] {
	if len(keys) == 0 {
		return newNumbers()
	}
	n := 1
	for want := int(float32(len(keys))/0.75 + 1); n < want; n *= 2 {
	}
	t := &table[int64]{buckets: make([][]entry[int64], n), most: n * 3 / 4}
	for _, k := range keys {
		t.add(k, hashNumber(k))
	}
	return t
}

// add puts a key that is not there at the end of its bucket. It takes the same time however many
// keys of a hostile text share the bucket.
func (t *table[K]) add(key K, hash uint32) {
	at := hash & uint32(len(t.buckets)-1)
	before := len(t.buckets[at])
	t.buckets[at] = append(t.buckets[at], entry[K]{key, hash})
	t.size++
	if t.names {
		if t.size >= t.most {
			t.double()
		}
		return
	}
	if before >= crowded && len(t.buckets) < 64 {
		t.double()
	}
	if t.size > t.most {
		t.double()
	}
}

func (t *table[K]) remove(key K, hash uint32) {
	at := hash & uint32(len(t.buckets)-1)
	for i, e := range t.buckets[at] {
		if e.key == key {
			t.buckets[at] = append(t.buckets[at][:i:i], t.buckets[at][i+1:]...)
			t.size--
			return
		}
	}
}

func (t *table[K]) double() {
	n := len(t.buckets)
	next := make([][]entry[K], 2*n)
	for at, bucket := range t.buckets {
		if t.names {
			bucket = transferred(bucket, uint32(n))
		}
		for _, e := range bucket {
			to := at + int(e.hash)&n
			next[to] = append(next[to], e)
		}
	}
	t.buckets, t.most = next, 2*n*3/4
}

// transferred is the order in which a ConcurrentHashMap leaves a bucket that it splits: the run at
// the end that stays together, and in front of it the others, last first.
func transferred[K comparable](bucket []entry[K], bit uint32) []entry[K] {
	run := 0
	for i := range bucket {
		if bucket[i].hash&bit != bucket[run].hash&bit {
			run = i
		}
	}
	out := make([]entry[K], 0, len(bucket))
	for i := run - 1; i >= 0; i-- {
		out = append(out, bucket[i])
	}
	if run < len(bucket) {
		out = append(out, bucket[run:]...)
	}
	return out
}

// keys are the keys in the order in which Java hands them out.
func (t *table[K]) keys() []K {
	out := make([]K, 0, t.size)
	for _, bucket := range t.buckets {
		for _, e := range bucket {
			out = append(out, e.key)
		}
	}
	return out
}

// hashNumber is what HashMap makes of Long.hashCode.
func hashNumber(k int64) uint32 {
	h := uint32(k ^ int64(uint64(k)>>32))
	return h ^ h>>16
}

// hashName is what ConcurrentHashMap makes of String.hashCode.
func hashName(name string) uint32 {
	var h uint32
	for _, unit := range utf16.Encode([]rune(name)) {
		h = 31*h + uint32(unit)
	}
	return (h ^ h>>16) & 0x7fffffff
}
