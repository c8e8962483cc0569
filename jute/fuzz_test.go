package jute_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"quoll/jute"
	"quoll/jute/internal/recordtest"
)

func FuzzConnectRequest(f *testing.F) {
	old := &jute.ConnectRequest{TimeOut: 10, Passwd: make([]byte, 16)}
	f.Add(jute.Append(nil, old))
	f.Add(jute.Append(nil, &jute.ConnectRequest{ReadOnly: true, HasReadOnly: true}))
	f.Add(append(jute.Append(nil, &jute.ConnectRequest{HasReadOnly: true}), 1, 2, 3))
	f.Fuzz(func(t *testing.T, in []byte) {
		var r jute.ConnectRequest
		used, ok := records.Decode(t, in, &r)
		if !ok {
			return
		}
		if r.HasReadOnly != (used > 32+max(0, len(r.Passwd))-4) {
			t.Errorf("%d bytes used, readOnly seen: %v", used, r.HasReadOnly)
		}
		recordtest.Show(&r)
		records.Decode(t, in, &jute.ConnectResponse{})
	})
}

// FuzzRequest reads a frame of any opcode; the opcode is in the header.
func FuzzRequest(f *testing.F) {
	for op := jute.OpCode(-12); op < 110; op++ {
		if r := jute.NewRequest(op); r != nil {
			records.Fill(r)
			frame := jute.Append(nil, &jute.RequestHeader{Xid: 1, Type: op})
			f.Add(jute.Append(frame, r))
		}
	}
	for _, r := range multis() {
		frame := jute.Append(nil, &jute.RequestHeader{Xid: 1, Type: jute.OpMulti})
		f.Add(jute.Append(frame, r))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var h jute.RequestHeader
		n, ok := records.Decode(t, in, &h)
		if !ok {
			return
		}
		r := jute.NewRequest(h.Type)
		if r == nil {
			return
		}
		if _, ok := records.Decode(t, in[n:], r); ok {
			recordtest.Show(r)
		}
	})
}

// FuzzReply reads the body of a reply of any opcode.
func FuzzReply(f *testing.F) {
	for op := jute.OpCode(-12); op < 110; op++ {
		if r := jute.NewReply(op); r != nil {
			records.Fill(r)
			f.Add(int32(op), jute.Append(nil, r))
		}
	}
	for _, r := range multis() {
		f.Add(int32(jute.OpMulti), jute.Append(nil, r))
	}
	f.Fuzz(func(t *testing.T, op int32, in []byte) {
		r := jute.NewReply(jute.OpCode(op))
		if r == nil {
			r = &jute.WatcherEvent{}
		}
		if _, ok := records.Decode(t, in, r); ok {
			recordtest.Show(r)
		}
		records.Decode(t, in, &jute.ReplyHeader{})
	})
}

func FuzzParseEntry(f *testing.F) {
	types := []jute.OpCode{
		jute.OpCreate, jute.OpCreate2, jute.OpCreateContainer, jute.OpCreateTTL, jute.OpDelete,
		jute.OpSetData, jute.OpSetACL, jute.OpMulti, jute.OpCreateSession, jute.OpCloseSession,
		jute.OpError, jute.OpReconfig, jute.OpDeleteContainer,
	}
	for _, op := range types {
		rec := jute.NewTxn(op)
		if op == jute.OpMulti {
			rec = &jute.MultiTxn{Txns: []jute.Txn{
				{Type: jute.OpDelete, Data: jute.Append(nil, &jute.PathOnly{})},
				{Type: jute.OpCheck, Data: jute.Append(nil, &jute.PathVersion{})},
			}}
		} else {
			records.Fill(rec)
		}
		e := jute.Entry{Header: jute.TxnHeader{Type: op}, Body: jute.Append(nil, rec)}
		f.Add(jute.AppendEntry(nil, &e))
		e.HasDigest, e.Digest = true, jute.TxnDigest{Version: 2, TreeDigest: 1 << 63}
		f.Add(jute.AppendEntry(nil, &e))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var e jute.Entry
		var err error
		recordtest.Bounded(t, in, func() { e, err = jute.ParseEntry(in) })
		if err != nil {
			return
		}
		if again := jute.AppendEntry(nil, &e); !bytes.HasPrefix(in, again) {
			t.Errorf("%x became %x", in, again)
		}
		rec := jute.NewTxn(e.Header.Type)
		used, ok := records.Decode(t, e.Body, rec)
		if !ok || used != len(e.Body) {
			t.Fatalf("%v: %d of %d bytes used", e.Header.Type, used, len(e.Body))
		}
		recordtest.Show(rec)
		if multi, is := rec.(*jute.MultiTxn); is {
			for _, sub := range multi.Txns {
				if _, ok := records.Decode(t, sub.Data, jute.NewTxn(sub.Type)); !ok {
					t.Errorf("%v in a multi does not decode", sub.Type)
				}
			}
		}
	})
}

// FuzzFast compares the hand-written encoders with Fields.
func FuzzFast(f *testing.F) {
	f.Add(int32(1), int64(2), int32(-101), int32(3), []byte("/a"))
	f.Add(int32(-1), int64(-1), int32(0), int32(1), []byte(nil))
	f.Fuzz(func(t *testing.T, xid int32, zxid int64, code, event int32, path []byte) {
		h := jute.ReplyHeader{Xid: xid, Zxid: jute.Zxid(zxid), Err: jute.ErrorCode(code)}
		slow := jute.Append(nil, &h)
		if fast := jute.AppendReplyHeader(nil, h.Xid, h.Zxid, h.Err); !bytes.Equal(fast, slow) {
			t.Errorf("header: %x, by Fields %x", fast, slow)
		}
		s := jute.Stat{
			Czxid: jute.Zxid(zxid), Mzxid: jute.Zxid(zxid + 1), Ctime: zxid + 2, Mtime: zxid + 3,
			Version: xid, Cversion: xid + 1, Aversion: xid + 2,
			EphemeralOwner: jute.SessionID(zxid + 4), DataLength: code, NumChildren: event,
			Pzxid: jute.Zxid(zxid + 5),
		}
		slow = jute.Append(nil, &s)
		fast := jute.AppendStat(nil, &s)
		if !bytes.Equal(fast, slow) || len(fast) != jute.StatBytes {
			t.Errorf("stat: %x, by Fields %x", fast, slow)
		}
		fast = jute.AppendWatcherEvent(nil, h.Zxid, jute.EventType(event), path)
		slow = jute.Append(jute.FrameStart(nil), &jute.ReplyHeader{Xid: -1, Zxid: h.Zxid})
		slow = jute.Append(slow, &jute.WatcherEvent{
			Type: jute.EventType(event), State: 3, Path: path,
		})
		jute.FrameEnd(slow, 0)
		if !bytes.Equal(fast, slow) {
			t.Errorf("event: %x, by Fields %x", fast, slow)
		}
	})
}

// FuzzValidPath compares with the rule written in another way: forwards, unit by unit.
func FuzzValidPath(f *testing.F) {
	for _, path := range []string{"/", "/a/b", "/a/", "//", "/a/../b", "/.", "/😀", "/\x7f", "a"} {
		f.Add([]byte(path))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		text := jute.JavaText(in)
		if got, want := jute.ValidPath(text), plainRule(text); got != want {
			t.Errorf("%q: %v, by the rule %v", text, got, want)
		}
	})
}

func plainRule(text []byte) bool {
	path := string(text)
	if path == "/" {
		return true
	}
	if !strings.HasPrefix(path, "/") {
		return false
	}
	for _, segment := range strings.Split(path[1:], "/") {
		if segment == "" || segment == "." || segment == ".." {
			return false
		}
	}
	for len(path) > 0 {
		r, n := utf8.DecodeRuneInString(path)
		// A surrogate's three bytes are no UTF-8 for Go; none is allowed either.
		if r == utf8.RuneError || r < 0x20 || r >= 0x7f && r <= 0x9f ||
			r >= 0xd800 && r <= 0xf8ff || r >= 0xfff0 {
			return false
		}
		path = path[n:]
	}
	return true
}

// FuzzJavaText: text within the basic plane is kept, everything else becomes such text or pairs
// of surrogates, and a second pass leaves no surrogate.
func FuzzJavaText(f *testing.F) {
	f.Add([]byte("a\xed\xa0\xbd\xed\xb8\x80é"))
	f.Add([]byte("😀\xf0\x9f"))
	f.Fuzz(func(t *testing.T, in []byte) {
		once := jute.JavaText(in)
		twice := jute.JavaText(once)
		if !utf8.Valid(twice) {
			t.Errorf("%x, then %x, then invalid %x", in, once, twice)
		}
		if utf8.Valid(once) && !bytes.Equal(once, twice) {
			t.Errorf("%x became %x", once, twice)
		}
		if plain := jute.PlainText(string(once)); plain != strings.ToValidUTF8(plain, "") ||
			utf8.Valid(in) && plain != string(in) {
			t.Errorf("%x is printed as %x", in, plain)
		}
		var r jute.PathOnly
		if _, err := jute.Decode(jute.AppendBuffer(nil, in), &r); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(r.Path, once) {
			t.Errorf("%x read as %x, want %x", in, r.Path, once)
		}
	})
}
