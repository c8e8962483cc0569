package naming

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// IDs gives out numbers. It reserves a block of them at a time, so that most calls ask no server.
// Any number of goroutines may use it.
type IDs struct {
	c     *client.Client
	path  string
	block int64

	// turn has room for one: who has put something in owns next and end.
	turn      chan struct{}
	next, end int64 // of the reserved block, what is left
}

// NewIDs gives out numbers from 1 on. Whoever shares the path may have another block. Numbers of a
// block that is not used up are lost.
func NewIDs(c *client.Client, path string, block int64) *IDs {
	return &IDs{c: c, path: path, block: block, turn: make(chan struct{}, 1)}
}

// Next returns a number that no other call for the path gets. The numbers of one IDs grow; between
// those of several there is no order in time. When all numbers were given, the error is
// recipes.ErrFull.
func (s *IDs) Next(ctx context.Context) (int64, error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return 0, hold.Wrap("next id", s.path, ctx.Err())
	}
	for s.next == s.end {
		if err := s.reserve(ctx); err != nil {
			return 0, hold.Wrap("next id", s.path, err)
		}
	}
	s.next++
	return s.next - 1, nil
}

// reserve takes the next block. If nobody knows whether it was taken, it takes another one; then
// the first one is nobody's.
func (s *IDs) reserve(ctx context.Context) error {
	if s.block < 1 {
		return fmt.Errorf("%w: a block of %d numbers", client.ErrBadArguments, s.block)
	}
	var first int64
	_, err := client.Update(ctx, s.c, s.path, func(old []byte) (data []byte, err error) {
		if first, err = parseNext(old); err != nil {
			return nil, err
		}
		if first > math.MaxInt64-s.block {
			return nil, fmt.Errorf("%w: all numbers were given", hold.ErrFull)
		}
		return strconv.AppendInt(nil, first+s.block, 10), nil
	})
	switch {
	case err == nil:
		s.next, s.end = first, first+s.block
		return nil
	case errors.Is(err, client.ErrNoNode):
		return hold.Ensure(ctx, s.c, s.path, client.World())
	}
	return hold.Again(ctx, s.c, err)
}

// parseNext reads the first number that nobody has. A node without data has given none.
func parseNext(data []byte) (int64, error) {
	if len(data) == 0 {
		return 1, nil
	}
	n, err := strconv.ParseInt(string(data), 10, 64)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%w: %q is no number of NewIDs", hold.ErrLayout, data)
	}
	return n, nil
}
