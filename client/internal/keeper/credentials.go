package keeper

import (
	"bytes"
	"context"
	"slices"
	"sync"
)

// Credential is an identity to add to each connection. Secret is asked each time, so that secrets
// can change.
type Credential struct {
	Scheme string
	Secret func(context.Context) ([]byte, error)
}

// Credentials are sent at the beginning of each connection.
type Credentials struct {
	mu   sync.Mutex
	list []Credential
}

// Add adds one, for the connections to come.
func (c *Credentials) Add(added ...Credential) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, added...)
}

// Keep adds one whose secret does not change.
func (c *Credentials) Keep(scheme string, secret []byte) {
	kept := bytes.Clone(secret)
	c.Add(Credential{scheme, func(context.Context) ([]byte, error) { return kept, nil }})
}

func (c *Credentials) all() []Credential {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.list)
}
