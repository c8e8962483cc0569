package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"
)

// client is a connection of the library, with its events and a hand on its socket.
type client struct {
	*zk.Conn
	events <-chan zk.Event

	mu     sync.Mutex
	socket *recorder
}

// recorder keeps the first bytes that the server sent: the connect response.
type recorder struct {
	net.Conn
	head []byte
}

// headLength covers frame length, version, timeout, session id, and the password with its length.
const headLength = 4 + 4 + 4 + 8 + 4 + 16

func (r *recorder) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	if missing := headLength - len(r.head); missing > 0 {
		r.head = append(r.head, p[:min(n, missing)]...)
	}
	return n, err
}

func (c *client) dial(network, address string, timeout time.Duration) (net.Conn, error) {
	conn, err := net.DialTimeout(network, address, timeout)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.socket = &recorder{Conn: conn}
	return c.socket, nil
}

// cut closes the socket under the library, which connects again.
func (c *client) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.socket.Conn.Close()
}

// await skips session events until the state is reached.
func (c *client) await(state zk.State) error {
	deadline := time.After(patience)
	for {
		select {
		case event := <-c.events:
			if event.Type == zk.EventSession && event.State == state {
				return nil
			}
		case <-deadline:
			return fmt.Errorf("state %v not reached, but %v", state, c.State())
		}
	}
}

// usurp attaches to the session over connections of its own and closes it, in one write each.
// The library may be back before the second frame is read, and take the session along: the
// server has closed it when it has answered both, or refuses it with a timeout of 0.
func (c *client) usurp() error {
	for {
		answer, err := c.attachAndClose()
		if err != nil || len(answer) >= 41+20 ||
			len(answer) >= 41 && binary.BigEndian.Uint32(answer[8:]) == 0 {
			return err
		}
	}
}

func (c *client) attachAndClose() (answer []byte, err error) {
	c.mu.Lock()
	id, password := c.socket.head[12:20], c.socket.head[24:40]
	conn, err := net.Dial("tcp", c.socket.RemoteAddr().String())
	c.mu.Unlock()
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	frames := binary.BigEndian.AppendUint32(nil, 45)
	frames = append(frames, make([]byte, 4+8)...) // version, last zxid seen
	frames = binary.BigEndian.AppendUint32(frames, 10_000)
	frames = append(frames, id...)
	frames = binary.BigEndian.AppendUint32(frames, 16)
	frames = append(append(frames, password...), 0)
	frames = append(frames, 0, 0, 0, 8, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xf5) // closeSession
	if _, err := conn.Write(frames); err != nil {
		return nil, err
	}
	// However the connection ends, the answer tells what came of it.
	answer, _ = io.ReadAll(conn)
	return answer, nil
}
