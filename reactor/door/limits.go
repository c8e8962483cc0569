package door

import (
	"net/netip"
	"sync"
	"time"
)

// Limits is how many connections there may be; 0 is no limit.
type Limits struct {
	// Total is the most connections in all.
	Total int
	// ByAddress is the most connections of one address.
	ByAddress int
	// Descriptors is how many connections the limit of open files leaves room for. Where it is
	// below Total, it is the one that counts and that a refusal names.
	Descriptors int
}

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

// GuestsMost is how many connections are let in at the limit of open files, as guests: who looks
// after a server that is full must be able to ask it how it is. They are part of Room's reserve.
const GuestsMost = 32

const (
	// ownDescriptors is what the process needs for itself: the log and the next one, a snapshot,
	// what is recorded beside them, directories while they are flushed, listeners, event loops. A
	// server at rest has 20.
	ownDescriptors = 48
	// descriptorReserve is what is left to the process where there is plenty.
	descriptorReserve = 256
)

// Room is how many clients a limit of open files leaves room for; 0: there is no limit. beside is
// how many connections the process has besides: a flood of clients must not be what makes an append
// to the log fail, or keeps a member from its leader.
func Room(open, beside int) int {
	if open == 0 {
		return 0
	}
	need := ownDescriptors + GuestsMost + beside
	return max(open-min(max(need, descriptorReserve), max(need, open/2)), 1)
}

// GuestDeadline is how long a guest has for what it came for.
const GuestDeadline = time.Second

// atLimitPause is how long an acceptor waits at the limit of open files for the next: clients that
// are turned away come back at once, and would keep a core busy with it.
const atLimitPause = 2 * time.Millisecond

func newAdmission(limits Limits) *admission {
	maxTotal, why := limits.Total, ByTotal
	if files := limits.Descriptors; files > 0 && (maxTotal == 0 || files < maxTotal) {
		maxTotal, why = files, ByDescriptors
	}
	return &admission{
		totalRefusal: why,
		maxTotal:     maxTotal,
		maxByAddress: limits.ByAddress,
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
		return ByAddress, false
	}
	a.total++
	a.byAddress[addr]++
	return 0, true
}

// enterGuest admits a guest, who must leave later.
func (a *admission) enterGuest(addr netip.Addr) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.guests == GuestsMost {
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

// count is how many are in, guests apart.
func (a *admission) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.total
}
