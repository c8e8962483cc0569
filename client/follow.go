package client

import (
	"context"
	"log/slog"
	"sync"
)

// follower takes the servers of the ensemble's configuration, whenever it changes
// (WithFollowConfig). It is a goroutine of its own.
type follower struct {
	client *Client
	cancel context.CancelFunc
	ended  sync.WaitGroup
}

func follow(c *Client) *follower {
	ctx, cancel := context.WithCancel(context.Background())
	f := &follower{client: c.unrooted(), cancel: cancel}
	f.ended.Go(func() {
		for ctx.Err() == nil {
			f.round(ctx)
		}
	})
	return f
}

// stop ends the goroutine.
func (f *follower) stop() {
	f.cancel()
	f.ended.Wait()
}

// round takes over the configuration and waits until it may have changed. After an error it waits
// until the status has changed, because a server that knows no configuration has none later.
func (f *follower) round(ctx context.Context) {
	_, changed := f.client.Status()
	data, _, watch, err := f.client.GetW(ctx, configPath)
	if err != nil {
		select {
		case <-changed:
		case <-ctx.Done():
		}
		return
	}
	if servers := clientAddresses(parseConfig(string(data))); len(servers) > 0 {
		f.client.core.opts.logger.Info("zookeeper client: servers of the ensemble",
			slog.Any("servers", servers))
		f.client.core.keeper.SetServers(servers)
	}
	// Whatever the watch tells, also that it has ended, the configuration is read again.
	_, _ = watch.Next(ctx)
}

func clientAddresses(c ServerConfig) []string {
	var servers []string
	for _, m := range c.Members {
		if m.Client != "" {
			servers = append(servers, m.Client)
		}
	}
	return servers
}
