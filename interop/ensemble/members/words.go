package members

import (
	"bufio"
	"context"
	"strconv"
	"strings"
	"time"

	"quoll/interop/process"
	"quoll/jute"
)

// The modes that srvr names.
const (
	ModeLeader   = "leader"
	ModeFollower = "follower"
	ModeObserver = "observer"
)

// Status is what a member says of itself. Mode is empty when it serves nobody.
type Status struct {
	Mode string
	Zxid jute.Zxid // the last one applied
}

// answerWithin bounds one word: a paused member accepts, and never answers.
const answerWithin = 500 * time.Millisecond

func (e *Ensemble) word(ctx context.Context, id int, word string) string {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	answer, err := process.FourLetter(ctx, e.Member(id).Addr(), word)
	if err != nil {
		return ""
	}
	return answer
}

// Status asks a member.
func (e *Ensemble) Status(ctx context.Context, id int) (s Status) {
	m := e.Member(id)
	if !e.Running(id) || m.paused {
		return s
	}
	for line := range strings.Lines(e.word(ctx, id, "srvr")) {
		line = strings.TrimSpace(line)
		if mode, ok := strings.CutPrefix(line, "Mode: "); ok {
			s.Mode = mode
		}
		if text, ok := strings.CutPrefix(line, "Zxid: 0x"); ok {
			if zxid, err := strconv.ParseInt(text, 16, 64); err == nil {
				s.Zxid = jute.Zxid(zxid)
			}
		}
	}
	return s
}

// Figures are the lines of mntr.
func (e *Ensemble) Figures(ctx context.Context, id int) map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(e.word(ctx, id, "mntr")) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			all[name] = value
		}
	}
	return all
}

// Digests are the tree's digests by zxid that a member remembers.
func (e *Ensemble) Digests(ctx context.Context, id int) map[jute.Zxid]int64 {
	all := map[jute.Zxid]int64{}
	lines := bufio.NewScanner(strings.NewReader(e.word(ctx, id, "hash")))
	for lines.Scan() {
		at, value, ok := strings.Cut(lines.Text(), ": ")
		zxid, err := strconv.ParseInt(at, 16, 64)
		digest, err2 := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
		if ok && err == nil && err2 == nil {
			all[jute.Zxid(zxid)] = digest
		}
	}
	return all
}
