package twophase

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// Tx is a transaction. Any number of processes may have it open, and any number of goroutines may
// use it.
type Tx struct {
	c    *client.Client
	path string // of the transaction's node
}

// Proposal is what the participants vote on.
type Proposal struct {
	Participants []string `json:"participants"` // sorted
	Data         []byte   `json:"data"`
}

// Open is a transaction that somebody has begun.
func Open(c *client.Client, path, id string) *Tx {
	return &Tx{c, hold.Join(path, id)}
}

// Begin makes a transaction. If there is one with this id and the same proposal, it is that one: a
// coordinator that was started again goes on with it. With another proposal the error is
// client.ErrNodeExists. The names of participants are names of nodes.
func Begin(
	ctx context.Context, c *client.Client, path, id string, participants []string, data []byte,
) (*Tx, error) {
	t := Open(c, path, id)
	err := t.begin(ctx, path, id, participants, data)
	if err != nil {
		return nil, hold.Wrap("begin", t.path, err)
	}
	return t, nil
}

func (t *Tx) begin(
	ctx context.Context, dir, id string, participants []string, data []byte,
) error {
	p := Proposal{slices.Clone(participants), data}
	slices.Sort(p.Participants)
	for i, name := range append([]string{id}, p.Participants...) {
		if name == "" || strings.Contains(name, "/") || i > 1 && name == p.Participants[i-2] {
			return fmt.Errorf("%w: %q is not a name of a node, or is there twice",
				client.ErrBadArguments, name)
		}
	}
	if len(p.Participants) == 0 {
		return fmt.Errorf("%w: no participants", client.ErrBadArguments)
	}
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return t.once(ctx, t.path, text, func() error {
		return hold.Ensure(ctx, t.c, dir, client.World())
	})
}

// once makes a node that never changes. If it is there already with the same data, that is as good;
// missing is called if its parent is not there.
func (t *Tx) once(ctx context.Context, path string, data []byte, missing func() error) error {
	for {
		_, _, err := t.c.Create(ctx, path, data)
		switch {
		case errors.Is(err, client.ErrNoNode):
			err = missing()
		case errors.Is(err, client.ErrNodeExists):
			return t.same(ctx, path, data, err)
		case err == nil:
			return nil
		default:
			err = hold.Again(ctx, t.c, err)
		}
		if err != nil {
			return err
		}
	}
}

// same is nil if a node has the data, and otherwise exists.
func (t *Tx) same(ctx context.Context, path string, data []byte, exists error) error {
	for {
		got, _, err := t.c.Get(ctx, path)
		switch {
		case err == nil && string(got) == string(data):
			return nil
		case err == nil:
			return fmt.Errorf("%w: it says %.40q", exists, got)
		}
		if err = hold.Again(ctx, t.c, err); err != nil {
			return err
		}
	}
}

// Proposal returns what is voted on.
func (t *Tx) Proposal(ctx context.Context) (Proposal, error) {
	p, err := t.proposal(ctx)
	return p, hold.Wrap("proposal", t.path, err)
}

func (t *Tx) proposal(ctx context.Context) (Proposal, error) {
	data, _, err := t.c.Get(ctx, t.path)
	var p Proposal
	if err == nil {
		if err = json.Unmarshal(data, &p); err != nil || len(p.Participants) == 0 {
			err = fmt.Errorf("%w: %.40q is no transaction", hold.ErrLayout, data)
		}
	}
	return p, err
}

const (
	yesWord = "yes"
	noWord  = "no"
)

func (t *Tx) votePath(participant string) string {
	return hold.Join(t.path, "vote-"+participant)
}

// Vote says whether a participant can do it. After a yes it must be able to, whatever happens, and
// to undo it too, until it knows the outcome. A vote is final: the same one again does nothing,
// another one is client.ErrNodeExists. A lost answer is settled.
func (t *Tx) Vote(ctx context.Context, participant string, yes bool) error {
	return hold.Wrap("vote", t.votePath(participant), t.vote(ctx, participant, yes))
}

func (t *Tx) vote(ctx context.Context, participant string, yes bool) error {
	p, err := t.proposal(ctx)
	for err != nil {
		if err = hold.Again(ctx, t.c, err); err != nil {
			return err
		}
		p, err = t.proposal(ctx)
	}
	if !slices.Contains(p.Participants, participant) {
		return fmt.Errorf("%w: no participant of it", client.ErrBadArguments)
	}
	word := noWord
	if yes {
		word = yesWord
	}
	return t.once(ctx, t.votePath(participant), []byte(word), func() error {
		return fmt.Errorf("%w: the transaction was forgotten", client.ErrNoNode)
	})
}
