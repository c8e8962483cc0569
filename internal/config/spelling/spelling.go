package spelling

import "strings"

// Nearest returns the name closest to a misspelt one, or "" if none is near. A near
// name differs in at most a third of the letters; upper and lower case are the same.
func Nearest(wrong string, names []string) string {
	best, limit := "", len(wrong)/3
	for _, name := range names {
		if d := distance(strings.ToLower(wrong), strings.ToLower(name)); d <= limit {
			if best == "" || d < limit {
				best, limit = name, d
			}
		}
	}
	return best
}

// distance is the least number of steps that turn a into b. A step adds, drops or
// replaces a letter, or swaps it with its neighbour.
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
