package jute_test

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"testing"

	"quoll/jute"
	"quoll/jute/internal/recordtest"
)

// TestApacheEvents: the notifications of a server of Apache's, byte for byte.
func TestApacheEvents(t *testing.T) {
	seen := map[jute.EventType]int{}
	for _, line := range recordtest.Lines(t, "frames.hex") {
		if line[0] != "event" {
			continue
		}
		event := map[string]jute.EventType{
			"NodeCreated": 1, "NodeDeleted": 2, "NodeDataChanged": 3, "NodeChildrenChanged": 4,
		}[line[1]]
		path, want := recordtest.Unhex(t, line[2]), recordtest.Unhex(t, line[4])
		zxid, err := strconv.ParseInt(line[3], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if got := jute.AppendWatcherEvent(nil, jute.Zxid(zxid), event, path); !bytes.Equal(
			got[4:], want) || int(binary.BigEndian.Uint32(got)) != len(want) {
			t.Errorf("%v: %x, want %x", line, got, want)
		}
		if event.String() != line[1] {
			t.Errorf("%s is printed as %v", line[1], event)
		}
		header := jute.ReplyHeader{Xid: jute.XidNotification, Zxid: jute.Zxid(zxid)}
		body := jute.WatcherEvent{Type: event, State: jute.StateSyncConnected, Path: path}
		if got := jute.Append(jute.Append(nil, &header), &body); !bytes.Equal(got, want) {
			t.Errorf("%v: %x by fields", line, got)
		}
		seen[event]++
	}
	for event := jute.EventCreated; event <= jute.EventChildrenChanged; event++ {
		if seen[event] < 4 {
			t.Errorf("%v: %d frames", event, seen[event])
		}
	}
}

// TestApacheReplies: replies of a server of Apache's, which the encoders by hand write too.
func TestApacheReplies(t *testing.T) {
	type reply struct {
		name                string
		err                 jute.ErrorCode
		data                []byte
		mzxid, version, len int
	}
	want := []reply{
		{"getData", jute.OK, []byte("data"), 10, 0, 4}, {"exists", jute.OK, nil, 10, 0, 4},
		{"setData", jute.OK, nil, 16, 1, 0}, {"getData", jute.OK, nil, 16, 1, 0},
		{"setData", jute.OK, nil, 17, 2, 0}, {"getData", jute.OK, []byte{}, 17, 2, 0},
		{"getData", jute.NoNode, nil, 0, 0, 0},
	}
	var replies [][]string
	for _, line := range recordtest.Lines(t, "frames.hex") {
		if line[0] == "reply" {
			replies = append(replies, line)
		}
	}
	if len(replies) != len(want) {
		t.Fatalf("%d replies, want %d", len(replies), len(want))
	}
	for i, line := range replies {
		w, frame := want[i], recordtest.Unhex(t, line[2])
		var h jute.ReplyHeader
		n, err := jute.Decode(frame, &h)
		if err != nil || h.Err != w.err || line[1] != w.name {
			t.Errorf("%v: %+v, %v, want %+v", line, h, err, w)
		}
		got := jute.AppendReplyHeader(nil, h.Xid, h.Zxid, h.Err)
		if w.err == jute.OK {
			var r jute.DataStat
			if w.name == "getData" {
				_, err = jute.Decode(frame[n:], &r)
				got = jute.AppendBuffer(got, w.data)
			} else {
				_, err = jute.Decode(frame[n:], &r.Stat)
			}
			s := r.Stat
			if err != nil || !bytes.Equal(r.Data, w.data) || s.Czxid != 10 || s.Pzxid != 10 ||
				s.Mzxid != jute.Zxid(w.mzxid) || s.Version != int32(w.version) ||
				s.DataLength != int32(w.len) || s.NumChildren != 0 || s.EphemeralOwner != 0 {
				t.Errorf("%v: %+v, %v, want %+v", line, r, err, w)
			}
			got = jute.AppendStat(got, &s)
		}
		if !bytes.Equal(got, frame) {
			t.Errorf("%v: %x", line, got)
		}
	}
}
