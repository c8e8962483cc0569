package client_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/jute"
)

// names is a name server, which knows one SRV record and one host.
type names struct {
	srv  string
	port uint16
	asks chan string
}

// resolver asks the name server, over a connection of its own each time.
func (n *names) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go n.serve(far)
		return near, nil
	}}
}

// serve answers as over TCP: a pipe is no packet connection.
func (n *names) serve(nc net.Conn) {
	defer nc.Close()
	for {
		var length [2]byte
		if _, err := io.ReadFull(nc, length[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(nc, query); err != nil {
			return
		}
		answer := n.answer(query)
		_, _ = nc.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
	}
}

const (
	typeA   = 1
	typeSRV = 33
)

func (n *names) answer(query []byte) []byte {
	name, end := "", 12
	for query[end] != 0 {
		size := int(query[end])
		name += string(query[end+1:end+1+size]) + "."
		end += 1 + size
	}
	question := query[12 : end+5]
	kind := binary.BigEndian.Uint16(query[end+1:])
	select {
	case n.asks <- name:
	default:
	}
	var data []byte
	switch {
	case kind == typeSRV && name == n.srv+".":
		data = binary.BigEndian.AppendUint16([]byte{0, 0, 0, 0}, n.port)
		data = append(data, "\x02zk\x04test\x00"...)
	case kind == typeA && name == "zk.test.":
		data = []byte{127, 0, 0, 1}
	}
	out := append([]byte(nil), query[:2]...)
	out = append(out, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0)
	if data != nil {
		out[7] = 1
	}
	out = append(out, question...)
	if data != nil {
		out = append(out, 0xc0, 12)
		out = binary.BigEndian.AppendUint16(out, kind)
		out = append(out, 0, 1, 0, 0, 0, 0)
		out = binary.BigEndian.AppendUint16(out, uint16(len(data)))
		out = append(out, data...)
	}
	return out
}

// Servers come from SRV records, and are asked for again in each round.
func TestServersFromSRVRecords(t *testing.T) {
	f := startFake(t, &fake{script: func(p *peer, n int) {
		if n > 1 {
			p.well()
		}
	}})
	_, port, err := net.SplitHostPort(f.addr)
	require.NoError(t, err)
	number, err := strconv.ParseUint(port, 10, 16)
	require.NoError(t, err)
	n := &names{srv: "_zookeeper._tcp.test", port: uint16(number), asks: make(chan string, 100)}
	c, err := client.New("srv://"+n.srv+"/app", client.WithResolver(n.resolver()),
		client.WithBackoff(time.Millisecond, time.Millisecond))
	require.NoError(t, err)
	defer c.Close()
	data, _, err := c.Get(testContext(t), "/")
	require.NoError(t, err)
	require.Equal(t, "well", string(data))
	asked := map[string]int{}
	for len(n.asks) > 0 {
		asked[<-n.asks]++
	}
	require.Equal(t, 2, asked[n.srv+"."], "once a round")
	require.GreaterOrEqual(t, asked["zk.test."], 2, "at every dial")
}

// With WithFollowConfig the servers of the ensemble's configuration replace the caller's.
func TestFollowConfig(t *testing.T) {
	member := startFake(t, &fake{script: func(p *peer, _ int) { p.well() }})
	text := "server.1=zk1:2888:3888:participant;" + member.addr + "\nversion=1"
	seed := startFake(t, &fake{script: func(p *peer, _ int) {
		for {
			h, body, err := p.next()
			if err != nil {
				return
			}
			if h.Type == jute.OpGetData && strings.Contains(string(body), "/zookeeper/config") {
				p.send(&jute.ReplyHeader{Xid: h.Xid}, &jute.DataStat{Data: []byte(text)})
				continue
			}
			p.send(&jute.ReplyHeader{Xid: h.Xid})
		}
	}})
	c, err := client.New(seed.addr, client.WithFollowConfig())
	require.NoError(t, err)
	for {
		now, changed := c.Status()
		if now.State == client.Connected && now.Server == member.addr {
			break
		}
		<-changed
	}
	require.NoError(t, c.Close())
}

// A dialer of the caller's gets the name, and may do with it what it wants.
func TestDialer(t *testing.T) {
	f := startFake(t, &fake{script: func(p *peer, _ int) { p.well() }})
	asked := make(chan string, 10)
	failed := false
	c, err := client.Dial(testContext(t), "zk.internal,zk.internal:2181",
		client.WithBackoff(time.Millisecond, time.Millisecond),
		client.WithDialer(func(ctx context.Context, network, addr string) (net.Conn, error) {
			asked <- addr
			if !failed {
				failed = true
				return nil, errors.New("not yet")
			}
			return new(net.Dialer).DialContext(ctx, network, f.addr)
		}))
	require.NoError(t, err)
	defer c.Close()
	require.Equal(t, "zk.internal:2181", <-asked)
	require.Equal(t, "zk.internal:2181", <-asked)
}
