package partition

import "quoll/client/recipes/internal/rendezvous"

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
	if len(members) == 0 {
		return owners
	}
	for _, item := range items {
		at := rendezvous.Best(item, len(members), func(i int) string { return members[i] })
		owners[item] = members[at]
	}
	return owners
}
