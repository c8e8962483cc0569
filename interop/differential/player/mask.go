package player

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"quoll/interop/differential/program"
	"quoll/jute"
)

// The masks. Whatever is not named here is compared as it came; a new one needs a page in
// docs/decisions.

// wallClock is where a time is one of the servers' clocks, ms since 1970; below it lie the zeros of
// the nodes that every tree begins with.
const wallClock = 1_000_000_000_000

// Canonical is what must be the same on both sides.
func (s *Side) Canonical(x program.Seen) []byte {
	switch x.What {
	case "connect":
		return maskConnect(x.Frame)
	case "word":
		return s.maskWord(string(x.Frame))
	case "reply", "event":
		return s.maskReply(x)
	}
	return nil
}

func maskConnect(frame []byte) []byte {
	var r jute.ConnectResponse
	used, err := jute.Decode(frame, &r)
	if err != nil || !bytes.Equal(jute.Append(nil, &r), frame[:used]) {
		return frame
	}
	if r.SessionID != 0 {
		r.SessionID = 1
		r.Passwd = make([]byte, len(r.Passwd))
	}
	return append(jute.Append(nil, &r), frame[used:]...)
}

func (s *Side) maskReply(x program.Seen) []byte {
	var h jute.ReplyHeader
	n, err := jute.Decode(x.Frame, &h)
	if err != nil {
		return x.Frame
	}
	rec := program.ReplyRecord(x.Op, h)
	if rec == nil {
		return x.Frame
	}
	used, err := jute.Decode(x.Frame[n:], rec)
	if err != nil {
		return x.Frame
	}
	if !bytes.Equal(jute.Append(nil, rec), x.Frame[n:n+used]) {
		return s.maskLastStat(x.Frame, n+used, rec)
	}
	s.maskRecord(rec)
	return append(jute.Append(x.Frame[:n:n], rec), x.Frame[n+used:]...)
}

// maskLastStat masks an ACL's reply of which not every byte can be made again: Java writes half a
// surrogate pair in a way that decoded text loses. All but the times is compared as it came.
func (s *Side) maskLastStat(frame []byte, end int, rec jute.Record) []byte {
	r, ok := rec.(*jute.ACLStat)
	if !ok {
		return frame
	}
	s.maskStat(&r.Stat)
	stat := jute.Append(nil, &r.Stat)
	masked := bytes.Clone(frame)
	copy(masked[end-len(stat):end], stat)
	return masked
}

func (s *Side) maskRecord(rec jute.Record) {
	switch r := rec.(type) {
	case *jute.Stat:
		s.maskStat(r)
	case *jute.DataStat:
		s.maskStat(&r.Stat)
	case *jute.PathStat:
		s.maskStat(&r.Stat)
	case *jute.ACLStat:
		s.maskStat(&r.Stat)
	case *jute.NamesStat:
		s.maskStat(&r.Stat)
		slices.SortFunc(r.Names, bytes.Compare)
	case *jute.Names:
		slices.SortFunc(r.Names, bytes.Compare)
	case *jute.MultiResponse:
		for i := range r.Results {
			s.maskResult(&r.Results[i])
		}
	}
}

func (s *Side) maskResult(r *jute.MultiResult) {
	switch {
	case r.PathStat != nil:
		s.maskStat(&r.PathStat.Stat)
	case r.DataStat != nil:
		s.maskStat(&r.DataStat.Stat)
	case r.Names != nil:
		s.maskRecord(r.Names)
	}
}

func (s *Side) maskStat(st *jute.Stat) {
	if st.Ctime > wallClock {
		st.Ctime = wallClock
	}
	if st.Mtime > wallClock {
		st.Mtime = wallClock
	}
	if place, known := s.places[st.EphemeralOwner]; known {
		st.EphemeralOwner = jute.SessionID(-1000 - place)
	}
}

// order sorts what the order of a Java hash set decides: the events of one closeSession, which
// deletes the session's ephemeral nodes in the order of such a set.
func (s *Side) order(list []program.Seen) {
	for from := 0; from < len(list); {
		zxid, ok := s.closing(list[from])
		to := from + 1
		if !ok {
			from = to
			continue
		}
		for to < len(list) && list[to].Slot == list[from].Slot {
			z, ok := s.closing(list[to])
			if !ok || z != zxid {
				break
			}
			to++
		}
		run := list[from:to]
		sort.SliceStable(run, func(i, j int) bool {
			return bytes.Compare(run[i].Frame, run[j].Frame) < 0
		})
		from = to
	}
}

func (s *Side) closing(x program.Seen) (jute.Zxid, bool) {
	var h jute.ReplyHeader
	if x.What != "event" {
		return 0, false
	}
	if _, err := jute.Decode(x.Frame, &h); err != nil {
		return 0, false
	}
	return h.Zxid, s.closings[h.Zxid]
}

// maskWord keeps the lines of a four-letter word's answer that two equal servers agree on.
func (s *Side) maskWord(text string) []byte {
	if _, ephemerals, ok := strings.Cut(text, "Sessions with Ephemerals "); ok {
		ephemerals, _, _ = strings.Cut(ephemerals, "Connections dump:")
		return s.maskBlocks(ephemerals)
	}
	if strings.Contains(text, "\n\t") {
		return s.maskBlocks(text)
	}
	var kept []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "Zookeeper version:"), strings.HasPrefix(line, "Latency"),
			strings.HasPrefix(line, "Received:"), strings.HasPrefix(line, "Sent:"),
			strings.HasPrefix(line, "Connections:"), strings.HasPrefix(line, "Outstanding:"),
			strings.HasPrefix(line, "clientPort="), strings.HasPrefix(line, "dataDir="),
			strings.HasPrefix(line, "dataLogDir="), strings.HasPrefix(line, "dataDirSize="),
			strings.HasPrefix(line, "dataLogSize="):
			line, _, _ = strings.Cut(line, ":")
			line, _, _ = strings.Cut(line, "=")
		case strings.HasPrefix(line, "zk_"):
			line = maskMonitor(line)
		}
		if line != "" {
			kept = append(kept, line)
		}
	}
	if len(kept) > 0 && strings.HasPrefix(kept[0], "zk_") {
		sort.Strings(kept)
	}
	return []byte(strings.Join(kept, "\n"))
}

// maskBlocks sorts what wchc, wchp and dump list, lines with indented ones below them, after
// putting the sessions' places for their ids.
func (s *Side) maskBlocks(text string) []byte {
	var blocks [][]string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		inside := strings.HasPrefix(line, "\t")
		word := strings.TrimSuffix(strings.TrimSpace(line), ":")
		if id, err := strconv.ParseUint(word, 0, 64); err == nil {
			if place, known := s.places[jute.SessionID(id)]; known {
				line = strings.Replace(line, word, fmt.Sprint("session ", place), 1)
			}
		}
		if !inside || len(blocks) == 0 {
			blocks = append(blocks, nil)
		}
		last := len(blocks) - 1
		blocks[last] = append(blocks[last], line)
	}
	for _, b := range blocks {
		sort.Strings(b[1:])
	}
	sort.SliceStable(blocks, func(i, j int) bool { return blocks[i][0] < blocks[j][0] })
	return []byte(strings.Join(slices.Concat(blocks...), "\n"))
}

// monitored are the lines of mntr that count what the program did and nothing else.
var monitored = map[string]bool{ // read-only: a table
	"zk_server_state": true, "zk_znode_count": true, "zk_ephemerals_count": true,
	"zk_approximate_data_size": true, "zk_watch_count": true,
}

func maskMonitor(line string) string {
	key, _, _ := strings.Cut(line, "\t")
	if monitored[key] {
		return line
	}
	return ""
}

// Differ compares what two sides did. It returns where they part: the places in the two lists.
func Differ(a, b *Side, inA, inB []program.Seen) (at int, same bool) {
	a.order(inA)
	b.order(inB)
	for i := range max(len(inA), len(inB)) {
		if i >= len(inA) || i >= len(inB) {
			return i, false
		}
		x, y := inA[i], inB[i]
		if x.Slot != y.Slot || x.What != y.What || x.Op != y.Op || x.Index != y.Index ||
			!bytes.Equal(a.Canonical(x), b.Canonical(y)) {
			return i, false
		}
	}
	return 0, true
}

// Signature says shortly what kind of a difference it is.
func Signature(x, y *program.Seen) string {
	name := func(s *program.Seen) string {
		if s == nil {
			return "nothing"
		}
		var h jute.ReplyHeader
		if s.What == "reply" {
			if _, err := jute.Decode(s.Frame, &h); err == nil {
				return fmt.Sprintf("reply to %v %s", s.Op, h.Err.String())
			}
		}
		if s.What == "event" {
			return "event"
		}
		return s.What
	}
	if x != nil && y != nil && name(x) == name(y) {
		return name(x) + ", other bytes"
	}
	return name(x) + " / " + name(y)
}
