package rendezvous

import "hash/fnv"

// Best is the index of the id, of n, that goes best with a key. Of equals it is the first.
func Best(key string, n int, id func(i int) string) int {
	best, highest := 0, uint64(0)
	for i := range n {
		if s := score(key, id(i)); i == 0 || s > highest {
			best, highest = i, s
		}
	}
	return best
}

// score is how well a key and an id go together. The last steps are those of MurmurHash3: without
// them ids that differ in their last character only have scores that are near to each other.
func score(key, id string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(key))
	_, _ = h.Write([]byte{0})
	_, _ = h.Write([]byte(id))
	x := h.Sum64()
	x = (x ^ x>>33) * 0xff51afd7ed558ccd
	x = (x ^ x>>33) * 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}
