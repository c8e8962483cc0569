package jute_test

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"testing"

	"quoll/jute"
)

// TestApacheDecoder: damaged records are read as Apache's decoder reads them, or refused as there.
// interop/record writes the file.
func TestApacheDecoder(t *testing.T) {
	byName := map[string]jute.Record{}
	for _, r := range records() {
		byName[typeName(r)] = r
	}
	byName["SetWatches"] = &jute.SetWatches{}
	byName["SetWatches2"] = &jute.SetWatches{Two: true}
	read, refused := 0, 0
	for _, line := range lines(t, "decode.hex") {
		in := unhex(t, line[2])
		r := fresh(byName[line[1]])
		_, err := jute.Decode(in, r)
		switch {
		case line[3] == "error" && err == nil:
			t.Errorf("%s: %x is read as %s, Apache refuses it", line[0], in, jute.Format(r))
		case line[3] == "error":
			refused++
		case err != nil:
			t.Errorf("%s: %x: %v, Apache reads it", line[0], in, err)
		default:
			read++
			if again := jute.Append(nil, r); !bytes.Equal(again, unhex(t, line[3])) {
				t.Errorf("%s: %x became\n     %x, for Apache\n     %s", line[0], in, again, line[3])
			}
		}
	}
	if read < 300 || refused < 300 {
		t.Errorf("%d records were read and %d refused: the file says too little", read, refused)
	}
}

// TestApacheEvents: the notifications of a server of Apache's, byte for byte.
func TestApacheEvents(t *testing.T) {
	seen := map[jute.EventType]int{}
	for _, line := range lines(t, "frames.hex") {
		if line[0] != "event" {
			continue
		}
		event := map[string]jute.EventType{
			"NodeCreated": 1, "NodeDeleted": 2, "NodeDataChanged": 3, "NodeChildrenChanged": 4,
		}[line[1]]
		path, want := unhex(t, line[2]), unhex(t, line[4])
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
	for _, line := range lines(t, "frames.hex") {
		if line[0] == "reply" {
			replies = append(replies, line)
		}
	}
	if len(replies) != len(want) {
		t.Fatalf("%d replies, want %d", len(replies), len(want))
	}
	for i, line := range replies {
		w, frame := want[i], unhex(t, line[2])
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
