package ensemble_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"reflect"
	"strings"
	"testing"

	"quoll/jute"
	"quoll/jute/ensemble"
)

// notification is the bytes of a notification of a size, with a version where the size has one.
func notification(size int, version int32) []byte {
	b := make([]byte, size)
	n := ensemble.Notification{
		State: ensemble.Leading, Leader: 3, Zxid: 5<<32 | 6, ElectionEpoch: 7, PeerEpoch: 8,
		Version: version,
	}
	copy(b, jute.Append(nil, &n))
	return b
}

// The size of a notification, not its version, says first of all how it is read.
func TestNotificationBySize(t *testing.T) {
	for size := range 60 {
		for _, version := range []int32{-1, 0, 1, 2, 3} {
			in := notification(size, version)
			var n ensemble.Notification
			used, err := jute.Decode(in, &n)
			wantErr := size < 28 || size > 28 && size < 40 || size > 40 && size < 44 && version > 1
			if (err != nil) != wantErr {
				t.Errorf("%d bytes, version %d: %v", size, version, err)
			}
			if err != nil {
				if !errors.Is(err, jute.ErrShort) {
					t.Errorf("%d bytes, version %d: %v", size, version, err)
				}
				continue
			}
			want := ensemble.Notification{
				State: ensemble.Leading, Leader: 3, Zxid: 5<<32 | 6, ElectionEpoch: 7, PeerEpoch: 8,
				Version: version,
			}
			wantUsed := 40
			switch {
			case size == 28:
				want.PeerEpoch, want.Version, want.Short, wantUsed = 5, 0, true, 28
			case size == 40:
				want.Version = 0
			case version > 1:
				want.Config, wantUsed = []byte{}, 44
			}
			if got := jute.Format(&n); got != jute.Format(&want) || used != wantUsed ||
				n.Short != want.Short || n.PeerEpoch != want.PeerEpoch || (n.Config == nil) != (want.Config == nil) {
				t.Errorf("%d bytes, version %d: %d used, %s", size, version, used, got)
			}
			if again := jute.Append(nil, &n); !bytes.Equal(again, in[:used]) {
				t.Errorf("%x became %x", in, again)
			}
		}
	}
}

func TestNotificationConfig(t *testing.T) {
	text := []byte("server.1=h:1:2:participant\nversion=0")
	n := ensemble.Notification{Version: ensemble.NotificationVersion, Config: text}
	wire := jute.Append(nil, &n)
	if len(wire) != 44+len(text) {
		t.Errorf("%d bytes", len(wire))
	}
	for _, c := range []struct {
		length int32
		err    error
	}{
		{int32(len(text)), nil}, {3, nil}, {0, nil}, {int32(len(text) + 1), jute.ErrShort},
		{-1, jute.ErrLength}, {-2, jute.ErrLength}, {1 << 30, jute.ErrLength},
	} {
		binary.BigEndian.PutUint32(wire[40:], uint32(c.length))
		var got ensemble.Notification
		_, err := jute.Decode(wire, &got)
		if !errors.Is(err, c.err) || err == nil && string(got.Config) != string(text[:c.length]) {
			t.Errorf("length %d: %q, %v", c.length, got.Config, err)
		}
	}
}

func TestHello(t *testing.T) {
	long := func(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }
	hello := func(version, sid int64, length int32, rest int) []byte {
		b := append(append(long(version), long(sid)...), count(length)...)
		return append(b, bytes.Repeat([]byte("x"), rest)...)
	}
	for name, c := range map[string]struct {
		in      []byte
		version ensemble.HelloVersion
		sid     jute.PeerID
		size    int // the whole hello's
		err     error
	}{
		"nothing":           {nil, 0, 0, 0, jute.ErrShort},
		"half a long":       {long(1)[:5], 0, 0, 0, jute.ErrShort},
		"a sid":             {long(7), ensemble.HelloBare, 7, 8, nil},
		"sid 0":             {append(long(0), 1, 2, 3), ensemble.HelloBare, 0, 8, nil},
		"version 1":         {hello(-65536, 3, 5, 9), ensemble.HelloV1, 3, 25, nil},
		"version 2":         {hello(-65535, 3, 2048, 2048), ensemble.HelloV2, 3, 2068, nil},
		"an observer":       {hello(-65536, 1<<63-1, 1, 1), ensemble.HelloV1, ensemble.ObserverID, 21, nil},
		"a version unknown": {hello(-65534, 3, 5, 5), 0, 0, 0, ensemble.ErrHello},
		"a negative sid":    {long(-1), 0, 0, 0, ensemble.ErrHello},
		"no sid":            {long(-65536), 0, 0, 0, jute.ErrShort},
		"no address":        {hello(-65536, 3, 0, 0), 0, 0, 0, jute.ErrLength},
		"null":              {hello(-65536, 3, -1, 0), 0, 0, 0, jute.ErrLength},
		"too long":          {hello(-65536, 3, 2049, 2049), 0, 0, 0, jute.ErrLength},
		"huge":              {hello(-65536, 3, 0x7fffffff, 0), 0, 0, 0, jute.ErrLength},
		"too short":         {hello(-65536, 3, 5, 4), 0, 0, 0, jute.ErrShort},
	} {
		var h ensemble.Hello
		used, err := jute.Decode(c.in, &h)
		if !errors.Is(err, c.err) || used != c.size {
			t.Errorf("%s: %d bytes used, %v", name, used, err)
		}
		size, exact, err := ensemble.HelloSize(c.in)
		switch {
		case c.err == jute.ErrShort:
			if err != nil || size <= len(c.in) {
				t.Errorf("%s: size %d, exact %v, %v", name, size, exact, err)
			}
		case !errors.Is(err, c.err) || size != c.size || exact != (err == nil):
			t.Errorf("%s: size %d, exact %v, %v", name, size, exact, err)
		}
		if c.err == nil && (h.Version != c.version || h.Sid != c.sid) {
			t.Errorf("%s: %s", name, jute.Format(&h))
		}
		if c.err == nil && !bytes.Equal(jute.Append(nil, &h), c.in[:used]) {
			t.Errorf("%s: %x became %x", name, c.in, jute.Append(nil, &h))
		}
	}
}

func TestLearnerInfoByLength(t *testing.T) {
	wire := jute.Append(nil, &ensemble.LearnerInfo{
		ServerID: 5, ProtocolVersion: ensemble.LearnerProtocol, ConfigVersion: 9,
	})
	wire = append(wire, 1, 2, 3)
	for size := range len(wire) + 1 {
		var got ensemble.LearnerInfo
		used, err := jute.Decode(wire[:size], &got)
		want, wantUsed := ensemble.LearnerInfo{ServerID: 5, ProtocolVersion: 0x10000, ConfigVersion: 9}, 20
		switch {
		case size < 8:
			if !errors.Is(err, jute.ErrShort) {
				t.Errorf("%d bytes: %v", size, err)
			}
			continue
		case size < 12:
			want, wantUsed = ensemble.LearnerInfo{
				ServerID: 5, ProtocolVersion: 1, NoVersion: true, NoConfigVersion: true,
			}, 8
		case size < 20:
			want.ConfigVersion, want.NoConfigVersion, wantUsed = 0, true, 12
		}
		if err != nil || got != want || used != wantUsed {
			t.Errorf("%d bytes: %+v, %d used, %v", size, got, used, err)
		}
		if again := jute.Append(nil, &got); !bytes.Equal(again, wire[:used]) {
			t.Errorf("%x became %x", wire[:size], again)
		}
	}
}

func TestLearnerRequest(t *testing.T) {
	for _, r := range []jute.LearnerRequest{
		{Session: 1, Cxid: 2, Type: jute.OpSetData, Body: []byte("body"), IDs: []jute.ID{
			{Scheme: "ip", ID: "127.0.0.1"}, {Scheme: "digest", ID: "a:b"},
		}},
		{Session: 1, Type: jute.OpCloseSession, IDs: []jute.ID{}},
		{Session: 1, Type: jute.OpCreateSession, Body: []byte{0, 0, 1, 0}},
	} {
		wire := ensemble.AppendRequest([]byte("before"), &r)[len("before"):]
		var p ensemble.QuorumPacket
		used, err := jute.Decode(wire, &p)
		if err != nil || used != len(wire) || p.Type != ensemble.PacketRequest || p.Zxid != -1 {
			t.Fatalf("%x: %s, %d used, %v", wire, jute.Format(&p), used, err)
		}
		got, err := p.LearnerRequest()
		if err != nil || !reflect.DeepEqual(got, r) {
			t.Errorf("%+v became %+v, %v", r, got, err)
		}
		if again := jute.Append(nil, &p); !bytes.Equal(again, wire) {
			t.Errorf("%x, by Fields %x", wire, again)
		}
	}
	short := ensemble.QuorumPacket{Type: ensemble.PacketRequest, Data: make([]byte, 15)}
	if r, err := short.LearnerRequest(); !errors.Is(err, jute.ErrShort) || r.Body != nil {
		t.Errorf("15 bytes: %v, %v", r, err)
	}
	other := ensemble.QuorumPacket{Type: ensemble.PacketPing, Data: make([]byte, 24)}
	if _, err := other.LearnerRequest(); !errors.Is(err, ensemble.ErrPacket) {
		t.Errorf("a PING: %v", err)
	}
}

func TestTouchesEndWithTheData(t *testing.T) {
	want := ensemble.Touches{Sessions: []jute.SessionTimeout{{Session: 1, TimeOut: 2}, {Session: 3}}}
	wire := jute.Append(nil, &want)
	var got ensemble.Touches
	if _, err := jute.Decode(wire, &got); err != nil || !reflect.DeepEqual(got, want) ||
		len(wire) != 24 {
		t.Errorf("%+v, %v", got, err)
	}
	_, err := jute.Decode(wire[:20], &got)
	const text = "jute: Touches.sessions[1].timeOut at byte 20: input ends inside the field"
	if err == nil || err.Error() != text {
		t.Errorf("%v", err)
	}
}

// limit is that of jute.maxbuffer and extrasize as they are by default.
const limit = 2 * 0xfffff

func TestPacketSize(t *testing.T) {
	head := jute.Append(nil, &ensemble.QuorumPacket{})[:12]
	packet := func(parts ...[]byte) []byte {
		return append(bytes.Clone(head), bytes.Join(parts, nil)...)
	}
	short := func(n int32) []byte { return append(count(n), make([]byte, n)...) }
	for name, c := range map[string]struct {
		in    []byte
		limit int
		size  int
		exact bool
		bad   string // the field
	}{
		"nothing":             {nil, limit, 20, false, ""},
		"no length":           {packet()[:11], limit, 20, false, ""},
		"null data":           {packet(count(-1)), limit, 20, false, ""},
		"null data, null ids": {packet(count(-1), count(-1)), limit, 20, true, ""},
		"no ids, more behind": {packet(short(3), count(0), count(9)), limit, 23, true, ""},
		"negative ids":        {packet(short(3), count(-7)), limit, 23, true, ""},
		"the largest data":    {packet(count(limit)), limit, limit + 20, false, ""},
		"data above it":       {packet(count(limit + 1)), limit, 0, false, "data"},
		"negative data":       {packet(count(-2)), limit, 0, false, "data"},
		"huge data":           {packet(count(0x7fffffff)), limit, 0, false, "data"},
		"two ids to come":     {packet(count(-1), count(2)), limit, 20 + 16, false, ""},
		"inside the first id": {packet(count(-1), count(2), count(5)), limit, 20 + 16 + 5, false, ""},
		"two ids": {packet(count(-1), count(2), short(1), count(-1), count(0), short(2)),
			limit, 20 + 16 + 3, true, ""},
		"as many ids as go in": {packet(count(-1), count(8)), 64, 20 + 64, false, ""},
		"more ids":             {packet(count(-1), count(9)), 64, 0, false, "authinfo"},
		"huge count":           {packet(count(-1), count(0x7fffffff)), limit, 0, false, "authinfo"},
		"negative scheme":      {packet(count(-1), count(1), count(-2)), limit, 0, false, "authinfo"},
		"the largest scheme":   {packet(count(-1), count(1), count(56)), 64, 20 + 64, false, ""},
		"a scheme above it":    {packet(count(-1), count(1), count(57)), 64, 0, false, "authinfo"},
		"an id above it": {packet(count(-1), count(1), short(50), count(7)), 64, 0, false,
			"authinfo"},
	} {
		size, exact, err := ensemble.PacketSize(c.in, c.limit)
		var where *jute.DecodeError
		if c.bad != "" {
			if !errors.As(err, &where) || where.Field != c.bad || !errors.Is(err, jute.ErrLength) ||
				!strings.Contains(err.Error(), "jute.maxbuffer") {
				t.Errorf("%s: size %d, %v", name, size, err)
			}
		} else if err != nil || size != c.size || exact != c.exact {
			t.Errorf("%s: size %d, exact %v, %v", name, size, exact, err)
		}
	}
}

// A reader that follows PacketSize asks a few times only, however many ids there are.
func TestPacketSizeIsAskedSeldom(t *testing.T) {
	for _, id := range []jute.ID{{}, {Scheme: "s"}, {Scheme: "digest", ID: "user:0123456789"}} {
		p := ensemble.QuorumPacket{AuthInfo: make([]jute.ID, 20_000)}
		for i := range p.AuthInfo {
			p.AuthInfo[i] = id
		}
		wire := jute.Append(nil, &p)
		have, asked := 0, 0
		for {
			size, exact, err := ensemble.PacketSize(wire[:have], limit)
			asked++
			if err != nil || size > len(wire) || !exact && size <= have || asked > 100 {
				t.Fatalf("asked %d times with %d bytes: %d, %v, %v", asked, have, size, exact, err)
			}
			if have = size; exact {
				break
			}
		}
		if have != len(wire) {
			t.Errorf("%d bytes of %d", have, len(wire))
		}
	}
}

func TestPacketPrinters(t *testing.T) {
	entry := jute.Append(nil, &jute.TxnHeader{ClientID: 1, Cxid: 2, Zxid: 3, Time: 4,
		Type: jute.OpDelete})
	entry = append(entry, jute.Append(nil, &jute.PathOnly{Path: []byte("/a")})...)
	digested := append(bytes.Clone(entry), jute.Append(nil, &jute.TxnDigest{Version: 2})...)
	for _, c := range []struct {
		r    jute.Record
		line string
	}{
		{
			&ensemble.QuorumPacket{Type: ensemble.PacketProposal, Zxid: 3, Data: entry},
			`type=PROPOSAL zxid=0x3 data={header={clientId=0x1 cxid=2 zxid=0x3 time=4 type=delete} ` +
				`txn={path="/a"}} authinfo=null`,
		},
		{
			&ensemble.QuorumPacket{Type: ensemble.PacketInform, Zxid: 3, Data: digested},
			`type=INFORM zxid=0x3 data={header={clientId=0x1 cxid=2 zxid=0x3 time=4 type=delete} ` +
				`txn={path="/a"} digest={version=2 treeDigest=0}} authinfo=null`,
		},
		{
			&ensemble.QuorumPacket{Type: ensemble.PacketProposal, Zxid: 3, Data: entry[:33]},
			`type=PROPOSAL zxid=0x3 data=0x` +
				`0000000000000001000000020000000000000003000000000000000400000002` + `00 authinfo=null`,
		},
		{
			&ensemble.QuorumPacket{Type: ensemble.PacketNewLeader, Data: []byte("server.1\nversion=0")},
			`type=NEWLEADER zxid=0x0 data="server.1\nversion=0" authinfo=null`,
		},
		{
			&ensemble.QuorumPacket{Type: ensemble.PacketFollowerInfo, Data: make([]byte, 12)},
			`type=FOLLOWERINFO zxid=0x0 data={serverid=0 protocolVersion=0} authinfo=null`,
		},
		{
			&ensemble.QuorumPacket{Type: ensemble.PacketRevalidate, Data: append(make([]byte, 8), 1)},
			`type=REVALIDATE zxid=0x0 data={sessionId=0x0 valid=true} authinfo=null`,
		},
		{
			&ensemble.QuorumPacket{Type: ensemble.PacketRevalidate, Data: make([]byte, 12)},
			`type=REVALIDATE zxid=0x0 data={sessionId=0x0 timeOut=0} authinfo=null`,
		},
		{
			&ensemble.QuorumPacket{Type: ensemble.PacketPing, Data: make([]byte, 12)},
			`type=PING zxid=0x0 data={sessions=[{sessionId=0x0 timeOut=0}]} authinfo=null`,
		},
		{&ensemble.QuorumPacket{Type: 77}, `type=unknown 77 zxid=0x0 data=null authinfo=null`},
		{
			&jute.LearnerRequest{Type: jute.OpSync, Body: []byte{0, 0, 0, 1, '/'}},
			`sessionId=0x0 cxid=0 type=sync body={path="/"}`,
		},
		{
			&jute.LearnerRequest{Type: jute.OpSync, Body: []byte{1}},
			`sessionId=0x0 cxid=0 type=sync body=0x01`,
		},
		{
			&ensemble.Hello{Version: ensemble.HelloV1, Sid: 2, Addresses: []byte("h:1")},
			`protocolVersion=-65536 sid=2 electionAddr="h:1"`,
		},
		{&ensemble.Hello{Sid: 2}, `sid=2`},
		{
			&ensemble.Notification{Version: 2, State: ensemble.Observing},
			`state=OBSERVING leader=0 zxid=0x0 electionEpoch=0 peerEpoch=0 version=2 config=""`,
		},
		{
			&ensemble.Notification{Short: true, State: 9},
			`state=unknown 9 leader=0 zxid=0x0 electionEpoch=0`,
		},
	} {
		if got := jute.Format(c.r); got != c.line {
			t.Errorf("%s\nwant %s", got, c.line)
		}
	}
	const want = `{"state":"LOOKING","leader":1,"zxid":"0x0","electionEpoch":0,"peerEpoch":0,` +
		`"version":0}`
	n := ensemble.Notification{Leader: 1}
	if got := string(jute.AppendJSON(nil, &n)); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	p := ensemble.QuorumPacket{Type: ensemble.PacketAck}
	const ack = `{"type":"ACK","zxid":"0x0","data":null,"authinfo":null}`
	if got := string(jute.AppendJSON(nil, &p)); got != ack {
		t.Errorf("%s\nwant %s", got, ack)
	}
}

// A leader of Apache's says nothing of syncs, and a learner of Apache's reads the first four bytes
// of what ours says.
func TestALeaderInfoSaysMoreBehindItsVersion(t *testing.T) {
	for text, want := range map[string]ensemble.ProtocolVersion{
		"\x00\x01\x00\x00":                 {Version: ensemble.LearnerProtocol},
		"\x00\x01\x00\x00\x51\x73\x00":     {Version: ensemble.LearnerProtocol},
		"\x00\x01\x00\x00\x51\x73\x00\x01": {ensemble.LearnerProtocol, ensemble.SyncsByQuorum},
	} {
		got := ensemble.ProtocolVersion{Syncs: 9}
		used, err := jute.Decode([]byte(text), &got)
		if err != nil || got != want || used != len(text)&^3 {
			t.Errorf("%x: %+v, %d used, %v", text, got, used, err)
		}
		if again := jute.Append(nil, &got); string(again) != text[:used] {
			t.Errorf("%x became %x", text, again)
		}
	}
}
