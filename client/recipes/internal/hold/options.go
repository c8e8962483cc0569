package hold

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"

	"quoll/client"
)

// Layout is whose names the nodes have.
type Layout uint8

// The layouts.
const (
	Curator Layout = iota
	Kazoo
)

func (l Layout) String() string {
	if l == Kazoo {
		return "kazoo"
	}
	return "Curator"
}

// Prefix is a name that no other node has, but for the mark and the number behind it.
func (l Layout) Prefix() string {
	if l == Kazoo {
		id := uuid()
		return hex.EncodeToString(id[:])
	}
	return "_c_" + UUID() + "-"
}

// Options are what all recipes can be told.
type Options struct {
	Layout     Layout
	ACL        []client.ACL
	Data       []byte
	Logger     *slog.Logger
	MaxWaiters int // 0: no limit
}

// Option changes Options.
type Option func(*Options)

// Apply is the options with their defaults.
func Apply(opts []Option) Options {
	o := Options{ACL: client.World(), Logger: slog.New(slog.DiscardHandler)}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// UUID is a random UUID of version 4.
func UUID() string {
	b := uuid()
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func uuid() (b [16]byte) {
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return b
}
