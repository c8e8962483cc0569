package discovery

import (
	"math/rand/v2"
	"sync/atomic"

	"quoll/client/recipes/internal/rendezvous"
)

// picker makes a Picker of a function.
type picker func(candidates []Candidate) int

func (p picker) Pick(candidates []Candidate) int { return p(candidates) }

// RoundRobin picks the candidates in turns. The turn is kept in the Picker: make it once.
func RoundRobin() Picker {
	turn := new(atomic.Uint64)
	return picker(func(candidates []Candidate) int {
		return int((turn.Add(1) - 1) % uint64(len(candidates)))
	})
}

// Random picks each candidate as often as the others.
func Random() Picker {
	return picker(func(candidates []Candidate) int { return rand.IntN(len(candidates)) })
}

// Weighted picks by chance, each candidate as often as its weight says in comparison. One of weight
// 0 or less is not picked, unless all are.
func Weighted() Picker {
	return picker(func(candidates []Candidate) int {
		total := 0
		for i := range candidates {
			total += max(0, candidates[i].Weight)
		}
		if total == 0 {
			return rand.IntN(len(candidates))
		}
		at := rand.IntN(total)
		for i := range candidates {
			if at -= max(0, candidates[i].Weight); at < 0 {
				return i
			}
		}
		return 0
	})
}

// LeastLoaded picks the candidate whose payload tells the lowest load; of several, and if payloads
// do not tell, the one with the fewest calls of this Service that are not done. Loads that are told
// seldom send everybody to the same instance: PowerOfTwo does not.
func LeastLoaded() Picker {
	return picker(func(candidates []Candidate) int {
		best := rand.IntN(len(candidates)) // so that equal ones are picked in no order
		for i := range candidates {
			if less(&candidates[i], &candidates[best]) {
				best = i
			}
		}
		return best
	})
}

// PowerOfTwo picks the less loaded one of two candidates by chance.
func PowerOfTwo() Picker {
	return picker(func(candidates []Candidate) int {
		a := rand.IntN(len(candidates))
		if len(candidates) == 1 {
			return a
		}
		b := rand.IntN(len(candidates) - 1)
		if b >= a {
			b++
		}
		if less(&candidates[b], &candidates[a]) {
			return b
		}
		return a
	})
}

func less(a, b *Candidate) bool {
	if a.Load != b.Load {
		return a.Load < b.Load
	}
	return a.Pending < b.Pending
}

// Hash picks the same candidate for the same key as long as it is there. When candidates come or
// go, only the keys of those move (rendezvous hashing).
func Hash(key string) Picker {
	return picker(func(candidates []Candidate) int {
		return rendezvous.Best(key, len(candidates), func(i int) string { return candidates[i].ID })
	})
}
