package program

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"

	"quoll/jute"
)

// connect takes a session up again, or asks for a new one.
func (g *Generator) connect(slot int) *Step {
	r := g.random
	c := ConnectStep{
		TimeOut: pick(r, []int32{600_000, 500_000, 0, -1, 0x7fffffff, 300_001, 900_000}),
		Resume:  -1, NoByte: chance(r, 250), ReadOnly: chance(r, 250),
		ZxidAhead: pick(r, []int64{0, 0, 0, 0, -1, -1000, -1 << 40, 1, 1000}),
	}
	if g.slots[slot].session >= 0 && chance(r, 500) {
		c.Resume = g.slots[slot].session
		c.WrongPasswd = chance(r, 150)
	} else if g.granted > 0 && chance(r, 250) {
		// Somebody's session: dropped, closed, or in use on another connection.
		c.Resume = max(0, g.granted-1-r.IntN(8))
		c.WrongPasswd = chance(r, 150)
	}
	return &Step{Kind: Connect, Slot: slot, Connect: c}
}

// greeting is a connect request, sound or not. It resumes no session that exists.
func (g *Generator) greeting() []byte {
	r := g.random
	c := &jute.ConnectRequest{
		ProtocolVersion: pick(r, []int32{0, 0, 0, 1, -1, 1 << 30}),
		LastZxidSeen:    jute.Zxid(pick(r, []int64{0, 0, 1, -1, -1 << 63, 1<<63 - 1})),
		TimeOut:         pick(r, []int32{600_000, 0, -1, 0x7fffffff, -0x80000000}),
		SessionID:       jute.SessionID(pick(r, []int64{0, 0, 0, 1, -1, 0x1234})),
		Passwd: pick(r, [][]byte{
			make([]byte, 16), make([]byte, 16), nil, {}, make([]byte, 15), make([]byte, 17),
			randomBytes(r, 16), make([]byte, 2000),
		}),
		ReadOnly: chance(r, 500), HasReadOnly: chance(r, 700),
	}
	body := jute.Append(nil, c)
	switch r.IntN(8) {
	case 0:
		body = body[:r.IntN(len(body))]
	case 1:
		body = append(body, randomBytes(r, 1+r.IntN(20))...)
	case 2:
		length := pick(r, []uint32{0xfffffffe, 0x7fffffff, 17, 1 << 20})
		binary.BigEndian.PutUint32(body[24:], length)
	}
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)
}

func (g *Generator) auth(proof string) Request {
	return Request{Op: jute.OpAuth, body: jute.Append(nil, &jute.AuthPacket{
		Scheme: []byte("digest"), Auth: []byte(proof),
	})}
}

func (g *Generator) oddAuth() Request {
	r := g.random
	schemes := []string{"digest", "ip", "world", "none", "", "sasl", "super", "DIGEST", "x509"}
	texts := [][]byte{
		nil, {}, []byte("x"), []byte("a:b:c"), []byte(":"), []byte("super:wrong"),
		[]byte("😀:x"), {0xff}, []byte("127.0.0.1"),
	}
	packet := &jute.AuthPacket{
		Type: int32(r.IntN(3)), Scheme: []byte(pick(r, schemes)), Auth: pick(r, texts),
	}
	if chance(r, 100) {
		packet.Scheme = nil
	}
	if g.Tame && (packet.Auth == nil || bytes.ContainsFunc(packet.Auth, beyondASCII)) {
		packet.Auth = texts[1]
	}
	body := jute.Append(nil, packet)
	if chance(r, 100) {
		body = body[:r.IntN(len(body))]
	}
	return Request{Op: jute.OpAuth, body: body}
}

func beyondASCII(r rune) bool { return r >= utf8.RuneSelf }

func (g *Generator) batch(slot int) *Step {
	r := g.random
	n := 1
	switch k := r.IntN(100); {
	case k < 5:
		n = 9 + r.IntN(32)
	case k < 55:
		n = 2 + r.IntN(7)
	}
	st := &Step{Kind: Batch, Slot: slot}
	for range n {
		rq := g.request()
		g.number(slot, &rq)
		st.Requests = append(st.Requests, rq)
	}
	return g.calm(st)
}
