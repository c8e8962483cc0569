package link

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"quoll/client/internal/calls"
	"quoll/client/wire"
	"quoll/jute"
)

// Mechanism begins a SASL exchange with a server. See client.Mechanism.
type Mechanism interface {
	Start(server string) (func(challenge []byte) (response []byte, done bool, err error), error)
}

// authenticate runs the exchange of a mechanism, before anything else is sent on the connection:
// nothing but its answers can come.
func (l *Link) authenticate(ctx context.Context, m Mechanism) error {
	stop := context.AfterFunc(ctx, func() { _ = l.pipe.SetDeadline(time.Unix(1, 0)) })
	err := l.exchange(m)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	return err
}

func (l *Link) exchange(m Mechanism) error {
	step, err := m.Start(l.server)
	if err != nil {
		return fmt.Errorf("sasl: %w", err)
	}
	for challenge := []byte(nil); ; {
		response, done, err := step(challenge)
		if err != nil {
			return fmt.Errorf("sasl: %w", err)
		}
		if done && response == nil {
			return nil
		}
		challenge, err = l.challenge(response)
		if done || err != nil {
			return err
		}
	}
}

// challenge sends a response and returns what the server says to it.
func (l *Link) challenge(response []byte) ([]byte, error) {
	if response == nil {
		response = []byte{}
	}
	xid := l.pipe.Push(wire.NewFrame(jute.OpSASL, &jute.SASLToken{Token: response}))
	if err := l.pipe.Flush(); err != nil {
		return nil, err
	}
	r, err := l.pipe.Next()
	if err != nil {
		return nil, err
	}
	if r.Header.Xid != xid {
		return nil, fmt.Errorf("%w: xid %d in a SASL exchange", calls.ErrXid, r.Header.Xid)
	}
	if err := refusal(r.Header); err != nil {
		return nil, err
	}
	var token jute.SASLToken
	if _, err := jute.Decode(r.Body, &token); err != nil {
		return nil, fmt.Errorf("%w: SASL token: %w", wire.ErrFrame, err)
	}
	return bytes.Clone(token.Token), nil
}
