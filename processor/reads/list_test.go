package reads_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"quoll/datatree"
	"quoll/jute"
	"quoll/processor/auth"
	"quoll/processor/reads"
	"quoll/processor/stats"
)

// changing is a tree in which one node's children change whenever the reader gives the lock back.
type changing struct {
	t       *rapid.T
	tree    *datatree.Tree
	view    datatree.View
	zxid    jute.Zxid
	moments []moment // what a reader could see since the request began
	pauses  int
	left    int // changes to come
}

// moment is the answer that the node would give at one time.
type moment struct {
	code  jute.ErrorCode
	names []string
	stat  jute.Stat
}

func (c *changing) apply(op jute.OpCode, body jute.Record) {
	var result datatree.Result
	c.zxid++
	c.tree.Lock()
	defer c.tree.Unlock()
	c.tree.Apply(&jute.Entry{
		Header: jute.TxnHeader{Zxid: c.zxid, Type: op}, Body: jute.Append(nil, body),
	}, &result)
}

func (c *changing) create(path string) {
	c.apply(jute.OpCreate, &jute.CreateTxn{
		Path: []byte(path), ParentCVersion: -1,
		ACL: []jute.ACL{{Perms: jute.PermAll, ID: jute.ID{Scheme: "world", ID: "anyone"}}},
	})
}

func (c *changing) children() (names []string) {
	v := c.tree.Peek()
	n, ok := v.Find([]byte("/n"))
	if !ok {
		return nil
	}
	var out jute.Names
	_, err := jute.Decode(v.AppendChildren(nil, n), &out)
	require.NoError(c.t, err)
	for _, name := range out.Names {
		names = append(names, string(name))
	}
	slices.Sort(names)
	return names
}

// note keeps what the node would answer now.
func (c *changing) note() {
	v := c.tree.Peek()
	n, ok := v.Find([]byte("/n"))
	m := moment{code: jute.NoNode}
	if ok {
		m = moment{names: c.children()}
		v.Stat(n, &m.stat)
		if !rules.Allowed(v.ACL(n), jute.PermRead, auth.Nobody()) {
			m = moment{code: jute.NoAuth}
		}
	}
	c.moments = append(c.moments, m)
}

var rules = &auth.Rules{} // read-only: everybody's

// breathe gives the lock back; others write meanwhile.
func (c *changing) breathe() datatree.View {
	c.view.Release()
	c.pauses++
	for range rapid.IntRange(0, 2).Draw(c.t, "changes") {
		if c.left == 0 {
			break
		}
		c.left--
		c.change()
		c.note()
	}
	c.view = c.tree.Read()
	return c.view
}

func (c *changing) change() {
	names := c.children()
	switch n := rapid.IntRange(0, 9).Draw(c.t, "what"); {
	case n < 4:
		c.create(fmt.Sprintf("/n/new%d", c.zxid))
	case n < 7 && len(names) > 0:
		gone := rapid.SampledFrom(names).Draw(c.t, "gone")
		c.apply(jute.OpDelete, &jute.PathOnly{Path: []byte("/n/" + gone)})
	case n == 7:
		c.apply(jute.OpSetData, &jute.SetDataRequest{Path: []byte("/n"), Data: []byte{byte(c.zxid)}})
	case n == 8:
		perms := rapid.SampledFrom([]jute.Perms{jute.PermAll, jute.PermWrite}).Draw(c.t, "perms")
		c.apply(jute.OpSetACL, &jute.SetACLRequest{
			Path: []byte("/n"),
			ACL:  []jute.ACL{{Perms: perms, ID: jute.ID{Scheme: "world", ID: "anyone"}}},
		})
	case n == 9:
		for _, name := range names {
			c.apply(jute.OpDelete, &jute.PathOnly{Path: []byte("/n/" + name)})
		}
		c.apply(jute.OpDelete, &jute.PathOnly{Path: []byte("/n")})
		if rapid.Bool().Draw(c.t, "made anew") { // with as many children, in another place
			c.create(fmt.Sprintf("/in-its-place%d", c.zxid))
			c.create("/n")
			for i := range names {
				c.create(fmt.Sprintf("/n/%d", i))
			}
		}
	}
}

// A listing that gives the lock back in its middle still shows the node as it was at one moment,
// names and stat together, however often the node changes meanwhile.
func TestALongListingIsThatOfOneMoment(t *testing.T) {
	paused, again := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		c := &changing{t: t, tree: datatree.New(datatree.Options{}), left: 30}
		c.create("/n")
		count := rapid.IntRange(0, 12).Draw(t, "children")
		for i := range count {
			c.create(fmt.Sprintf("/n/c%d", i))
		}
		op := rapid.SampledFrom([]jute.OpCode{
			jute.OpGetChildren, jute.OpGetChildren2,
		}).Draw(t, "op")
		rd := reads.Reader{Auth: rules, Counts: new(stats.Counts),
			Limits: reads.Limits{ChunkNames: rapid.IntRange(1, 4).Draw(t, "chunk")}}
		c.note()
		c.view = c.tree.Read()
		a := reads.Asking{
			Type: op, Body: jute.Append(nil, &jute.PathWatch{Path: []byte("/n")}),
			Identity: auth.Nobody(), View: c.view, Breathe: c.breathe,
		}
		code := rd.Answer(&a)
		c.view.Release()
		got := moment{code: code}
		if code == jute.OK {
			got = decode(t, op, a.Out)
		}
		if !slices.ContainsFunc(c.moments, func(m moment) bool { return m.equal(&got, op) }) {
			t.Fatalf("%v: %+v was at no moment of %+v", op, got, c.moments)
		}
		paused += c.pauses
		again += len(c.moments) - 1
	})
	if paused == 0 || again == 0 {
		t.Errorf("%d pauses, %d changes in them", paused, again)
	}
}

// A node whose children change all the time is listed in one hold in the end.
func TestAListingComesToAnEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := &changing{t: t, tree: datatree.New(datatree.Options{})}
		c.create("/n")
		for i := range 10 {
			c.create(fmt.Sprintf("/n/c%d", i))
		}
		c.view = c.tree.Read()
		rd := reads.Reader{
			Auth: rules, Counts: new(stats.Counts), Limits: reads.Limits{ChunkNames: 3},
		}
		a := reads.Asking{
			Type: jute.OpGetChildren, Body: jute.Append(nil, &jute.PathWatch{Path: []byte("/n")}),
			Identity: auth.Nobody(), View: c.view,
			Breathe: func() datatree.View {
				c.view.Release()
				c.pauses++
				c.create(fmt.Sprintf("/n/new%d", c.zxid))
				c.view = c.tree.Read()
				return c.view
			},
		}
		require.Equal(t, jute.OK, rd.Answer(&a))
		c.view.Release()
		require.Equal(t, c.children(), decode(t, jute.OpGetChildren, a.Out).names)
		require.Equal(t, 2, c.pauses)
	})
}

func decode(t *rapid.T, op jute.OpCode, body []byte) (m moment) {
	var one jute.Names
	var two jute.NamesStat
	names, err := &one.Names, error(nil)
	if op == jute.OpGetChildren {
		_, err = jute.Decode(body, &one)
	} else {
		_, err = jute.Decode(body, &two)
		names, m.stat = &two.Names, two.Stat
	}
	require.NoError(t, err)
	for _, name := range *names {
		m.names = append(m.names, string(name))
	}
	slices.Sort(m.names)
	return m
}

func (m *moment) equal(other *moment, op jute.OpCode) bool {
	return m.code == other.code && slices.Equal(m.names, other.names) &&
		(op == jute.OpGetChildren || m.code != jute.OK || m.stat == other.stat)
}
