package recipes_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/twophase"
	"quoll/internal/proxy"
	"quoll/jute"
)

func TestTwoPhase(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(), w.beside()
	_, err := twophase.Open(c, path, "1").Outcome(ctx)
	require.ErrorIs(t, err, client.ErrNoNode)
	require.ErrorIs(t, twophase.Open(c, path, "1").Vote(ctx, "a", true), client.ErrNoNode)
	tx, err := twophase.Begin(ctx, c, path, "1", []string{"b", "a"}, []byte("move"))
	require.NoError(t, err)
	_, err = twophase.Begin(ctx, other, path, "1", []string{"a", "b"}, []byte("move"))
	require.NoError(t, err, "the same one again")
	_, err = twophase.Begin(ctx, other, path, "1", []string{"a"}, []byte("move"))
	require.ErrorIs(t, err, client.ErrNodeExists)
	for _, bad := range [][]string{nil, {"a", "a"}, {"a/b"}, {""}} {
		_, err = twophase.Begin(ctx, c, path, "2", bad, nil)
		require.ErrorIs(t, err, client.ErrBadArguments)
	}
	part := twophase.Open(other, path, "1")
	p, err := part.Proposal(ctx)
	require.NoError(t, err)
	require.Equal(t, twophase.Proposal{Participants: []string{"a", "b"}, Data: []byte("move")}, p)

	heard, decided := make(chan twophase.Outcome, 1), make(chan twophase.Outcome, 1)
	go func() {
		o, err := part.Outcome(ctx)
		if err != nil {
			t.Errorf("outcome: %v", err)
		}
		heard <- o
	}()
	go func() {
		o, err := tx.Decide(ctx)
		if err != nil {
			t.Errorf("decide: %v", err)
		}
		decided <- o
	}()
	require.NoError(t, part.Vote(ctx, "a", true))
	require.NoError(t, part.Vote(ctx, "a", true))
	require.ErrorIs(t, part.Vote(ctx, "a", false), client.ErrNodeExists)
	require.ErrorIs(t, part.Vote(ctx, "c", true), client.ErrBadArguments)
	short, cancel := context.WithCancel(ctx)
	cancel()
	_, err = twophase.Open(other, path, "1").Decide(short)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, tx.Forget(ctx), client.ErrNotEmpty)
	w.expire(c)
	require.NoError(t, part.Vote(ctx, "b", true))
	require.Equal(t, twophase.Committed, <-decided)
	require.Equal(t, twophase.Committed, <-heard)
	o, err := part.Abort(ctx)
	require.NoError(t, err)
	require.Equal(t, twophase.Committed, o, "it is decided")
	require.NoError(t, tx.Forget(ctx))
	require.NoError(t, tx.Forget(ctx))
	waitChildren(t, other, 0)

	_, _, err = other.Create(ctx, path+"/3", []byte("?"))
	require.NoError(t, err)
	_, err = twophase.Open(c, path, "3").Decide(ctx)
	require.ErrorIs(t, err, recipes.ErrLayout)
}

// One no is enough, and nobody waits for the other votes.
func TestTwoPhaseAborts(t *testing.T) {
	ctx := testContext(t)
	c := newWorld(t).client()
	tx, err := twophase.Begin(ctx, c, path, "1", []string{"a", "b"}, nil)
	require.NoError(t, err)
	require.NoError(t, tx.Vote(ctx, "b", false))
	o, err := tx.Decide(ctx)
	require.NoError(t, err)
	require.Equal(t, twophase.Aborted, o)
	require.NoError(t, tx.Vote(ctx, "a", true), "it comes late, and changes nothing")
	o, err = tx.Outcome(ctx)
	require.NoError(t, err)
	require.Equal(t, twophase.Aborted, o)
}

// Transactions over cuts at chance requests, with several who decide and one who aborts: all hear
// of one outcome, and it is commit only if all have said yes.
func TestTwoPhaseOverCuts(t *testing.T) {
	const rounds = 30
	w := newWorld(t)
	rng := rand.New(rand.NewPCG(8, 8))
	ops := []jute.OpCode{
		jute.OpCreate2, jute.OpMulti, jute.OpGetData, jute.OpGetChildren2, jute.OpExists,
		jute.OpDelete,
	}
	clients := []*client.Client{w.client(), w.client(), w.client()}
	who := []string{"a", "b", "c"}
	committed, aborted := 0, 0
	for round := range rounds {
		ctx := testContext(t)
		id := fmt.Sprint(round)
		for range 3 {
			w.Cut(ops[rng.IntN(len(ops))], proxy.Where(rng.IntN(3)))
		}
		tx, err := twophase.Begin(ctx, clients[0], path, id, who, nil)
		require.NoError(t, err)
		yes, abort := true, rng.IntN(4) == 0
		var mu sync.Mutex
		outcomes := map[twophase.Outcome]int{}
		note := func(o twophase.Outcome, err error) {
			if err != nil {
				t.Errorf("round %d: %v", round, err)
			}
			mu.Lock()
			defer mu.Unlock()
			outcomes[o]++
		}
		var parts sync.WaitGroup
		for i, name := range who {
			vote := rng.IntN(6) > 0
			yes = yes && vote
			mine := twophase.Open(clients[i], path, id)
			parts.Go(func() {
				if err := mine.Vote(ctx, name, vote); err != nil {
					t.Errorf("round %d: %v", round, err)
				}
				note(mine.Outcome(ctx))
			})
			parts.Go(func() { note(mine.Decide(ctx)) })
		}
		if abort {
			parts.Go(func() { note(tx.Abort(ctx)) })
		}
		parts.Wait()
		require.Len(t, outcomes, 1, "round %d: %v", round, outcomes)
		if outcomes[twophase.Committed] > 0 {
			require.True(t, yes, "round %d", round)
			committed++
		} else {
			require.True(t, !yes || abort, "round %d", round)
			aborted++
		}
		require.NoError(t, tx.Forget(ctx))
	}
	require.Positive(t, committed)
	require.Positive(t, aborted)
}

// A vote whose deadline passed before the proposal was read went round without end.
func TestVoteEndsWithItsDeadline(t *testing.T) {
	w := newWorld(t)
	c := w.client()
	tx, err := twophase.Begin(testContext(t), c, path, "1", []string{"a"}, nil)
	require.NoError(t, err)
	w.Pause()
	defer w.Resume()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	vote := inBackground(func() error { return tx.Vote(ctx, "a", true) })
	closed(t, vote.done, "it returns")
	require.ErrorIs(t, vote.err, context.DeadlineExceeded)
}
