package transport_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/quorum/transport"
)

// streamCutter: a stream follows a message of the single byte 's'.
type streamCutter struct{ stream bool }

func (c *streamCutter) Size(head []byte) (int, error) {
	c.stream = len(head) > 1 && head[0] == 1 && head[1] == 's'
	if len(head) == 1 && head[0] == 1 {
		return 0, nil
	}
	return cutter{}.Size(head)
}

func (c *streamCutter) Streams() bool { return c.stream }

func streams(c *transport.Config) {
	c.NewCutter = func(bool) transport.Cutter { return &streamCutter{} }
	c.HeadBytes = 2
}

// TestAStreamAmongMessages: what was read ahead belongs to the stream, and what the stream's reader
// took too much to the messages behind it, also when these announce another stream.
func TestAStreamAmongMessages(t *testing.T) {
	p := newPost(t, streams)
	raw, link := p.caller()
	stream := bytes.Repeat([]byte("\xff tree "), 1000)
	var sent []byte
	sent = append(append(sent, message("before")...), message("s")...)
	sent = append(append(sent, stream...), message("between")...)
	sent = append(append(sent, message("s")...), stream...)
	sent = append(sent, message("behind")...)
	_, err := p.tr.Reader(link)
	require.ErrorIs(t, err, transport.ErrNoStream, "nothing was sent yet")
	go func() {
		_, _ = raw.Write(sent)
	}()
	require.Equal(t, message("before"), p.next(transport.Message).Data)
	for _, next := range []string{"between", "behind"} {
		require.Equal(t, message("s"), p.next(transport.Message).Data)
		r, err := p.tr.Reader(link)
		require.NoError(t, err)
		_, err = p.tr.Reader(link)
		require.ErrorIs(t, err, transport.ErrNoStream, "there is one")
		got := make([]byte, len(stream)+2)
		_, err = io.ReadFull(r, got)
		require.NoError(t, err)
		require.Equal(t, stream, got[:len(stream)])
		require.Empty(t, p.events)
		r.Done(got[len(stream):])
		require.Equal(t, message(next), p.next(transport.Message).Data)
	}
	_, err = p.tr.Reader(transport.Link(99))
	require.ErrorIs(t, err, transport.ErrNoStream)
}

func TestAnEmptyStream(t *testing.T) {
	p := newPost(t, streams)
	raw, link := p.caller()
	_, err := raw.Write(append(message("s"), message("behind")...))
	require.NoError(t, err)
	p.next(transport.Message)
	r, err := p.tr.Reader(link)
	require.NoError(t, err)
	r.Done(nil)
	require.Equal(t, message("behind"), p.next(transport.Message).Data)
}

func TestAStreamThatStandsStillFails(t *testing.T) {
	p := newPost(t, func(c *transport.Config) {
		streams(c)
		c.StreamWithin = 50 * time.Millisecond
	})
	raw, link := p.caller()
	_, err := raw.Write(append(message("s"), 'x'))
	require.NoError(t, err)
	p.next(transport.Message)
	r, err := p.tr.Reader(link)
	require.NoError(t, err)
	_, err = io.ReadFull(r, make([]byte, 2))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	r.Fail(err)
	require.ErrorIs(t, p.end(), os.ErrDeadlineExceeded)
}

// TestTheDeadlineOfAStream is renewed by each byte, and is not that of the messages behind it.
func TestTheDeadlineOfAStream(t *testing.T) {
	p := newPost(t, func(c *transport.Config) {
		streams(c)
		c.StreamWithin = 300 * time.Millisecond
	})
	raw, link := p.caller()
	_, err := raw.Write(message("s"))
	require.NoError(t, err)
	p.next(transport.Message)
	r, err := p.tr.Reader(link)
	require.NoError(t, err)
	for range 4 {
		p.silence(100 * time.Millisecond)
		_, err = raw.Write([]byte{'x'})
		require.NoError(t, err)
		_, err = r.Read(make([]byte, 1))
		require.NoError(t, err)
	}
	r.Done(nil)
	p.silence(400 * time.Millisecond)
	_, err = raw.Write(message("late"))
	require.NoError(t, err)
	require.Equal(t, message("late"), p.next(transport.Message).Data)
}

// silence: nothing is told for a while.
func (p *post) silence(d time.Duration) {
	p.t.Helper()
	select {
	case ev := <-p.events:
		p.t.Fatalf("%+v", ev)
	case <-time.After(d):
	}
}

// TestAStreamEndsWithItsConnection, whoever ends that, and whether the stream was taken or not.
func TestAStreamEndsWithItsConnection(t *testing.T) {
	p := newPost(t, streams)
	for _, end := range []func(transport.Link){p.tr.Close, p.tr.Finish} {
		for _, taken := range []bool{false, true} {
			raw, link := p.caller()
			_, err := raw.Write(message("s"))
			require.NoError(t, err)
			p.next(transport.Message)
			failed := make(chan error, 1)
			if taken {
				r, err := p.tr.Reader(link)
				require.NoError(t, err)
				go func() {
					_, err := r.Read(make([]byte, 1))
					failed <- err
					r.Done(nil)
				}()
			}
			end(link)
			require.NoError(t, p.end())
			if taken {
				require.Error(t, <-failed)
			}
			_, err = p.tr.Reader(link)
			require.ErrorIs(t, err, transport.ErrNoStream)
		}
	}
}

// TestAWriterHasItsTurn: behind everything sent before, in front of everything sent after.
func TestAWriterHasItsTurn(t *testing.T) {
	a := newPost(t, nil)
	raw, link := a.caller()
	a.tr.Give(link, message("before"))
	w, err := a.tr.Writer(link)
	require.NoError(t, err)
	_, err = a.tr.Writer(link)
	require.ErrorIs(t, err, transport.ErrNoStream, "there is one")
	a.tr.Give(link, message("behind"))
	stream := bytes.Repeat([]byte("tree"), 1<<18)
	go func() {
		for at := 0; at < len(stream); at += 1 << 19 {
			n, err := w.Write(stream[at:min(len(stream), at+1<<19)])
			if err != nil || n == 0 {
				w.Fail(err)
				return
			}
		}
		w.Done()
	}()
	want := append(append(message("before"), stream...), message("behind")...)
	got := make([]byte, len(want))
	_, err = io.ReadFull(raw, got)
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, got))
	for left := len(want); left > 0; {
		left -= a.next(transport.Wrote).Bytes
		require.GreaterOrEqual(t, left, 0)
	}
	w, err = a.tr.Writer(link)
	require.NoError(t, err)
	w.Done()
	_, err = a.tr.Writer(transport.Link(99))
	require.ErrorIs(t, err, transport.ErrNoStream)
}

func TestAWriterWhomNobodyReads(t *testing.T) {
	p := newPost(t, func(c *transport.Config) { c.StreamWithin = 50 * time.Millisecond })
	_, link := p.caller()
	w, err := p.tr.Writer(link)
	require.NoError(t, err)
	n, err := w.Write(make([]byte, 64<<20))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.Less(t, n, 64<<20)
	w.Done()
	require.ErrorIs(t, p.end(), os.ErrDeadlineExceeded)
}

// TestATornStreamIsTheEnd: nothing behind it could be understood.
func TestATornStreamIsTheEnd(t *testing.T) {
	p := newPost(t, nil)
	torn := errors.New("torn")
	for _, end := range []func(*transport.Writer, transport.Link){
		func(w *transport.Writer, _ transport.Link) { w.Fail(torn) },
		func(_ *transport.Writer, link transport.Link) { p.tr.Finish(link) },
		func(_ *transport.Writer, link transport.Link) { p.tr.Close(link) },
	} {
		raw, link := p.caller()
		w, err := p.tr.Writer(link)
		require.NoError(t, err)
		_, err = w.Write([]byte("half"))
		require.NoError(t, err)
		p.tr.Give(link, message("behind"))
		end(w, link)
		if err := p.end(); err != nil {
			require.ErrorIs(t, err, torn)
		}
		_, err = w.Write([]byte("more"))
		require.Error(t, err)
		got, _ := io.ReadAll(raw)
		require.Equal(t, "half", string(got))
	}
}

// TestStopEndsStreams: both a reader and a writer that are in use.
func TestStopEndsStreams(t *testing.T) {
	p := newPost(t, streams)
	raw, link := p.caller()
	_, err := raw.Write(message("s"))
	require.NoError(t, err)
	p.next(transport.Message)
	r, err := p.tr.Reader(link)
	require.NoError(t, err)
	w, err := p.tr.Writer(link)
	require.NoError(t, err)
	failed := make(chan error, 2)
	go func() {
		_, err := r.Read(make([]byte, 1))
		failed <- err
	}()
	go func() {
		_, err := w.Write(make([]byte, 64<<20))
		failed <- err
	}()
	p.tr.Stop()
	require.ErrorIs(t, p.end(), transport.ErrStopped)
	require.Error(t, <-failed)
	require.Error(t, <-failed)
}
