package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"quoll/client"
	"quoll/client/recipes/discovery"
	"quoll/client/recipes/group"
)

// comeAndGo joins and leaves as long as their side is there; each must see the other. join returns
// how to leave.
func (c *contest) comeAndGo(
	ctx context.Context, zk *client.Client,
	join func(context.Context, *client.Client) (leave func(context.Context) error, err error),
) error {
	for {
		err := c.visit(ctx, zk, join)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		c.turn(0)
	}
}

func (c *contest) visit(
	ctx context.Context, zk *client.Client,
	join func(context.Context, *client.Client) (leave func(context.Context) error, err error),
) error {
	leave, err := join(ctx, zk)
	if err != nil {
		return err
	}
	seen := c.seen(ctx, true)
	if err := errors.Join(seen, leave(context.WithoutCancel(ctx))); err != nil {
		return err
	}
	return c.seen(ctx, false)
}

// member joins the group. Their member, which has seen us by the next step, is there already or
// comes soon.
func (c *contest) member(
	ctx context.Context, zk *client.Client,
) (leave func(context.Context) error, err error) {
	m, err := group.Join(ctx, zk, path, "go", []byte("here"))
	if err != nil {
		return nil, err
	}
	for view, err := range group.Watch(ctx, zk, path) {
		if err != nil {
			return nil, errors.Join(err, m.Leave(context.WithoutCancel(ctx)))
		}
		if len(view.Members) == 2 {
			break
		}
	}
	return m.Leave, nil
}

// instance registers an instance, and looks for theirs.
func (c *contest) instance(
	ctx context.Context, zk *client.Client,
) (leave func(context.Context) error, err error) {
	r, err := discovery.Register(ctx, zk, path, discovery.Instance[string]{
		Name: "service", ID: "go", Address: "10.0.0.2", Port: 2, Payload: "here",
	})
	if err != nil {
		return nil, err
	}
	s, err := discovery.Open[string](ctx, zk, path, "service")
	if err != nil {
		return nil, errors.Join(err, r.Close(context.WithoutCancel(ctx)))
	}
	defer s.Close()
	for view, err := range s.Watch(ctx) {
		if err != nil {
			return nil, errors.Join(err, r.Close(context.WithoutCancel(ctx)))
		}
		if len(view.Instances) < 2 {
			continue
		}
		for _, in := range view.Instances {
			if in.Payload != "here" || in.Port == 0 {
				c.violation(fmt.Sprintf("not as it was registered: %+v", in))
			}
		}
		break
	}
	return r.Close, nil
}

// seen waits until their side sees us, or does not.
func (c *contest) seen(ctx context.Context, there bool) error {
	for {
		select {
		case who := <-c.said:
			if there && who == "go,theirs" || !there && !strings.Contains(who, "go") {
				return nil
			}
		case <-ctx.Done():
			return fmt.Errorf("they never see that we are there: %v: %w", there, ctx.Err())
		}
	}
}
