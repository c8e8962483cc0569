package keeper

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"quoll/client/internal/machine"
)

// Bounds of the pause between two searches for a server with a quorum, as with Apache's client.
const (
	leastSeek = 100 * time.Millisecond
	mostSeek  = time.Minute
)

// seek looks for a server with a quorum while the client is connected to one without.
func (k *Keeper) seek(present string) {
	ctx, cancel := context.WithCancel(k.helpers.ctx)
	k.helpers.unseek = cancel
	servers := k.Rounds.All()
	k.helpers.Go(func() {
		for pause := leastSeek; ; pause = min(2*pause, mostSeek) {
			for _, server := range servers {
				if server == present && len(servers) > 1 || !k.writable(ctx, server) {
					continue
				}
				select {
				case k.helpers.better <- server:
				case <-ctx.Done():
				}
				return
			}
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				return
			}
		}
	})
}

// writable asks a server by the four-letter word isro.
func (k *Keeper) writable(ctx context.Context, server string) bool {
	ctx, cancel := context.WithTimeout(ctx, max(k.config.Timeout/6, leastDial))
	defer cancel()
	nc, err := k.config.Dialer.Connect(ctx, server)
	if err != nil {
		return false
	}
	defer nc.Close()
	stop := context.AfterFunc(ctx, func() { _ = nc.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := io.WriteString(nc, "isro"); err != nil {
		return false
	}
	answer, err := io.ReadAll(io.LimitReader(nc, 16))
	return err == nil && bytes.Equal(bytes.TrimSpace(answer), []byte("rw"))
}

// onBetter is called when, beside a server without a quorum, one with a quorum was found.
func (k *Keeper) onBetter(server string) {
	if k.machine.State() != machine.ReadOnly {
		return
	}
	k.prefer = server
	if k.handle(machine.WritableFound, errors.New("found a server with a quorum")) == machine.Dial {
		k.retry.Reset(0)
	}
}
