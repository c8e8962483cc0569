package twophase

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// Outcome is how a transaction ends.
type Outcome uint8

// The outcomes.
const (
	Undecided Outcome = iota
	Committed
	Aborted
)

// outcomeWords are what the node of the decision says.
//
// read-only: a table of words.
var outcomeWords = [...]string{"undecided", "commit", "abort"}

func (o Outcome) String() string { return outcomeWords[o] }

func (t *Tx) decisionPath() string { return hold.Join(t.path, "decision") }

// Decide waits for the votes and decides: to commit if all participants have said yes, to abort as
// soon as one has said no. If somebody has decided already, it returns that. If ctx ends before all
// have voted, nothing is decided: call Abort, or Decide again. It goes on over lost connections and
// sessions; a lost answer is settled.
func (t *Tx) Decide(ctx context.Context) (Outcome, error) {
	for {
		o, err := t.tryDecide(ctx)
		if o != Undecided {
			return o, nil
		}
		if err != nil {
			if err = hold.Again(ctx, t.c, err); err != nil {
				return Undecided, hold.Wrap("decide", t.path, err)
			}
		}
	}
}

// tryDecide decides, or waits for one vote.
func (t *Tx) tryDecide(ctx context.Context) (Outcome, error) {
	if o, err := t.decided(ctx); o != Undecided || err != nil {
		return o, err
	}
	p, err := t.proposal(ctx)
	if err != nil {
		return Undecided, err
	}
	_, _, changed, err := t.c.ChildrenW(ctx, t.path)
	if err != nil {
		return Undecided, err
	}
	defer changed.Close()
	missing := false
	for _, name := range p.Participants {
		vote, _, err := t.c.Get(ctx, t.votePath(name))
		switch {
		case errors.Is(err, client.ErrNoNode):
			missing = true
		case err != nil:
			return Undecided, err
		case string(vote) == noWord:
			return t.write(ctx, Aborted, nil)
		case string(vote) != yesWord:
			return Undecided, fmt.Errorf("%w: %.40q is no vote", hold.ErrLayout, vote)
		}
	}
	if !missing {
		return t.write(ctx, Committed, p.Participants)
	}
	if _, err = changed.Next(ctx); err == io.EOF {
		err = nil
	}
	return Undecided, err
}

// write writes a decision, if there is none. The votes must be there.
func (t *Tx) write(ctx context.Context, o Outcome, votes []string) (Outcome, error) {
	var ops []client.Op
	for _, name := range votes {
		ops = append(ops, client.OpCheck(t.votePath(name), client.AnyVersion))
	}
	ops = append(ops, client.OpCreate(t.decisionPath(), []byte(o.String())))
	_, err := t.c.Multi(ctx, ops...)
	if errors.Is(err, client.ErrNodeExists) {
		return t.decided(ctx) // perhaps by this call, before an answer got lost
	}
	if err != nil {
		return Undecided, err
	}
	return o, nil
}

// decided reads the decision.
func (t *Tx) decided(ctx context.Context) (Outcome, error) {
	data, _, err := t.c.Get(ctx, t.decisionPath())
	if errors.Is(err, client.ErrNoNode) {
		return Undecided, nil
	}
	if err != nil {
		return Undecided, err
	}
	for _, o := range []Outcome{Committed, Aborted} {
		if string(data) == o.String() {
			return o, nil
		}
	}
	return Undecided, fmt.Errorf("%w: %.40q is no decision", hold.ErrLayout, data)
}

// Abort decides to abort, without waiting for votes. If somebody has decided already, it returns
// that: also a commit.
func (t *Tx) Abort(ctx context.Context) (Outcome, error) {
	for {
		o, err := t.write(ctx, Aborted, nil)
		if o != Undecided {
			return o, nil
		}
		if err = hold.Again(ctx, t.c, err); err != nil {
			return Undecided, hold.Wrap("abort", t.path, err)
		}
	}
}

// Outcome waits for the decision. That may take for ever. It goes on over lost connections and
// sessions. If there is no such transaction, or it is forgotten meanwhile, the error is
// client.ErrNoNode.
func (t *Tx) Outcome(ctx context.Context) (Outcome, error) {
	for {
		o, err := t.awaitOnce(ctx)
		if o != Undecided {
			return o, nil
		}
		if err != nil {
			if err = hold.Again(ctx, t.c, err); err != nil {
				return Undecided, hold.Wrap("outcome of", t.path, err)
			}
		}
	}
}

// awaitOnce reads the decision, and if there is none waits for it.
func (t *Tx) awaitOnce(ctx context.Context) (Outcome, error) {
	_, there, made, err := t.c.ExistsW(ctx, t.decisionPath())
	if err != nil {
		return Undecided, err
	}
	defer made.Close()
	if there {
		return t.decided(ctx)
	}
	if _, err := t.proposal(ctx); err != nil {
		return Undecided, err
	}
	_, err = made.Next(ctx)
	return Undecided, err
}

// Forget removes a transaction that is decided, and all that is known of it, at one moment: when
// every participant has heard of the outcome, which is for the caller to know. One that is not
// decided is client.ErrNotEmpty.
func (t *Tx) Forget(ctx context.Context) error {
	for {
		err := t.forget(ctx)
		if err == nil || errors.Is(err, client.ErrNoNode) {
			return nil
		}
		if err = hold.Again(ctx, t.c, err); err != nil {
			return hold.Wrap("forget", t.path, err)
		}
	}
}

func (t *Tx) forget(ctx context.Context) error {
	names, _, err := t.c.Children(ctx, t.path)
	if err != nil {
		return err
	}
	if !slices.Contains(names, hold.Name(t.decisionPath())) {
		return fmt.Errorf("%w: it is not decided", client.ErrNotEmpty)
	}
	var ops []client.Op
	for _, name := range names {
		ops = append(ops, client.OpDelete(hold.Join(t.path, name), client.AnyVersion))
	}
	_, err = t.c.Multi(ctx, append(ops, client.OpDelete(t.path, client.AnyVersion))...)
	return err
}
