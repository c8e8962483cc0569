package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"quoll/client/wire"
	"quoll/jute"
)

// answerOrEnd bounds the wait for what a server does with an unreadable request.
const answerOrEnd = 10 * time.Second

// unreadable are bodies that are no request of any write: empty, a path that is null, longer than
// the body, or too long for any buffer, and an operation of a multi that is cut off.
func unreadable() map[string][]byte {
	all := map[string][]byte{
		"empty":         nil,
		"null path":     {0xff, 0xff, 0xff, 0xff},
		"cut path":      {0, 0, 0, 9, '/', 'x'},
		"long path":     {0x7f, 0xff, 0xff, 0xff, '/', 'x'},
		"negative path": {0x80, 0, 0, 0},
	}
	all["cut multi"] = append(jute.Append(nil, &jute.MultiHeader{Type: jute.OpCreate2, Err: -1}),
		0, 0, 0, 9, '/', 'x')
	all["multi with a null path"] = append(
		jute.Append(nil, &jute.MultiHeader{Type: jute.OpDelete, Err: -1}), 0xff, 0xff, 0xff, 0xff,
		0, 0, 0, 0)
	return all
}

// unreadableWrites sends unreadable writes of each kind through one member, and sees the ensemble
// commit behind each. A negative answer is as good as the end of the connection.
//
// Through an Apache server to an Apache leader it is not to be tried: the leader never commits
// again (see README.md).
func (s *stage) unreadableWrites(ctx context.Context, through int) error {
	for _, op := range []jute.OpCode{
		jute.OpCreate, jute.OpCreate2, jute.OpCreateContainer, jute.OpCreateTTL, jute.OpDelete,
		jute.OpSetData, jute.OpSetACL, jute.OpMulti, jute.OpSync, jute.OpReconfig,
	} {
		for name, body := range unreadable() {
			if err := s.unreadableWrite(ctx, through, op, body); err != nil {
				return fmt.Errorf("%v, %s, through member %d: %w", op, name, through, err)
			}
		}
	}
	return s.load.More(ctx, commits)
}

func (s *stage) unreadableWrite(
	ctx context.Context, through int, op jute.OpCode, body []byte,
) error {
	ctx, cancel := context.WithTimeout(ctx, answerOrEnd)
	defer cancel()
	c, err := wire.Dial(ctx, s.Member(through).Addr(), wire.Options{})
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	frame := append(jute.Append(nil, &jute.RequestHeader{Xid: 1, Type: op}), body...)
	h, _, err := c.SendFrame(frame).Wait(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("neither an answer nor the end of the connection: %w", err)
	}
	if err == nil && h.Err == jute.OK && op != jute.OpMulti && op != jute.OpSync {
		return errors.New("it was done")
	}
	return nil
}

// wedge shows what one unreadable write does to an ensemble whose leader is Apache's: nothing is
// committed any more. It returns an error if everything goes on.
func (s *stage) wedge(ctx context.Context) error {
	leader := s.Leader(ctx)
	c, err := wire.Dial(ctx, s.Member(leader).Addr(), wire.Options{})
	if err != nil {
		return err
	}
	defer c.Abort()
	follower := leader%len(s.Members) + 1
	old, err := wire.Dial(ctx, s.Member(follower).Addr(), wire.Options{PingEvery: time.Second})
	if err != nil {
		return err
	}
	defer old.Abort()
	if _, _, err := c.Create(ctx, "/before", []byte("data"), nil, 0); err != nil {
		return err
	}
	err = s.unreadableWrite(ctx, leader, jute.OpCreate, unreadable()["cut path"])
	s.say("an unreadable create through %v: %v", s.Member(leader), err)
	short, cancel := context.WithTimeout(ctx, answerOrEnd)
	defer cancel()
	_, _, err = c.Create(short, "/after", nil, nil, 0)
	s.say("a create of another client behind it: %v", err)
	for _, m := range s.Members {
		status := s.Status(ctx, m.ID)
		s.say("member %v: %s at %v", m, status.Mode, status.Zxid)
	}
	if err == nil {
		return errors.New("the write behind an unreadable one was committed")
	}
	data, _, err := old.Get(ctx, "/before", false)
	s.say("a read of an older client, through member %d: %q, %v", follower, data, err)
	short, cancel = context.WithTimeout(ctx, answerOrEnd)
	defer cancel()
	_, err = wire.Dial(short, s.Member(follower).Addr(), wire.Options{})
	s.say("a new client: %v", err)
	c.Abort()
	s.Kill(leader)
	if err := s.apart(ctx, follower, 1); err != nil {
		return err
	}
	s.say("a write after the leader was killed: committed")
	return nil
}
