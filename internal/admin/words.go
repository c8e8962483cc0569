package admin

import (
	"encoding/binary"
	"strconv"
	"sync/atomic"

	"go.uber.org/zap"

	"quoll/internal/config"
	"quoll/internal/metrics"
	"quoll/processor/lane"
	"quoll/processor/session"
)

// Deps are the parts of a server that the words report on. The functions must be safe to call from
// any goroutine.
type Deps struct {
	Config  *config.Config
	Shared  *lane.Shared
	Metrics *metrics.Server
	Logger  *zap.Logger
	Version string // as in "Zookeeper version: ..."; see Version

	// WallMillis is ms since 1970; Shared.Clock is the monotonic clock.
	WallMillis func() int64
	// Mode returns standalone, leader, follower or observer; nil: standalone. While the server
	// serves only reads, the words say read-only whatever Mode returns.
	Mode func() string
	// Ensemble returns how the server stands in its ensemble; nil: it is alone.
	Ensemble func() Ensemble
	// Sessions returns the core's numbers of sessions. With deadlines it returns the deadlines too,
	// which may take a moment.
	Sessions func(deadlines bool) Sessions
	// Live returns what conf and dirs tell besides the configuration.
	Live func() config.Live
	// Doors returns the counts of the reactor; nil: all are 0.
	Doors func() Doors
	// MaxAnswerBytes bounds an answer; 0: 16 MiB.
	MaxAnswerBytes int
}

// Sessions is what the core publishes about its sessions.
type Sessions struct {
	Count      int   // all sessions, local ones included
	Locals     int   // local sessions
	WallMillis int64 // when Deadlines was made, ms since 1970
	Deadlines  []session.Deadline
}

// Doors counts connections that ended or never began.
type Doors struct {
	Rejected int64 // refused because of a limit, before they had a stream
	Dropped  int64 // ended by their clients, without a closeSession
	Expired  int64 // closed because they had no session in time
	// Unfinished counts connections that were closed because a request did not end. UnfinishedBytes
	// is how many bytes of such requests are in memory now.
	Unfinished, UnfinishedBytes int64
}

const (
	notServing          = "This ZooKeeper instance is not currently serving requests"
	defaultAnswerBytes  = 16 << 20
	firstTraceMask      = 306 // the answer to gtmk of an Apache server that was just started
	telnetClose         = "\xff\xf4\xff\xfd"
	traceMaskWord       = "stmk"
	traceMaskWordLength = 4 + 8
)

// Commands answers four-letter words. It is a lane.Words.
type Commands struct {
	Deps
	words map[uint32]*word
	start int64 // monotonic ms
	// epoch is the difference between ms since 1970 and ms of the monotonic clock. It is taken
	// once, so that the same moment is always printed in the same way.
	epoch   int64
	trace   atomic.Int64
	monitor monitor
}

// word is one command.
type word struct {
	name    string
	allowed bool
	// whileClosed means that the word is answered also while the server takes no sessions.
	whileClosed bool
	// quick means that the answer can be made on an event loop: it waits for no lock that may be
	// held for long, and goes over no list that may be long.
	quick bool
	run   func(c *Commands, p *page)
}

// table returns all words. stmk has no function here, because it has an argument. The telnet close
// sequence does nothing; it is in the table so that it does not count as a malformed packet.
func table() []word {
	return []word{
		{name: "conf", run: (*Commands).conf},
		{name: "cons", run: (*Commands).cons},
		{name: "crst", run: (*Commands).crst, quick: true},
		{name: "dirs", run: (*Commands).dirs},
		{name: "dump", run: (*Commands).dump},
		{name: "envi", run: (*Commands).envi, whileClosed: true},
		{name: "gtmk", run: (*Commands).gtmk, whileClosed: true, quick: true},
		{name: "hash", run: (*Commands).hash, whileClosed: true},
		{name: "isro", run: (*Commands).isro, whileClosed: true, quick: true},
		{name: "mntr", run: (*Commands).mntr},
		{name: "ruok", run: (*Commands).ruok, whileClosed: true, quick: true},
		{name: "srst", run: (*Commands).srst},
		{name: "srvr", run: (*Commands).srvr},
		{name: "stat", run: (*Commands).stat},
		{name: traceMaskWord, whileClosed: true, quick: true},
		{name: "wchc", run: (*Commands).wchc},
		{name: "wchp", run: (*Commands).wchp},
		{name: "wchs", run: (*Commands).wchs},
		{name: telnetClose, run: func(*Commands, *page) {}, whileClosed: true, quick: true},
	}
}

// New makes the commands of one server and registers its gauges in d.Metrics.
func New(d Deps) *Commands {
	if d.MaxAnswerBytes == 0 {
		d.MaxAnswerBytes = defaultAnswerBytes
	}
	if d.Mode == nil {
		d.Mode = func() string { return "standalone" }
	}
	if d.Ensemble != nil {
		d.Mode = func() string { return d.Ensemble().Mode }
	}
	role := d.Mode
	d.Mode = func() string {
		if d.Shared.Serving.Load() == lane.ReadOnly {
			return "read-only"
		}
		return role()
	}
	if d.Doors == nil {
		d.Doors = func() Doors { return Doors{} }
	}
	c := &Commands{Deps: d, start: d.Shared.Clock(), words: make(map[uint32]*word)}
	for _, w := range table() {
		w.allowed = c.allows(w.name)
		c.words[binary.BigEndian.Uint32([]byte(w.name))] = &w
	}
	c.epoch = d.WallMillis() - c.start
	c.trace.Store(firstTraceMask)
	c.registerGauges()
	c.monitor.follow(c)
	return c
}

// allows says whether a word is in the whitelist. isro is always allowed if the server can be
// read-only, because clients then look for a server that is not. (The configuration always allows
// srvr, because scripts need it.)
func (c *Commands) allows(name string) bool {
	return name == "isro" && c.Config.Features.ReadOnlyMode ||
		c.Config.Observability.Allows(name)
}

// Word finds the command in the first four bytes of in (lane.Words).
func (c *Commands) Word(in []byte) (asked lane.Word, used int, known bool) {
	if len(in) < 4 {
		return asked, 0, false
	}
	w := c.words[binary.BigEndian.Uint32(in)]
	if w == nil {
		return asked, 0, false
	}
	switch {
	case !w.allowed:
		c.Logger.Debug("four-letter word is not in the whitelist", zap.String("word", w.title()))
		return saying(w.title() + " is not executed because it is not in the whitelist.\n"), 4, true
	case w.name == traceMaskWord:
		if len(in) < traceMaskWordLength {
			return asked, 0, true
		}
		mask := int64(binary.BigEndian.Uint64(in[4:]))
		return c.asked(w, func(c *Commands, p *page) { c.stmk(p, mask) }), traceMaskWordLength, true
	}
	c.Logger.Debug("four-letter word", zap.String("word", w.title()))
	if !w.whileClosed && c.Shared.Serving.Load() == lane.NoService {
		return saying(notServing + "\n"), 4, true
	}
	return c.asked(w, w.run), 4, true
}

// saying returns a word that is answered with a fixed text.
func saying(text string) lane.Word {
	return lane.Word{Answer: func() []byte { return []byte(text) }}
}

// asked returns a word that is answered with the page that run writes.
func (c *Commands) asked(w *word, run func(*Commands, *page)) lane.Word {
	return lane.Word{Long: !w.quick, Answer: func() []byte {
		p := page{limit: c.MaxAnswerBytes}
		run(c, &p)
		if p.cut {
			c.Logger.Warn("the answer to a four-letter word was cut",
				zap.String("word", w.title()), zap.Int("bytes", len(p.bytes)))
		}
		return p.bytes
	}}
}

func (w *word) title() string {
	if w.name == telnetClose {
		return "telnet close"
	}
	return w.name
}

// page is an answer that is being written, line by line.
type page struct {
	bytes []byte
	limit int  // bytes
	cut   bool // the limit was reached, so no more lines are added
}

// fits says whether a line may be added. Once it has returned false, it always does.
func (p *page) fits() bool {
	p.cut = p.cut || len(p.bytes) >= p.limit
	return !p.cut
}

func (p *page) text(parts ...string) {
	for _, s := range parts {
		p.bytes = append(p.bytes, s...)
	}
}

func (p *page) number(before string, n int64) {
	p.bytes = strconv.AppendInt(append(p.bytes, before...), n, 10)
}

// hex is Java's Long.toHexString.
func (p *page) hex(before string, n int64) {
	p.bytes = strconv.AppendUint(append(p.bytes, before...), uint64(n), 16)
}

// Write implements io.Writer. It never fails.
func (p *page) Write(b []byte) (int, error) {
	p.bytes = append(p.bytes, b...)
	return len(b), nil
}
