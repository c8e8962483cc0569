package program

import (
	"bytes"
	"encoding/binary"

	"quoll/jute"
)

// operation is how often an operation occurs, out of the sum of all, and what makes its body.
type operation struct {
	op     jute.OpCode
	weight int
	body   func(g *Generator, op jute.OpCode) []byte
}

// operations are those that a batch is made of.
func operations() []operation {
	return []operation{
		{jute.OpCreate, 70, createBody},
		{jute.OpCreate2, 60, createBody},
		{jute.OpCreateContainer, 15, createBody},
		{jute.OpCreateTTL, 30, createTTLBody},
		{jute.OpDelete, 80, pathVersionBody},
		{jute.OpSetData, 90, setDataBody},
		{jute.OpSetACL, 30, setACLBody},
		{jute.OpMulti, 60, multiBody},
		{jute.OpDeleteContainer, 4, pathBody},
		{jute.OpReconfig, 3, reconfigBody},
		{jute.OpExists, 60, pathWatchBody},
		{jute.OpGetData, 90, pathWatchBody},
		{jute.OpGetACL, 30, pathBody},
		{jute.OpGetChildren, 40, pathWatchBody},
		{jute.OpGetChildren2, 30, pathWatchBody},
		{jute.OpGetAllChildren, 15, pathBody},
		{jute.OpGetEphemerals, 15, pathBody},
		{jute.OpMultiRead, 25, multiReadBody},
		{jute.OpSync, 15, pathBody},
		{jute.OpPing, 10, emptyBody},
		{jute.OpWhoAmI, 15, emptyBody},
		{jute.OpAddWatch, 25, addWatchBody},
		{jute.OpCheckWatches, 15, watcherBody},
		{jute.OpRemoveWatches, 25, watcherBody},
		{jute.OpSetWatches, 8, setWatchesBody},
		{jute.OpSetWatches2, 12, setWatchesBody},
	}
}

func emptyBody(*Generator, jute.OpCode) []byte { return nil }

func pathBody(g *Generator, op jute.OpCode) []byte {
	if op == jute.OpDeleteContainer {
		return jute.AppendBuffer(nil, []byte(g.openPath()))
	}
	return jute.AppendBuffer(nil, g.path())
}

// openPath is below a parent that everybody may delete from, as far as the generator knows: see
// docs/decisions/0001-server-opcodes.md.
func (g *Generator) openPath() string {
	path := string(g.path())
	if n := g.nodes[parentOf(path)]; parentOf(path) != "/" && (n == nil || n.guarded) {
		return "/none"
	}
	if g.rootGuarded && parentOf(path) == "/" {
		return "/none"
	}
	return path
}

func pathVersionBody(g *Generator, _ jute.OpCode) []byte {
	path := g.path()
	if chance(g.random, 500) {
		// Leaves come late in the list, and can be deleted.
		if n := len(g.list); n > 0 {
			path = []byte(g.list[n-1-g.random.IntN((n+1)/2)])
		}
	}
	return pathVersion(path, g.version(g.versionOf(path)))
}

func pathVersion(path []byte, version int32) []byte {
	return jute.Append(nil, &jute.PathVersion{Path: path, Version: version})
}

func pathWatchBody(g *Generator, _ jute.OpCode) []byte {
	body := jute.AppendBuffer(nil, g.path())
	return append(body, pick(g.random, []byte{0, 0, 0, 0, 1, 1, 1, 2}))
}

func createBody(g *Generator, op jute.OpCode) []byte {
	flags := pick(g.random, []int32{0, 0, 0, 0, 0, 1, 1, 2, 3, 4})
	if op == jute.OpCreateContainer && chance(g.random, 850) {
		flags = 4
	}
	if chance(g.random, 30) {
		flags = pick(g.random, []int32{5, 6, 7, -1, 1 << 30})
	}
	return g.create(flags)
}

func createTTLBody(g *Generator, _ jute.OpCode) []byte {
	flags := pick(g.random, []int32{5, 5, 5, 5, 6, 6, 0, 4, 1, 2, 7})
	ttl := pick(g.random, []int64{
		1, 1000, 1 << 39, 1<<40 - 1, 1 << 40, 0, -1, -1 << 63, 1<<63 - 1, 100_000,
	})
	return binary.BigEndian.AppendUint64(g.create(flags), uint64(ttl))
}

func (g *Generator) create(flags int32) []byte {
	path := g.path()
	if chance(g.random, 600) {
		path = []byte(g.newPath())
	}
	if len(g.list) > 150 {
		path = []byte(pick(g.random, g.list))
	}
	if bytes.HasPrefix(path, []byte("/zookeeper/quota")) && jute.CreateMode(flags).Ephemeral() {
		flags = 0
	}
	if (flags == 2 || flags == 3 || flags == 6) && chance(g.random, 200) {
		path = append(path, '/')
	}
	body := jute.AppendBuffer(nil, path)
	body = jute.AppendBuffer(body, g.data(path))
	body = append(body, g.acl()...)
	return binary.BigEndian.AppendUint32(body, uint32(flags))
}

func setDataBody(g *Generator, _ jute.OpCode) []byte {
	path := g.path()
	return jute.Append(nil, &jute.SetDataRequest{
		Path: path, Data: g.data(path), Version: g.version(g.versionOf(path)),
	})
}

func setACLBody(g *Generator, _ jute.OpCode) []byte {
	path := g.path()
	body := append(jute.AppendBuffer(nil, path), g.acl()...)
	var aversion int32
	if n := g.nodes[string(path)]; n != nil {
		aversion = n.aversion
	}
	return binary.BigEndian.AppendUint32(body, uint32(g.version(aversion)))
}

func reconfigBody(g *Generator, _ jute.OpCode) []byte {
	texts := [][]byte{
		nil, {}, []byte("server.1=localhost:2888:3888;2181"), []byte("1"), []byte("x"),
	}
	return jute.Append(nil, &jute.ReconfigRequest{
		JoiningServers: pick(g.random, texts), LeavingServers: pick(g.random, texts),
		NewMembers: pick(g.random, texts), CurConfigID: pick(g.random, []int64{-1, 0, 5}),
	})
}

func addWatchBody(g *Generator, _ jute.OpCode) []byte {
	body := jute.AppendBuffer(nil, g.path())
	mode := pick(g.random, []int32{0, 0, 0, 1, 1, 1, 1, 2, -1})
	return binary.BigEndian.AppendUint32(body, uint32(mode))
}

func watcherBody(g *Generator, _ jute.OpCode) []byte {
	path := g.path()
	if len(g.watched) > 0 && chance(g.random, 700) {
		path = pick(g.random, g.watched)
	}
	body := jute.AppendBuffer(nil, path)
	t := pick(g.random, []int32{1, 2, 3, 3, 4, 5, 0, 6, -1})
	return binary.BigEndian.AppendUint32(body, uint32(t))
}

func setWatchesBody(g *Generator, op jute.OpCode) []byte {
	lists := 3
	if op == jute.OpSetWatches2 {
		lists = 5
	}
	body := make([]byte, 8)
	for range lists {
		if chance(g.random, 20) && !g.Tame {
			body = append(body, 0xff, 0xff, 0xff, 0xff)
			continue
		}
		n := g.random.IntN(4)
		body = binary.BigEndian.AppendUint32(body, uint32(n))
		for range n {
			body = jute.AppendBuffer(body, g.path())
		}
	}
	return body
}

// multiBody is a transaction, now and then one that none can be.
func multiBody(g *Generator, _ jute.OpCode) []byte {
	var body []byte
	n := pick(g.random, []int{0, 1, 2, 2, 3, 3, 4, 6, 12})
	makers := []operation{
		{jute.OpCreate, 0, createBody}, {jute.OpCreate2, 0, createBody},
		{jute.OpCreate, 0, createBody}, {jute.OpCreateContainer, 0, createBody},
		{jute.OpCreateTTL, 0, createTTLBody}, {jute.OpSetData, 0, setDataBody},
		{jute.OpSetData, 0, setDataBody}, {jute.OpDelete, 0, pathVersionBody},
		{jute.OpCheck, 0, pathVersionBody},
	}
	var last []byte
	for range n {
		m := pick(g.random, makers)
		if chance(g.random, 8) {
			m = pick(g.random, []operation{
				{jute.OpGetData, 0, pathWatchBody}, {jute.OpSetACL, 0, setACLBody},
				{jute.OpMulti, 0, multiBody}, {jute.OpError, 0, emptyBody}, {77, 0, emptyBody},
				{jute.OpDeleteContainer, 0, pathBody},
			})
		}
		if n > 1 && chance(g.random, 700) {
			m.body = g.sane(m.op, m.body, &last)
		}
		body = appendMultiOp(body, m.op, m.body(g, m.op))
	}
	return appendMultiEnd(g, body)
}

// sane makes operations that mostly succeed, and build on the one before, so that whole
// transactions do.
func (g *Generator) sane(
	op jute.OpCode, otherwise func(*Generator, jute.OpCode) []byte, last *[]byte,
) func(*Generator, jute.OpCode) []byte {
	return func(*Generator, jute.OpCode) []byte {
		path := *last
		if path == nil && len(g.list) > 0 {
			path = []byte(pick(g.random, g.list))
		}
		switch op {
		case jute.OpCreate, jute.OpCreate2:
			made := []byte(g.newPath())
			if path != nil && chance(g.random, 300) {
				made = []byte(join(string(path), "m"))
			}
			*last = made
			flags := pick(g.random, []uint32{0, 0, 0, 1, 2, 3, 4})
			body := jute.AppendBuffer(nil, made)
			body = jute.AppendBuffer(body, g.data(made))
			body = append(body, encodeACL([]entry{ace(31, "world", "anyone")})...)
			return binary.BigEndian.AppendUint32(body, flags)
		case jute.OpSetData:
			return jute.Append(nil, &jute.SetDataRequest{
				Path: path, Data: g.data(path), Version: -1,
			})
		case jute.OpCheck:
			return pathVersion(path, -1)
		case jute.OpDelete:
			*last = nil
			return pathVersion(path, -1)
		}
		return otherwise(g, op)
	}
}

func multiReadBody(g *Generator, _ jute.OpCode) []byte {
	var body []byte
	for range g.random.IntN(6) {
		op := pick(g.random, []jute.OpCode{jute.OpGetData, jute.OpGetChildren})
		make := pathWatchBody
		if chance(g.random, 20) {
			op, make = jute.OpSetData, setDataBody
		}
		if chance(g.random, 10) {
			op = pick(g.random, []jute.OpCode{jute.OpExists, jute.OpGetChildren2, jute.OpGetACL})
		}
		body = appendMultiOp(body, op, make(g, op))
	}
	return appendMultiEnd(g, body)
}

func appendMultiOp(body []byte, op jute.OpCode, record []byte) []byte {
	body = jute.Append(body, &jute.MultiHeader{Type: op, Err: -1})
	return append(body, record...)
}

func appendMultiEnd(g *Generator, body []byte) []byte {
	end := jute.MultiEnd()
	switch g.random.IntN(150) {
	case 0:
		return body
	case 1:
		end.Err = 0
	case 2:
		end.Type = jute.OpCreate
	}
	return jute.Append(body, &end)
}
