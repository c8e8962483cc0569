package client_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/jute"
)

// countdown is a mechanism in which the client says what it was told, until it was told "last".
type countdown struct{ started chan string }

func (m countdown) Start(server string) (
	func([]byte) ([]byte, bool, error), error,
) {
	m.started <- server
	return func(challenge []byte) ([]byte, bool, error) {
		if string(challenge) == "broken" {
			return nil, false, errors.New("a challenge that makes no sense")
		}
		if string(challenge) == "last" {
			return nil, true, nil
		}
		return challenge, false, nil
	}, nil
}

// saslServer says its words, one after the other, and demands that each is repeated.
func saslServer(t *testing.T, words func(n int) []string, code jute.ErrorCode) *fake {
	return startFake(t, &fake{script: func(p *peer, n int) {
		said := ""
		for _, word := range words(n) {
			h, body, err := p.next()
			var token jute.SASLToken
			if _, failed := jute.Decode(body, &token); err != nil || failed != nil ||
				h.Type != jute.OpSASL || string(token.Token) != said {
				return
			}
			p.send(&jute.ReplyHeader{Xid: h.Xid, Err: code}, &jute.SASLToken{Token: []byte(word)})
			said = word
		}
		p.well()
	}})
}

// The exchange goes before every request, on each connection.
func TestSASL(t *testing.T) {
	f := saslServer(t, func(n int) []string {
		if n == 1 {
			return []string{"one", "broken"}
		}
		return []string{"one", "two", "last"}
	}, jute.OK)
	m := countdown{make(chan string, 10)}
	c, err := client.New(f.addr, client.WithSASL(m),
		client.WithBackoff(time.Millisecond, time.Millisecond))
	require.NoError(t, err)
	defer c.Close()
	data, _, err := c.Get(testContext(t), "/")
	require.NoError(t, err)
	require.Equal(t, "well", string(data))
	require.Equal(t, f.addr, <-m.started)
	require.Equal(t, int32(2), f.conns.Load(), "a failed exchange is another dial")
}

func TestSASLRefused(t *testing.T) {
	f := saslServer(t, func(int) []string { return []string{"no"} }, jute.AuthFailed)
	c, err := client.New(f.addr, client.WithSASL(countdown{make(chan string, 10)}))
	require.NoError(t, err)
	_, _, err = c.Get(testContext(t), "/")
	require.ErrorIs(t, err, client.ErrAuthFailed)
	now, _ := c.Status()
	require.Equal(t, client.AuthFailed, now.State)
	require.NoError(t, c.Close())
}
