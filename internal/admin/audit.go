package admin

import (
	"bytes"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"quoll/datatree"
	"quoll/internal/config"
	"quoll/jute"
	"quoll/processor/mail"
)

// auditPendingBytes is how many bytes of lines may wait for the writer.
const auditPendingBytes = 16 << 20

// Audit is the audit log. It has one line for each operation, which says who changed what
// (ZKAuditProvider).
//
// The core appends to pending under a mutex that the writer holds only to swap buffers. A nil
// Audit ignores everything.
type Audit struct {
	user    string // name of the user that runs the server
	write   func(lines []byte) error
	close   func() error
	logger  *zap.Logger
	dropped atomic.Int64

	mu      sync.Mutex    // guards pending and closed
	pending []byte        // whole lines
	closed  bool          // no more lines are taken
	signal  chan struct{} // holds one value when lines are pending, or the log is closed
	ended   chan struct{} // closed by run at its end

	// line and its buffer belong to the core.
	line auditLine
}

// OpenAudit starts the audit log. It returns nil if the configuration asks for none, and an error
// if the audit file cannot be opened.
func OpenAudit(o config.Observability, logger *zap.Logger) (*Audit, error) {
	if !o.Audit {
		return nil, nil
	}
	a := &Audit{
		user: UserName(), logger: logger,
		signal: make(chan struct{}, 1), ended: make(chan struct{}),
	}
	a.write, a.close = a.toLogger(logger.Named("audit")), func() error { return nil }
	if o.AuditFile != "" {
		f, err := os.OpenFile(o.AuditFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
		if err != nil {
			return nil, fmt.Errorf("audit file: %w", err)
		}
		a.write, a.close = a.toFile(f), f.Close
	}
	go a.run()
	return a, nil
}

// Applied logs one transaction that the core has applied. own is the request that it answers, nil
// if no client of this server asked for it. Only the core may call Applied.
func (a *Audit) Applied(own *mail.Request, e *jute.Entry, result *datatree.Result) {
	if a == nil {
		return
	}
	l := &a.line
	l.begin(a.user)
	l.operations(own, e, result)
	a.add(l.text)
}

// Started logs that the server has begun to serve, or, with failed, that its start failed.
func (a *Audit) Started(failed bool) {
	if a == nil {
		return
	}
	outcome := success
	if failed {
		outcome = failure
	}
	a.lifecycle("serverStart", outcome)
}

// Stopped logs that the server was asked to stop.
func (a *Audit) Stopped() {
	if a != nil {
		a.lifecycle("serverStop", "invoked")
	}
}

func (a *Audit) lifecycle(operation, result string) {
	var l auditLine
	l.begin(a.user)
	l.add(fields{user: a.user, operation: operation}, result)
	a.add(l.text)
}

// Dropped is how many lines were dropped because too many were pending.
func (a *Audit) Dropped() int64 {
	if a == nil {
		return 0
	}
	return a.dropped.Load()
}

// Close writes what is pending and ends the writer.
func (a *Audit) Close() error {
	if a == nil {
		return nil
	}
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	a.poke()
	<-a.ended
	return a.close()
}

// add hands finished lines to the writer, or counts them as dropped.
func (a *Audit) add(lines []byte) {
	if len(lines) == 0 {
		return
	}
	a.mu.Lock()
	full := a.closed || len(a.pending)+len(lines) > auditPendingBytes
	if !full {
		a.pending = append(a.pending, lines...)
	}
	a.mu.Unlock()
	if full {
		a.dropped.Add(int64(bytes.Count(lines, []byte{'\n'})))
		return
	}
	a.poke()
}

func (a *Audit) poke() {
	select {
	case a.signal <- struct{}{}:
	default:
	}
}

// run writes what is pending until the log is closed.
func (a *Audit) run() {
	defer close(a.ended)
	var lines []byte
	told := int64(0)
	for range a.signal {
		a.mu.Lock()
		lines, a.pending = a.pending, lines[:0]
		closed := a.closed
		a.mu.Unlock()
		if err := a.write(lines); err != nil {
			a.logger.Error("the audit log cannot be written", zap.Error(err))
		}
		if n := a.dropped.Load(); n > told {
			a.logger.Warn("audit lines were dropped", zap.Int64("lines", n-told))
			told = n
		}
		if closed {
			return
		}
	}
}

// toLogger writes each line as an entry of the log. The level is error if the operation failed.
func (a *Audit) toLogger(logger *zap.Logger) func([]byte) error {
	logger = logger.WithOptions(zap.AddStacktrace(zap.FatalLevel), zap.WithCaller(false))
	return func(lines []byte) error {
		for line := range bytes.Lines(lines) {
			if isFailure(line) {
				logger.Error(string(line[:len(line)-1]))
			} else {
				logger.Info(string(line[:len(line)-1]))
			}
		}
		return nil
	}
}

// toFile writes lines in the form of Apache's logging configuration: time, level, then the entry.
func (a *Audit) toFile(f *os.File) func([]byte) error {
	var out []byte
	return func(lines []byte) error {
		out = out[:0]
		stamp := time.Now().Format("2006-01-02 15:04:05,000")
		for line := range bytes.Lines(lines) {
			level := " INFO audit: "
			if isFailure(line) {
				level = " ERROR audit: "
			}
			out = append(append(append(out, stamp...), level...), line...)
		}
		_, err := f.Write(out)
		return err
	}
}

func isFailure(line []byte) bool { return bytes.HasSuffix(line, []byte("result=failure\n")) }
