package server

import (
	"go.uber.org/zap"

	"quoll/datatree"
)

// alarms are the log lines about things that must not happen.
type alarms struct {
	faults faultLog
	quotas quotaLog
}

// faultsAgainMillis is the time between two lines about the tree's faults. A tree whose digest
// differs once has a fault with every transaction that follows.
const faultsAgainMillis = 60_000

// faultLog writes lines about faults of the tree (datatree.Faults). The first fault of a kind gets
// a line at once; later ones share a line, once a minute. It belongs to the core after restore.
type faultLog struct {
	logger *zap.Logger
	told   datatree.Faults // the counts that lines were written about
	next   int64           // monotonic ms; before it, only the first fault of a kind gets a line
}

// look takes the tree's counts, and writes a line when one is due.
func (l *faultLog) look(f datatree.Faults, nowMillis int64) {
	again := nowMillis >= l.next
	mismatches := f.Mismatches - l.told.Mismatches
	if mismatches > 0 && (again || l.told.Mismatches == 0) {
		l.told.Mismatches = f.Mismatches
		l.next = nowMillis + faultsAgainMillis
		l.logger.Error("the digest of the tree differs from the log's",
			zap.Uint64("times", mismatches), zap.Stringer("last zxid", f.Mismatch.Zxid),
			zap.Uint64("want", f.Mismatch.Want), zap.Uint64("have", f.Mismatch.Have))
	}
	inconsistencies := f.Inconsistencies - l.told.Inconsistencies
	if inconsistencies > 0 && (again || l.told.Inconsistencies == 0) {
		l.told.Inconsistencies = f.Inconsistencies
		l.next = nowMillis + faultsAgainMillis
		last := &f.Inconsistency
		l.logger.Error("a transaction does not fit the tree",
			zap.Uint64("times", inconsistencies), zap.Stringer("last zxid", last.Zxid),
			zap.Stringer("operation", last.Type), zap.String("path", last.Path),
			zap.Error(last.Err))
	}
}

// A quota gets one line a second, however many writes exceed it. When more than maxQuotaLines
// quotas are exceeded within a second, the others get no line. Apache's RateLogger remembers only
// the last message: two quotas that are exceeded in turn get a line for each write.
const (
	quotaAgainMillis = 1000
	maxQuotaLines    = 1024
)

// quotaLog decides which excess of a quota gets a line. It belongs to the core.
type quotaLog struct {
	lines map[string]quotaLine // by the path that has the quota
	swept int64                // monotonic ms: when old lines were last removed
}

// quotaLine is the last line about a quota.
type quotaLine struct {
	at    int64 // monotonic ms
	since int   // excesses since then; they got no line
}

// due says whether an excess of a quota gets a line, and how many excesses before it got none.
func (l *quotaLog) due(path string, nowMillis int64) (unsaid int, ok bool) {
	line, known := l.lines[path]
	if known && nowMillis-line.at < quotaAgainMillis {
		line.since++
		l.lines[path] = line
		return 0, false
	}
	if !known && len(l.lines) >= maxQuotaLines && !l.sweep(nowMillis) {
		return 0, false
	}
	if l.lines == nil {
		l.lines = make(map[string]quotaLine)
	}
	l.lines[path] = quotaLine{at: nowMillis}
	return line.since, true
}

// sweep removes old lines, at most once a second, and says whether there is room for a new one.
func (l *quotaLog) sweep(nowMillis int64) bool {
	if nowMillis-l.swept < quotaAgainMillis {
		return false
	}
	l.swept = nowMillis
	for path, line := range l.lines {
		if nowMillis-line.at >= quotaAgainMillis {
			delete(l.lines, path)
		}
	}
	return len(l.lines) < maxQuotaLines
}
