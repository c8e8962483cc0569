package members

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"quoll/jute"
)

// Deadlines of waiting. A JVM takes seconds to start on a machine that has other work.
const (
	within = 90 * time.Second
	poll   = 10 * time.Millisecond
)

// ErrDied: a member has ended by itself.
var ErrDied = errors.New("a member ended by itself")

// Wait asks until is says that it is so, or the deadline of ctx, 90 s without one. what is for the
// error.
func (e *Ensemble) Wait(ctx context.Context, what string, is func(context.Context) bool) error {
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = Context(ctx)
		defer cancel()
	}
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for !is(ctx) {
		if dead := e.Died(); len(dead) > 0 {
			return fmt.Errorf("waiting for %s: %w: %v, exit code %d", what, ErrDied, dead,
				e.process(dead[0]).ExitCode())
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w; members say %v", what, ctx.Err(), e.modes())
		case <-ticker.C:
		}
	}
	return nil
}

// modes is what each member says that it is, for an error.
func (e *Ensemble) modes() map[int]string {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	all := map[int]string{}
	for _, id := range e.All() {
		all[id] = e.Status(ctx, id).Mode
	}
	return all
}

// Leader is the id of the member that says that it leads, 0 when none does.
func (e *Ensemble) Leader(ctx context.Context) int {
	for _, id := range e.Up() {
		if e.Status(ctx, id).Mode == ModeLeader {
			return id
		}
	}
	return 0
}

// WaitServing waits until members serve clients, one of them as the leader, and names it.
func (e *Ensemble) WaitServing(ctx context.Context, ids ...int) (leader int, err error) {
	err = e.Wait(ctx, fmt.Sprintf("members %v to serve", ids), func(ctx context.Context) bool {
		leader = 0
		for _, id := range ids {
			switch e.Status(ctx, id).Mode {
			case "":
				return false
			case ModeLeader:
				leader = id
			}
		}
		if leader == 0 {
			leader = e.Leader(ctx)
		}
		return leader != 0
	})
	return leader, err
}

// WaitEqual waits until members have applied the same transactions, and says up to which. Nobody
// may write meanwhile.
func (e *Ensemble) WaitEqual(ctx context.Context, ids ...int) (at jute.Zxid, err error) {
	var zxids []jute.Zxid
	err = e.Wait(ctx, "equal zxids", func(ctx context.Context) bool {
		zxids = zxids[:0]
		for _, id := range ids {
			zxids = append(zxids, e.Status(ctx, id).Zxid)
		}
		at = slices.Min(zxids)
		return at > 0 && at == slices.Max(zxids)
	})
	if err != nil {
		return 0, fmt.Errorf("members %v at %v: %w", ids, zxids, err)
	}
	return at, nil
}

// Logged says whether the transaction log of a member holds some bytes.
func (e *Ensemble) Logged(id int, what string) bool {
	logs, _ := filepath.Glob(filepath.Join(e.Member(id).Home, "version-2", "log.*"))
	for _, name := range logs {
		text, err := os.ReadFile(name)
		if err == nil && bytes.Contains(text, []byte(what)) {
			return true
		}
	}
	return false
}
