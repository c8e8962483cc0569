package server

import (
	"go.uber.org/zap"

	"quoll/datatree"
)

// alarms are the lines of what must not happen, and does.
type alarms struct {
	faults faultLog
	quotas quotaLog
}

// A tree that differs once differs after every transaction that follows.
const faultsAgainMillis = 60_000

// faultLog tells the log of what cannot happen to the tree: the first of a kind when it is seen,
// later ones together, once a minute. It belongs to the core, after restore.
type faultLog struct {
	logger *zap.Logger
	told   datatree.Faults
	next   int64 // ms: until then nothing more is told of a kind that was told of
}

// look is told what the tree counts.
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

// Of a quota that is passed by every write there is a line a second; of more than so many quotas at
// a time, none. Apache's RateLogger remembers the last message alone: two quotas take turns in it.
const (
	quotaAgainMillis = 1000
	maxQuotaLines    = 1024
)

// quotaLog says when a quota that is passed deserves a line. It belongs to the core.
type quotaLog struct {
	lines map[string]quotaLine // by path
	swept int64                // ms
}

type quotaLine struct {
	at    int64 // ms
	since int   // times since then
}

// due says whether a line is due, and for how many times that had none.
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

// sweep forgets old lines, at most once a second, and says whether there is room.
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
