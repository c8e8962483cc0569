package reactor

import (
	"net/netip"
	"sync"
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
	byAddress map[netip.Addr]int
}

func newAdmission(maxTotal, maxByAddress int) *admission {
	why := RefusedByTotal
	if limit := descriptorLimit(); limit > 0 && (maxTotal == 0 || limit < maxTotal) {
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

func (a *admission) leave(addr netip.Addr) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.total--
	if a.byAddress[addr]--; a.byAddress[addr] <= 0 {
		delete(a.byAddress, addr)
	}
}
