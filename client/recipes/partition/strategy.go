package partition

import (
	"hash/fnv"
)

// Strategy says which member each item goes to. items and members are sorted. It must depend on
// nothing else, so that all members come to the same result.
type Strategy func(items, members []string) map[string]string

// Range gives each member a run of neighbouring items, of the same length but for one. When members
// come or go, many items move.
func Range(items, members []string) map[string]string {
	owners := map[string]string{}
	for i, item := range items {
		owners[item] = members[i*len(members)/len(items)]
	}
	return owners
}

// RoundRobin deals the items out one by one. When members come or go, most items move.
func RoundRobin(items, members []string) map[string]string {
	owners := map[string]string{}
	for i, item := range items {
		owners[item] = members[i%len(members)]
	}
	return owners
}

// Hash moves only the items of a member that goes, or those that go to a member that comes
// (rendezvous hashing). Members do not get exactly as many as each other.
func Hash(items, members []string) map[string]string {
	owners := map[string]string{}
	for _, item := range items {
		highest := uint64(0)
		for i, member := range members {
			if s := score(item, member); i == 0 || s > highest {
				highest, owners[item] = s, member
			}
		}
	}
	return owners
}

// score is how well an item and a member go together. The last steps are those of MurmurHash3:
// without them members that differ in their last character only have scores near to each other.
func score(item, member string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(item))
	_, _ = h.Write([]byte{0})
	_, _ = h.Write([]byte(member))
	x := h.Sum64()
	x = (x ^ x>>33) * 0xff51afd7ed558ccd
	x = (x ^ x>>33) * 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}
