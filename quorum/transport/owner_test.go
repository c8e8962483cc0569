package transport_test

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/quorum/transport"
)

// What comes later is not read into the memory of a message that was told.
func TestWhoGetsAMessageOwnsIt(t *testing.T) {
	p := newPost(t, nil)
	raw, _ := p.caller()
	var got [][]byte
	for _, text := range []string{"first", "other"} {
		_, err := raw.Write(message(text))
		require.NoError(t, err)
		got = append(got, p.next(transport.Message).Data)
	}
	require.Equal(t, [][]byte{message("first"), message("other")}, got)
}

// Whoever sends may use his bytes again at once.
func TestWhatIsSentIsCopied(t *testing.T) {
	a, b, ab, _ := pair(t, nil)
	w, err := a.tr.Writer(ab)
	require.NoError(t, err)
	data := message("first")
	a.tr.Send(ab, data, false) // it waits for the writer
	data[1] = 'F'
	w.Done()
	require.Equal(t, message("first"), b.next(transport.Message).Data)
}

// A cutter that never says how long a message is does not fill the memory.
func TestAMessageOfUnknownLengthIsBounded(t *testing.T) {
	p := newPost(t, func(c *transport.Config) {
		c.HeadBytes = 0
		c.NewCutter = func(bool) transport.Cutter { return unknowing{} }
	})
	raw, _ := p.caller()
	_, err := raw.Write(make([]byte, 201))
	require.NoError(t, err)
	require.ErrorIs(t, p.end(), transport.ErrMessage)
}

type unknowing struct{}

func (unknowing) Size([]byte) (int, error) { return 0, nil }

// A stream may be given back while more of what follows was read than its reader has seen.
func TestAStreamThatIsGivenBackEarly(t *testing.T) {
	p := newPost(t, streams)
	raw, link := p.caller()
	_, err := raw.Write(append(append(message("s"), "tree"...), message("behind")...))
	require.NoError(t, err)
	p.next(transport.Message)
	r, err := p.tr.Reader(link)
	require.NoError(t, err)
	got := make([]byte, len("tree")+2)
	_, err = io.ReadFull(r, got)
	require.NoError(t, err)
	r.Done(got[len("tree"):])
	require.Equal(t, message("behind"), p.next(transport.Message).Data)
}

// What the hook refuses takes up no place.
func TestWhoWasRefusedTakesNoPlace(t *testing.T) {
	var open atomic.Bool
	p := newPost(t, func(c *transport.Config) {
		c.MaxAccepted = 10
		c.Wrap = func(c net.Conn, _ bool) (net.Conn, error) {
			if open.Load() {
				return c, nil
			}
			return nil, errors.New("no")
		}
	})
	for range 30 {
		c, err := net.Dial("tcp", p.at.String())
		require.NoError(t, err)
		_, err = c.Read(make([]byte, 1))
		require.Error(t, err)
		c.Close()
	}
	open.Store(true)
	p.caller()
}
