package main

import (
	"context"
	"fmt"
	"net"
	"sync"

	"quoll/internal/config"
	"quoll/jute"
)

// unresolved returns the names of other members that this machine cannot resolve now. A start does
// not need them, as a neighbour may come later. But a name that is written wrongly shows nowhere
// else while the rest of the ensemble is a quorum.
func unresolved(ctx context.Context, c *config.Config) []config.Warning {
	var all sync.WaitGroup
	found := make([]*config.Warning, len(c.Quorum.Members.Members))
	for i, m := range c.Quorum.Members.Members {
		if m.ID == jute.PeerID(c.Quorum.ServerID) {
			continue
		}
		all.Go(func() {
			for _, a := range m.Addresses {
				_, err := net.DefaultResolver.LookupHost(ctx, a.Host)
				if err == nil {
					continue
				}
				found[i] = &config.Warning{
					Key: fmt.Sprintf("server.%d", m.ID), Source: "here",
					Text: "another member: " + err.Error(),
				}
			}
		})
	}
	all.Wait()
	var unknown []config.Warning
	for _, w := range found {
		if w != nil {
			unknown = append(unknown, *w)
		}
	}
	return unknown
}
