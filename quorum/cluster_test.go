package quorum_test

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"quoll/internal/sim/pipe"
	"quoll/internal/sim/world"
	"quoll/jute"
	"quoll/quorum"
	"quoll/quorum/config"
	"quoll/quorum/zab"
)

// A cluster is servers that are a quorum.Peer each, around the least of what belongs to a server:
//
//	          +-------- node --------+
//	network --| links  peer -- chain |     the chain is the tree as a list of what was applied
//	          |        |             |
//	          |       disk           |     survives a crash, as far as operations were done
//	          +----------------------+
//
// Everything happens in one goroutine, in virtual time, from one seed.
type cluster struct {
	*world.World
	net     *pipe.Net
	members *config.Config
	zab     quorum.Zab
	nodes   []*node
	oracle  oracle
	log     io.Writer
	texts   int // written by clients so far
}

const (
	ms   = int64(1000) // of world time, in µs
	tick = 10 * ms
)

// newCluster makes servers with the ids 1 to voters+observers, which do not run yet.
func newCluster(seed uint64, rules pipe.Rules, voters, observers int) *cluster {
	rules.WindowBytes = 8 << 10
	w := world.New(seed, nil)
	c := &cluster{World: w, net: pipe.New(w, rules), log: io.Discard, zab: quorum.Zab{
		Tick: 100 * time.Millisecond, InitLimit: time.Second, SyncLimit: 500 * time.Millisecond,
		CommitLogCount: 20,
	}}
	var lines []string
	for id := 1; id <= voters+observers; id++ {
		kind := "participant"
		if id > voters {
			kind = "observer"
		}
		lines = append(lines, fmt.Sprintf("server.%d=10.1.0.%d:2888:3888:%s", id, id, kind))
		c.nodes = append(c.nodes, &node{c: c, id: jute.PeerID(id)})
	}
	members, err := config.ParseText(strings.Join(append(lines, "version=0"), "\n"), config.Rules{})
	if err != nil {
		panic(err)
	}
	c.members = members
	c.oracle = oracle{c: c, leaders: map[int64]jute.PeerID{}}
	return c
}

func (c *cluster) node(id jute.PeerID) *node { return c.nodes[id-1] }

func (c *cluster) start() {
	for _, n := range c.nodes {
		n.start()
	}
}

func (c *cluster) time() time.Duration { return time.Duration(c.Now) * time.Microsecond }

func (c *cluster) say(format string, args ...any) {
	line := fmt.Sprintf("%6d ms  %s\n", c.Now/ms, fmt.Sprintf(format, args...))
	c.Trace.Bytes([]byte(line))
	io.WriteString(c.log, line)
}

func address(id jute.PeerID, port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, 0, byte(id)}), port)
}

// cut blocks the ways between two servers, or opens them again.
func (c *cluster) cut(a, b jute.PeerID, blocked bool) {
	from, to := address(a, 0).Addr(), address(b, 0).Addr()
	change := c.net.Unblock
	if blocked {
		change = c.net.Block
	}
	change(from, to)
	change(to, from)
}

// countEnd counts why a role has ended.
func (c *cluster) countEnd(why error) {
	for _, kind := range []error{zab.ErrClosed, zab.ErrTimeout, zab.ErrTree, zab.ErrNoQuorum,
		zab.ErrDisk, zab.ErrNewEpoch, zab.ErrRollOver, quorum.ErrNoAnswer} {
		if errors.Is(why, kind) {
			c.Counts.Add("end", kind.Error())
			return
		}
	}
	c.Counts.Add("end", "other: "+why.Error())
}

// leader is the server whose reign stands and has the highest epoch, or nil.
func (c *cluster) leader() (leader *node) {
	for _, n := range c.nodes {
		if n.alive && n.chain.leads && (leader == nil || n.chain.epoch > leader.chain.epoch) {
			leader = n
		}
	}
	return leader
}

// run lets things happen for a while, or until something is wrong.
func (c *cluster) run(d time.Duration) { c.until(d, func() bool { return false }) }

// until lets things happen until something holds, for at most so long. It tells whether it holds.
func (c *cluster) until(d time.Duration, holds func() bool) bool {
	held := false
	c.RunUntil(c.Now+d.Microseconds(), func() bool {
		held = holds()
		return held || len(c.Broken) > 0
	})
	return held
}

// serve tells whether all servers run and serve in one reign.
func (c *cluster) serve() bool {
	for _, n := range c.nodes {
		if !n.alive || !n.chain.serves || n.peer.Status().Epoch != c.nodes[0].peer.Status().Epoch {
			return false
		}
	}
	return true
}

// equal tells whether everybody has applied everything that is committed, and what that is.
func (c *cluster) equal() bool {
	for _, n := range c.nodes {
		if len(n.chain.tree) != len(c.oracle.committed) {
			return false
		}
	}
	return true
}

// write is a client's write at a server. It tells its text, or "" if the server serves nobody.
func (c *cluster) write(n *node) string {
	if !n.alive || !n.chain.serves {
		return ""
	}
	c.texts++
	text := fmt.Sprintf("w%d", c.texts)
	n.write(text)
	return text
}

// oracle knows what everybody has been told.
type oracle struct {
	c         *cluster
	leaders   map[int64]jute.PeerID // by epoch
	committed []jute.Entry          // of the whole ensemble
}

func (o *oracle) leads(n *node, epoch int64) {
	if other, there := o.leaders[epoch]; there {
		o.c.Violate("epoch %d has the leaders %d and %d", epoch, other, n.id)
	}
	o.leaders[epoch] = n.id
	for i := range n.chain.tree {
		o.commits(n, i)
	}
}

// commits judges that a server has committed the i-th transaction of its tree.
func (o *oracle) commits(n *node, i int) {
	e := &n.chain.tree[i]
	switch {
	case i < len(o.committed):
		if !same(e, &o.committed[i]) {
			o.c.Violate("server %d commits %s in place of %s", n.id, name(e), name(&o.committed[i]))
		}
		return
	case !o.c.members.Quorum(func(id jute.PeerID) bool { return o.c.node(id).disk.has(i, e) }):
		o.c.Violate("server %d commits %s, which no quorum has on disk", n.id, name(e))
	}
	o.committed = append(o.committed, *e)
}

// serves judges that everything in a tree is committed.
func (o *oracle) serves(n *node) {
	if len(n.chain.tree) > len(o.committed) {
		o.c.Violate("server %d serves %s, which is not committed", n.id,
			name(&n.chain.tree[len(o.committed)]))
		return
	}
	for i := range n.chain.tree {
		o.commits(n, i)
	}
}

func same(a, b *jute.Entry) bool { return slices.Equal(a.Payload, b.Payload) }

func last(entries []jute.Entry) jute.Zxid {
	if len(entries) == 0 {
		return 0
	}
	return entries[len(entries)-1].Header.Zxid
}

// txn makes the transaction of a client's request.
func txn(zxid jute.Zxid, r *jute.LearnerRequest) jute.Entry {
	e := jute.Entry{Header: jute.TxnHeader{
		ClientID: r.Session, Cxid: r.Cxid, Zxid: zxid, Type: jute.OpSetData,
	}}
	e.Body = r.Body
	e.Payload = jute.AppendEntry(nil, &e)
	parsed, err := jute.ParseEntry(e.Payload)
	if err != nil {
		panic(err)
	}
	return parsed
}

func request(session jute.SessionID, text string) jute.LearnerRequest {
	return jute.LearnerRequest{Session: session, Cxid: 1, Type: jute.OpSetData,
		Body: jute.Append(nil, &jute.SetDataRequest{Path: []byte("/a"), Data: []byte(text)})}
}

func text(e *jute.Entry) string {
	var r jute.SetDataRequest
	if _, err := jute.Decode(e.Body, &r); err != nil {
		panic(err)
	}
	return string(r.Data)
}

func zname(z jute.Zxid) string { return fmt.Sprintf("%d:%d", z.Epoch(), z.Counter()) }

func name(e *jute.Entry) string { return zname(e.Header.Zxid) + " " + text(e) }
