package reactor

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"testing"
	"time"

	"quoll/reactor/socket"
)

// TestWrappedConnection: Std asks nothing of a connection but net.Conn, so that TLS is a matter of
// wrapping it. Neither its reads nor its writes may go around the wrapper.
func TestWrappedConnection(t *testing.T) {
	s := start(t, &server{cfg: Config{Transport: Std}, open: echo})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	noError(t, err)
	config := &tls.Config{Certificates: []tls.Certificate{selfSigned(t)}}
	noError(t, s.handle.r.door.Open(tls.NewListener(ln, config)))
	nc, err := tls.Dial("tcp", ln.Addr().String(), &tls.Config{InsecureSkipVerify: true})
	noError(t, err)
	defer nc.Close()
	noError(t, nc.SetDeadline(time.Now().Add(patience)))
	for _, size := range []int{0, 5, idleReadBytes - 4, 20_000, 700_000, 3} {
		sent := bytes.Repeat([]byte{byte(size)}, size)
		done := sendAll(nc, frameOf(sent))
		holds(t, bytes.Equal(sent, readFrame(t, nc)), "echo of %d bytes", size)
		noError(t, receive(t, done, "the sender"))
	}
	noError(t, nc.CloseWrite())
	_, err = io.Copy(io.Discard, nc)
	noError(t, err)
	eventually(t, "the close", func() bool { return s.stats.Closed[ClosedByPeer].Load() == 1 })
}

// TestMoreSpeakersThanChunks: clients that speak at once while the loop is busy share a bounded
// memory, also when some of them are gone before the loop hears them, and all are served. Then all
// of that memory is free for the next that speak at once.
func TestMoreSpeakersThanChunks(t *testing.T) {
	const clients = 3 * socket.ChunksMax
	s := start(t, &server{cfg: Config{Transport: Std}, open: echo})
	var all []*net.TCPConn
	for range clients {
		all = append(all, s.dial())
	}
	eventually(t, "open", func() bool { return s.stats.Open.Load() == clients })
	for range 2 {
		thaw := s.freeze()
		var stay []*net.TCPConn
		for i, nc := range all {
			_, err := nc.Write(frameOf([]byte("hello")))
			noError(t, err)
			if len(all) == clients && i%3 == 0 {
				noError(t, nc.SetLinger(0))
				noError(t, nc.Close())
				continue
			}
			stay = append(stay, nc)
		}
		eventually(t, "every chunk in use", func() bool { return s.unheard() == socket.ChunksMax })
		thaw()
		for _, nc := range stay {
			equal(t, "hello", string(readFrame(t, nc)), "echo")
		}
		all = stay
	}
}

// unheard is how many reads wait for loop 0, each with a chunk.
func (s *server) unheard() (reads int) {
	sl := s.handle.r.transport.(*stdTransport).loops[0]
	sl.mu.Lock()
	defer sl.mu.Unlock()
	for _, ev := range sl.events {
		if len(ev.data) > 0 {
			reads++
		}
	}
	return reads
}

func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	noError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	noError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}
}

// TestStdFinBehindOutput: what the kernel has not taken when the client's FIN comes still leaves, the
// connection counts until then, and it was the client that closed.
func TestStdFinBehindOutput(t *testing.T) {
	const size = 8 << 20
	s := start(t, &server{cfg: Config{Transport: Std, OutputHighWater: 2 * size},
		open: func(c *Conn) Stream {
			return &stream{input: func(in []byte) int {
				c.Write(make([]byte, size))
				return len(in)
			}}
		}})
	nc := s.dial()
	_, err := nc.Write([]byte("all"))
	noError(t, err)
	noError(t, nc.CloseWrite())
	eventually(t, "output pending", func() bool { return s.stats.PendingBytes.Load() > 0 })
	equal(t, 1, s.stats.Open.Load(), "open")
	n, err := io.Copy(io.Discard, nc)
	noError(t, err)
	equal(t, size, n, "bytes that arrived")
	eventually(t, "the close", func() bool { return s.stats.Closed[ClosedByPeer].Load() == 1 })
}
