package auth

import (
	"bytes"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// javaHostAddress prints an address as InetAddress.getHostAddress does. IPv6 has its eight groups
// in full, without "::". An IPv4 address mapped into IPv6 is printed as IPv4.
func javaHostAddress(a netip.Addr) string {
	a = a.Unmap()
	if !a.Is6() {
		return a.String()
	}
	raw := a.As16()
	var out strings.Builder
	for i := 0; i < 16; i += 2 {
		if i > 0 {
			out.WriteByte(':')
		}
		fmt.Fprintf(&out, "%x", uint16(raw[i])<<8|uint16(raw[i+1]))
	}
	if z := a.Zone(); z != "" {
		out.WriteString("%" + z)
	}
	return out.String()
}

// matchesIP says whether an address lies in the range "address[/bits]" of an ACL.
func matchesIP(addr, want string) bool {
	base, bits, ok := parseRange(want)
	if !ok {
		return false
	}
	peer := addressBytes(addr)
	if len(peer) != len(base) {
		return false
	}
	maskBits(base, bits)
	maskBits(peer, bits)
	return bytes.Equal(base, peer)
}

func validIP(id string) bool {
	_, _, ok := parseRange(id)
	return ok
}

func parseRange(s string) (base []byte, bits int, ok bool) {
	text, count, ranged := strings.Cut(s, "/")
	base = addressBytes(text)
	if base == nil {
		return nil, 0, false
	}
	bits = len(base) * 8
	if ranged {
		n, err := strconv.ParseInt(count, 10, 32)
		if err != nil || n < 0 || int(n) > bits {
			return nil, 0, false
		}
		bits = int(n)
	}
	return base, bits, true
}

func maskBits(b []byte, bits int) {
	for i := range b {
		switch left := bits - i*8; {
		case left <= 0:
			b[i] = 0
		case left < 8:
			b[i] &= 0xff << (8 - left)
		}
	}
}

// addressBytes reads an address as Apache does: numbers only, no names, no dotted tail in IPv6.
func addressBytes(s string) []byte {
	switch {
	case strings.Contains(s, ":"):
		return parseIPv6(s)
	case strings.Contains(s, "."):
		return parseIPv4(s)
	}
	return nil
}

func parseIPv4(s string) []byte {
	parts := strings.Split(s, ".")
	if len(parts) != 4 {
		return nil
	}
	b := make([]byte, 4)
	for i, p := range parts {
		n, err := strconv.ParseInt(p, 10, 32)
		if err != nil || n < 0 || n > 255 {
			return nil
		}
		b[i] = byte(n)
	}
	return b
}

func parseIPv6(s string) []byte {
	var head, tail []string
	switch parts := strings.Split(s, "::"); len(parts) {
	case 1:
		if head = strings.Split(s, ":"); len(head) != 8 {
			return nil
		}
	case 2:
		if parts[0] != "" {
			head = strings.Split(parts[0], ":")
		}
		if parts[1] != "" {
			tail = strings.Split(parts[1], ":")
		}
		if len(head)+len(tail) >= 8 {
			return nil
		}
	default:
		return nil
	}
	b := make([]byte, 16)
	if !putGroups(b, head) || !putGroups(b[16-2*len(tail):], tail) {
		return nil
	}
	return b
}

func putGroups(b []byte, groups []string) bool {
	for i, g := range groups {
		// Java's parseInt takes a sign, so "-1" and "+f" are groups too.
		n, err := strconv.ParseInt(g, 16, 32)
		if err != nil || len(g) > 4 {
			return false
		}
		b[2*i], b[2*i+1] = byte(n>>8), byte(n)
	}
	return true
}
