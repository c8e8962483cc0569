package place

import (
	"iter"

	"quoll/internal/shell/dump"
	"quoll/internal/shell/walk"
)

// Pair is what two trees have at one path. One of both may be nil.
type Pair struct {
	Path string // below the roots
	A, B *dump.Node
}

// Pairs goes through two trees side by side, in order. An error is the last element.
func Pairs(a, b iter.Seq2[dump.Node, error]) iter.Seq2[Pair, error] {
	return func(yield func(Pair, error) bool) {
		nextA, stopA := iter.Pull2(a)
		defer stopA()
		nextB, stopB := iter.Pull2(b)
		defer stopB()
		x, err := take(nextA)
		var y *dump.Node
		if err == nil {
			y, err = take(nextB)
		}
		for err == nil && (x != nil || y != nil) {
			var p Pair
			order := 0
			switch {
			case x == nil:
				order = 1
			case y == nil:
				order = -1
			default:
				order = walk.Compare(x.Path, y.Path)
			}
			if order <= 0 {
				p.Path, p.A = x.Path, x
			}
			if order >= 0 {
				p.Path, p.B = y.Path, y
			}
			if !yield(p, nil) {
				return
			}
			if p.A != nil {
				x, err = take(nextA)
			}
			if p.B != nil && err == nil {
				y, err = take(nextB)
			}
		}
		if err != nil {
			yield(Pair{}, err)
		}
	}
}

// take is the next node; nil at the end.
func take(next func() (dump.Node, error, bool)) (*dump.Node, error) {
	n, err, ok := next()
	if !ok || err != nil {
		return nil, err
	}
	return &n, nil
}
