package keeper

import (
	"errors"
	"fmt"
	"time"

	"quoll/client/internal/calls"
	"quoll/client/internal/link"
	"quoll/client/internal/machine"
	"quoll/client/wire"
)

// Parting is how the session ended when the client was closed.
type Parting uint8

// The partings.
const (
	// Ended: the server has answered closeSession, or there was no session.
	Ended Parting = iota
	// Unanswered: closeSession was sent. The session may live on until its timeout.
	Unanswered
	// NotSent: there was no connection. The session lives on until its timeout.
	NotSent
)

// partingPatience is how long closeSession may wait for its answer.
const partingPatience = 1500 * time.Millisecond

// onGone is called when the connection has ended.
func (k *Keeper) onGone() {
	l := k.present.link
	err := l.Err()
	if k.present.gaveUp != nil {
		err = k.present.gaveUp
	}
	event := machine.Broken
	if errors.Is(err, link.ErrAuthRefused) {
		event = machine.AuthRefused
	}
	nonsense := errors.Is(err, calls.ErrXid) || errors.Is(err, wire.ErrFrame)
	if nonsense {
		err = k.config.Errors.Protocol(err)
	}
	err = fmt.Errorf("connection to %s: %w", l.Server(), err)
	// A read that makes the server hang up is sent again and again. Without a pause that would be
	// all that client and server do.
	steady := l.Proven() && k.Clock.Mono()-l.Opened() >= k.config.Steady && !nonsense
	pause := time.Duration(0)
	if steady {
		k.Rounds.Succeeded()
	} else {
		pause = k.advance()
	}
	if k.handle(event, err) == machine.Dial {
		k.retry.Reset(pause)
	}
}

// handle carries out what follows from an event, and returns what has to be done next about a
// connection. why is told by the status and the log.
func (k *Keeper) handle(e machine.Event, why error) machine.Step {
	v := k.machine.Handle(e)
	k.tenure(v)
	if v.Then == machine.Stay {
		return v.Then
	}
	k.hangUp()
	cause := k.config.Errors.Cause(v.Cause)
	if k.machine.Final() {
		k.Queue.Refuse(cause)
	}
	k.publish(why)
	k.settle(v, cause)
	switch v.Watches {
	case machine.Renewed:
		k.Watches.EndOneShots(cause)
	case machine.Ended:
		k.Watches.EndAll(cause)
	}
	if v.Cause == machine.Expiry {
		k.present.own, k.present.foreign = Identity{}, false
	}
	if v.State == machine.Expired && v.Then == machine.Dial {
		k.machine.Renew()
		k.publish(why)
	}
	return v.Then
}

// settle carries out what becomes of the calls.
func (k *Keeper) settle(v machine.Verdict, cause error) {
	k.Queue.Settle(calls.Fates{
		Unsent: v.Unsent, Reads: v.Reads, Writes: v.Writes,
		Err: cause, Unknown: k.config.Errors.Unknown(cause),
	})
}

// tenure carries out what becomes of the lease.
func (k *Keeper) tenure(v machine.Verdict) {
	s := k.present.session
	if s == nil {
		return
	}
	switch v.Lease {
	case machine.Lapses:
		s.markLapsed()
	case machine.Ends:
		k.lease.End()
		s.markEnded(k.config.Errors.Cause(v.Cause))
	}
}

// hangUp ends the connection, if there is one.
func (k *Keeper) hangUp() {
	k.helpers.unseek()
	l := k.present.link
	if l == nil {
		return
	}
	l.Abort()
	<-l.Gone()
	k.present.zxid = max(k.present.zxid, l.LastZxid())
	k.present.link, k.present.gaveUp = nil, nil
	if k.present.foreign {
		k.present.own = Identity{}
	}
}

// giveUp breaks the connection. The end is noticed as any other.
func (k *Keeper) giveUp(why error) {
	if k.present.gaveUp == nil {
		k.present.gaveUp = why
	}
	k.present.link.Abort()
}

// end closes the client: Lapsed first, then everything that waits, then the session.
func (k *Keeper) end() {
	cause := k.config.Errors.Cause(machine.Closure)
	alive := k.present.session != nil && k.present.session.Err() == nil
	v := k.machine.Handle(machine.CloseAsked)
	k.tenure(v)
	k.Queue.Refuse(cause)
	if v.Then == machine.EndSession {
		k.present.link.EndSession()
	}
	k.settle(v, cause)
	k.Watches.EndAll(cause)
	k.helpers.cancel()
	switch {
	case v.Then == machine.EndSession:
		k.parting = k.farewell()
	case alive:
		k.parting = NotSent
	}
	k.hangUp()
	k.publish(cause)
	k.over = true
}

// farewell waits for the answer to closeSession.
func (k *Keeper) farewell() Parting {
	timer := time.NewTimer(partingPatience)
	defer timer.Stop()
	select {
	case <-k.present.link.Gone():
		if k.present.link.Err() == nil {
			return Ended
		}
	case <-timer.C:
	}
	return Unanswered
}
