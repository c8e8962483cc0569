package keeper

import (
	"sync"
	"time"

	"quoll/client/internal/machine"
)

// Status is what is known of the connection.
type Status struct {
	State   machine.State
	Session *Session // nil before the first
	Server  string   // "" without a connection
	Err     error    // why it is not connected
	Since   time.Time
}

// Board shows the status to everyone. The keeper alone writes it.
type Board struct {
	mu      sync.Mutex
	status  Status
	changed chan struct{}
}

// NewBoard makes a board that says Connecting.
func NewBoard() *Board {
	return &Board{status: Status{Since: time.Now()}, changed: make(chan struct{})}
}

// Read returns the status, and a channel that is closed at its next change.
func (b *Board) Read() (Status, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.status, b.changed
}

// Server is the server of the connection; "" if there is none.
func (b *Board) Server() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.status.Server
}

func (b *Board) write(s Status) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.status = s
	close(b.changed)
	b.changed = make(chan struct{})
}
