package world

import (
	"cmp"
	"fmt"
	"io"
	"slices"
)

// Counts says how often a run came to each place that a test must have reached.
type Counts struct {
	byName map[counted]int
}

type counted struct{ class, name string }

// NewCounts makes counters that are all zero.
func NewCounts() *Counts { return &Counts{byName: map[counted]int{}} }

// Add counts one.
func (c *Counts) Add(class, name string) { c.byName[counted{class, name}]++ }

// AddError counts an error by the innermost one that it wraps, which has no names and numbers.
func (c *Counts) AddError(class string, err error) { c.Add(class, rootOf(err).Error()) }

// rootOf is the innermost error.
func rootOf(err error) error {
	for {
		switch x := err.(type) {
		case interface{ Unwrap() error }:
			if x.Unwrap() == nil {
				return err
			}
			err = x.Unwrap()
		case interface{ Unwrap() []error }:
			err = x.Unwrap()[0]
		default:
			return err
		}
	}
}

// Merge adds the counts of another run.
func (c *Counts) Merge(other *Counts) {
	for k, n := range other.byName {
		c.byName[k] += n
	}
}

// Get is one count.
func (c *Counts) Get(class, name string) int { return c.byName[counted{class, name}] }

// Sum is that of a class.
func (c *Counts) Sum(class string) (sum int) {
	for k, n := range c.byName { // order-free: a sum
		if k.class == class {
			sum += n
		}
	}
	return sum
}

// Print writes all counts, by class and name.
func (c *Counts) Print(to io.Writer) {
	all := make([]counted, 0, len(c.byName))
	for k := range c.byName {
		all = append(all, k)
	}
	slices.SortFunc(all, func(a, b counted) int {
		return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.name, b.name))
	})
	for _, k := range all {
		fmt.Fprintf(to, "%10d  %s: %s\n", c.byName[k], k.class, k.name)
	}
}
