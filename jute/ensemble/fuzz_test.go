package ensemble_test

import (
	"bytes"
	"testing"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/jute/internal/recordtest"
)

// FuzzQuorumPacket also compares PacketSize with the decoder: it tells the size as soon as that can
// be known, and never asks for more bytes than there will be.
func FuzzQuorumPacket(f *testing.F) {
	ids := []jute.ID{{Scheme: "ip", ID: "127.0.0.1"}, {}}
	for t := ensemble.PacketType(0); t < 21; t++ {
		p := ensemble.QuorumPacket{Type: t, Zxid: 1 << 32}
		f.Add(jute.Append(nil, &p))
		if r := ensemble.NewPacketData(t, 9); r != nil {
			records.Fill(r)
			p.Data, p.AuthInfo = jute.Append(nil, r), ids
			f.Add(jute.Append(nil, &p))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var p ensemble.QuorumPacket
		used, ok := records.Decode(t, in, &p)
		size, exact, err := ensemble.PacketSize(in, limit)
		switch {
		case ok != (err == nil && exact && size <= len(in)):
			t.Fatalf("decoded: %v, but size %d of %d, exact %v, %v", ok, size, len(in), exact, err)
		case ok && size != used:
			t.Fatalf("size %d, %d bytes used", size, used)
		case !ok:
			return
		}
		for cut := range used {
			size, exact, err := ensemble.PacketSize(in[:cut], limit)
			if err != nil || size <= cut || size > used || exact && size != used {
				t.Fatalf("%d bytes of %d: size %d, exact %v, %v", cut, used, size, exact, err)
			}
		}
		recordtest.Show(&p)
		if r := ensemble.NewPacketData(p.Type, len(p.Data)); r != nil {
			records.Decode(t, p.Data, r)
		}
		if r, err := p.LearnerRequest(); err == nil {
			again := ensemble.AppendRequest(nil, &r)
			var q ensemble.QuorumPacket
			if _, err := jute.Decode(again, &q); err != nil || !bytes.Equal(q.Data, p.Data) {
				t.Fatalf("%x became %x, %v", p.Data, q.Data, err)
			}
		}
	})
}

// FuzzElection reads what comes in on an election port.
func FuzzElection(f *testing.F) {
	for _, size := range []int{27, 28, 39, 40, 43, 44, 50} {
		f.Add(notification(size, 2))
	}
	n := ensemble.Notification{Version: 2, Config: []byte("version=0")}
	f.Add(jute.Append(nil, &n))
	for _, v := range []ensemble.HelloVersion{
		ensemble.HelloBare, ensemble.HelloV1, ensemble.HelloV2,
	} {
		h := ensemble.Hello{Version: v, Sid: 1, Addresses: []byte("a:1|[::1]:2")}
		f.Add(jute.Append(nil, &h))
	}
	auth := ensemble.QuorumAuthPacket{Magic: ensemble.QuorumAuthMagic, Token: []byte{1}}
	f.Add(jute.Append(nil, &auth))
	f.Fuzz(func(t *testing.T, in []byte) {
		var n ensemble.Notification
		if used, err := jute.Decode(in, &n); err == nil {
			// The bytes behind the fields count for the size, which selects the layout.
			wire := append(jute.Append(nil, &n), in[used:]...)
			if !bytes.Equal(wire, in) {
				t.Fatalf("%x became %x", in, wire)
			}
			recordtest.Show(&n)
		}
		var h ensemble.Hello
		used, ok := records.Decode(t, in, &h)
		size, exact, err := ensemble.HelloSize(in)
		if ok != (err == nil && exact && size <= len(in)) || ok && size != used {
			t.Fatalf("decoded: %v, but size %d, exact %v, %v", ok, size, exact, err)
		}
		if !ok && err == nil && size <= len(in) {
			t.Fatalf("size %d of %d", size, len(in))
		}
		recordtest.Show(&h)
		records.Decode(t, in, &ensemble.QuorumAuthPacket{})
	})
}
