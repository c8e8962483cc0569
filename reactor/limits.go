package reactor

import (
	"net/netip"
	"sync"
	"time"

	"quoll/reactor/socket"
)

// admission counts the open connections, in all and by address, and says who may come in. It is
// asked by the acceptors and told by the loops; neither is hot.
type admission struct {
	maxTotal     int // 0: unlimited
	maxByAddress int // 0: unlimited
	// totalRefusal says whose limit maxTotal is.
	totalRefusal Refusal

	mu        sync.Mutex
	total     int
	guests    int
	byAddress map[netip.Addr]int
}

// guestsMost is how many connections are let in at the limit of open files, as guests: who looks
// after a server that is full must be able to ask it how it is. They are part of descriptorReserve.
const guestsMost = 32

// guestDeadline is how long a guest has for what it came for.
const guestDeadline = time.Second

// atLimitPause is how long an acceptor waits at the limit of open files for the next: clients that
// are turned away come back at once, and would keep a core busy with it.
const atLimitPause = 2 * time.Millisecond

func newAdmission(maxTotal, maxByAddress int) *admission {
	why := RefusedByTotal
	if limit := socket.DescriptorLimit(); limit > 0 && (maxTotal == 0 || limit < maxTotal) {
		maxTotal, why = limit, RefusedByDescriptors
	}
	return &admission{
		totalRefusal: why,
		maxTotal:     maxTotal,
		maxByAddress: maxByAddress,
		byAddress:    make(map[netip.Addr]int),
	}
}

// enter admits a connection, which must leave later, or says why not.
func (a *admission) enter(addr netip.Addr) (Refusal, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.maxTotal > 0 && a.total >= a.maxTotal {
		return a.totalRefusal, false
	}
	if a.maxByAddress > 0 && a.byAddress[addr] >= a.maxByAddress {
		return RefusedByAddress, false
	}
	a.total++
	a.byAddress[addr]++
	return 0, true
}

// enterGuest admits a guest, who must leave later.
func (a *admission) enterGuest(addr netip.Addr) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.guests == guestsMost {
		return false
	}
	a.guests++
	a.byAddress[addr]++
	return true
}

func (a *admission) leave(addr netip.Addr, guest bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if guest {
		a.guests--
	} else {
		a.total--
	}
	if a.byAddress[addr]--; a.byAddress[addr] <= 0 {
		delete(a.byAddress, addr)
	}
}

// ConnectionLimit is how many connections the limit of open files leaves room for; 0: no such limit
// is known.
func ConnectionLimit() int { return socket.DescriptorLimit() }
