package door

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whoever raises maxCnxns must hear that it was not that.
func TestTheLimitOfDescriptorsIsNamed(t *testing.T) {
	for _, c := range []struct {
		limits Limits
		room   int
		why    Refusal
	}{
		{Limits{Descriptors: 2}, 2, ByDescriptors},
		{Limits{Descriptors: 2, Total: 3}, 2, ByDescriptors},
		{Limits{Descriptors: 2, Total: 2}, 2, ByTotal},
		{Limits{Descriptors: 2, Total: 1}, 1, ByTotal},
		{Limits{Total: 1}, 1, ByTotal},
	} {
		a := newAdmission(c.limits)
		for range c.room {
			_, ok := a.enter(netip.Addr{})
			require.True(t, ok, "%+v: there is room", c.limits)
		}
		why, ok := a.enter(netip.Addr{})
		require.False(t, ok, "%+v", c.limits)
		require.Equal(t, c.why, why, "%+v", c.limits)
	}
	a := newAdmission(Limits{})
	for range 100_000 {
		_, ok := a.enter(netip.Addr{})
		require.True(t, ok, "no limit")
	}
}

// A server that has seen the whole internet remembers none of it.
func TestAdmissionForgetsAddresses(t *testing.T) {
	a := newAdmission(Limits{ByAddress: 1})
	for i := range 1000 {
		addr := netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
		_, ok := a.enter(addr)
		require.True(t, ok, "first of an address")
		why, ok := a.enter(addr)
		require.False(t, ok, "second of an address")
		require.Equal(t, ByAddress, why)
		a.leave(addr, false)
	}
	require.Zero(t, a.count())
	require.Empty(t, a.byAddress)
}

// Guests are few, are not among the others, and leave as guests.
func TestGuestsAreFew(t *testing.T) {
	a := newAdmission(Limits{})
	var addr netip.Addr
	for range GuestsMost {
		require.True(t, a.enterGuest(addr), "there is room for guests")
	}
	require.False(t, a.enterGuest(addr), "no more")
	require.Zero(t, a.count(), "guests are not among the others")
	a.leave(addr, true)
	require.True(t, a.enterGuest(addr), "one has left")
	for range GuestsMost {
		a.leave(addr, true)
	}
	require.Empty(t, a.byAddress)
}

func TestRefusalsHaveNames(t *testing.T) {
	for r, name := range map[Refusal]string{ByAddress: "address", ByTotal: "total",
		ByDescriptors: "descriptors", ByLane: "lane", ByKernel: "kernel", Refusals: "unknown",
		Refusals + 7: "unknown"} {
		require.Equal(t, name, r.String())
	}
}

// Whatever the limit of open files is, one client is let in, and what the process needs for itself,
// for guests and for connections to others is left as far as there is any; with plenty, 256.
func TestRoomLeavesWhatTheProcessNeeds(t *testing.T) {
	for _, c := range []struct{ open, beside, room int }{
		{0, 0, 0}, {0, 300, 0}, {10, 0, 1}, {64, 0, 1}, {100, 0, 20}, {128, 0, 48}, {128, 37, 11},
		{256, 0, 128}, {1024, 0, 768}, {1024, 85, 768}, {1024, 300, 644}, {65536, 0, 65280},
	} {
		require.Equal(t, c.room, Room(c.open, c.beside), "%+v", c)
	}
	for open := 1; open < 3000; open += 7 {
		for beside := 0; beside < 500; beside += 11 {
			room, need := Room(open, beside), ownDescriptors+GuestsMost+beside
			require.Positive(t, room)
			require.True(t, room == 1 || open-room >= need, "%d of %d, beside %d", room, open, beside)
		}
	}
}
