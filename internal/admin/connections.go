package admin

import (
	"net/netip"
	"strconv"

	"quoll/processor/lane"
)

// Connections returns the facts that cons prints: the numbers of each connection. It copies the
// list of connections first, so that the lock of the list is held only for that.
func (c *Commands) Connections() []lane.ConnStats {
	streams := c.Shared.Streams()
	all := make([]lane.ConnStats, len(streams))
	for i, s := range streams {
		all[i] = s.Stats()
	}
	return all
}

func (c *Commands) cons(p *page) {
	p.clients(c.Connections(), false, c.epoch)
	p.text("\n")
}

// clients prints a line for each connection. With brief it leaves out what the word stat leaves
// out.
func (p *page) clients(all []lane.ConnStats, brief bool, epoch int64) {
	for i := range all {
		if !p.fits() {
			return
		}
		st := &all[i]
		p.text(" ")
		p.address(st.Peer)
		interest := "[0]"
		if st.Reading {
			interest = "[1]"
		}
		p.text(interest, "(queued=", strconv.Itoa(st.Queued))
		p.number(",recved=", st.Received)
		p.number(",sent=", st.Sent)
		if !brief && st.Session != 0 {
			p.session(st, epoch)
		}
		p.text(")\n")
	}
}

// session prints the numbers of a connection that has a session. est is wall time. lresp is in ms
// of the server's monotonic clock, as in Apache.
func (p *page) session(st *lane.ConnStats, epoch int64) {
	p.hex(",sid=0x", int64(st.Session))
	p.text(",lop=", st.LastOp)
	p.number(",est=", st.OpenedMillis+epoch)
	p.number(",to=", int64(st.TimeoutMillis))
	if st.LastXid >= 0 {
		p.hex(",lcxid=0x", st.LastXid)
	}
	p.hex(",lzxid=0x", int64(st.LastZxid))
	p.number(",lresp=", st.LastResponseMillis)
	p.number(",llat=", st.LastLatency)
	p.number(",minlat=", max(st.MinLatency, 0))
	p.number(",avglat=", st.TotalLatency/max(st.Responses, 1))
	p.number(",maxlat=", st.MaxLatency)
}

// address prints an address as Java prints an InetSocketAddress without a host name: /1.2.3.4:5 and
// /[0:0:0:0:0:0:0:1]:5. The address of an IPv4 client is printed as IPv4 also when the socket
// serves both families.
func (p *page) address(a netip.AddrPort) {
	p.text("/")
	addr := a.Addr().Unmap()
	if addr.Is4() {
		p.bytes = addr.AppendTo(p.bytes)
	} else {
		p.text("[", javaAddress(addr), "]")
	}
	p.number(":", int64(a.Port()))
}

// javaAddress is InetAddress.getHostAddress, which prints IPv6 without leading zeros and without
// "::".
func javaAddress(addr netip.Addr) string {
	addr = addr.Unmap()
	if !addr.Is6() {
		return addr.String()
	}
	b := addr.As16()
	var text []byte
	for i := 0; i < 16; i += 2 {
		if i > 0 {
			text = append(text, ':')
		}
		text = strconv.AppendUint(text, uint64(b[i])<<8|uint64(b[i+1]), 16)
	}
	if zone := addr.Zone(); zone != "" {
		text = append(append(text, '%'), zone...)
	}
	return string(text)
}
